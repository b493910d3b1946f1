"""The order of the writes: gains first, then what gives and takes, then what only takes; split where it must be."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from reconciler.model.assignments import Assignment
from reconciler.plan.change import Action, AgentChange, AssignmentChange, Part, Step
from reconciler.plan.cover import Cover


def union_of(change: AgentChange) -> dict[str, Assignment]:
    """Give the set that takes nothing away yet: `after`, but what is removed or made unavailable stays as before."""
    kept = {each.skill.id: change.before[each.skill.id] for each in change.skills if _is_late(each)}
    return {**change.after, **kept}


def part_of(change: AgentChange, part: Part) -> AgentChange:
    """Narrow a change to what one step writes; nobody knows the agent's version between its two steps."""
    if part is Part.WHOLE:
        return change
    union = union_of(change)
    skills = tuple(each for each in change.skills if _is_late(each) == (part is Part.FINAL))
    if part is Part.UNION:
        return replace(change, skills=skills, after=union)
    return replace(change, skills=skills, before=union, version=None)


def _is_late(each: AssignmentChange) -> bool:
    """Whether a change in two steps leaves this to the second."""
    return each.action is Action.REMOVE or each.coverage_shift < 0


def order_writes(changes: Sequence[AgentChange]) -> tuple[Step, ...]:
    """Order the writes so that at no prefix a skill's coverage is below the lower of before and after.

    1. What takes no cover away, in the order of the plan: it only adds room (see `plan.cover`).
    2. Mixed writes, which give some skills and take others: each as soon as it is permitted, those that hurt least
       first. When none is permitted, one whose gains are waited for is split: its union goes now, the rest in 3.
       There always is one: a skill without room, which a mixed write left would take, is given by another one left,
       for what is left of all writes together takes no more than there is room for. The union takes nothing, so
       every round writes something, and after at most one round for each agent no mixed write is left.
    3. What only takes, the second halves last. Nothing is left to be given, so there is room for all that is left to
       be taken, in any order; those that hurt least go first.

    A write hurts by the scarcest skill that it takes: the fewer agents may lose it beyond those who will, the more.

    Who starts free writes at any time, and the others strictly in this order, each when `Cover.forbidding` has nothing
    against it, never waits for ever while writes succeed: once all before it are proved, the room is at least what it
    was here.
    """
    cover = Cover(changes)
    whole = [Step(number, Part.WHOLE) for number in range(len(changes))]
    free = [step for step in whole if not cover.is_loss(step)]
    for step in free:
        cover.end(step, is_committed=True)
    losing = [step for step in whole if cover.is_loss(step)]
    mixed = _Mixed(cover, [step for step in losing if cover.gains_of(step)])
    given = mixed.order()
    taking = [step for step in losing if not cover.gains_of(step)]
    last = [Step(step.change, Part.FINAL) for step in given if step.part is Part.UNION]
    least_first = _least_hurting_first(cover, [*taking, *last])
    return (*free, *given, *sorted(least_first, key=lambda step: step.part is Part.FINAL))


def _least_hurting_first(cover: Cover, steps: Iterable[Step]) -> list[Step]:
    listed = list(steps)
    takers = Counter(skill for step in listed for skill in cover.losses_of(step))
    spare = {skill: cover.room_of(skill) - wanted for skill, wanted in takers.items()}

    def hurt(step: Step) -> tuple[int, int, int]:
        losses = cover.losses_of(step)
        return (-min(spare[skill] for skill in losses), len(losses), step.change)

    return sorted(listed, key=hurt)


class _Mixed:
    """Orders the writes that give some skills and take others, looking at each again only when something has changed.

    A skill is *scarce* while there is less room for it than writes left that will take it. A write only ever adds to
    what is spare (what it takes was counted on), so a skill that is scarce no more never is again; and a write that
    takes nothing scarce is permitted, and harms no other.
    """

    def __init__(self, cover: Cover, steps: Sequence[Step]) -> None:
        self._cover = cover
        self._left = {step.change: step for step in steps}
        self._given: list[Step] = []
        self._takers: defaultdict[str, list[Step]] = defaultdict(list)
        self._givers: defaultdict[str, list[Step]] = defaultdict(list)
        for step in steps:
            for skill in cover.losses_of(step):
                self._takers[skill].append(step)
            for skill in cover.gains_of(step):
                self._givers[skill].append(step)
        self._spare = {
            skill: cover.room_of(skill) - len(self._takers.get(skill, ()))
            for skill in self._takers.keys() | self._givers.keys()
        }
        # How many scarce skills each write takes, and gives.
        self._taken: Counter[int] = Counter()
        self._gained: Counter[int] = Counter()
        for skill, spare in self._spare.items():
            if spare < 0:
                self._taken.update(step.change for step in self._takers[skill])
                self._gained.update(step.change for step in self._givers[skill])
        # Heaps; an entry that is no longer what `_hurt` or `_relief` gives is stale, and a newer one stands beside it.
        self._ready = [self._hurt(change) for change in self._left]
        self._to_split = [self._relief(change) for change in self._left]
        heapify(self._ready)
        heapify(self._to_split)
        # What was not permitted, by a skill that had no room for it; and the skills given since.
        self._waiting: defaultdict[str, deque[int]] = defaultdict(deque)
        self._opened: deque[str] = deque()

    def order(self) -> list[Step]:
        """Give every write once: whole, or as the union that stands for its first half."""
        while self._left:
            change = self._next_ready()
            if change is None:
                change = self._next_waiting()
            if change is None:
                self._write(Step(self._next_to_split(), Part.UNION))
            elif forbidding := self._cover.forbidding(self._left[change]):
                self._waiting[forbidding[0].id].append(change)
            else:
                self._write(self._left[change])
        return self._given

    def _hurt(self, change: int) -> tuple[bool, int, int]:
        """Order by whether anything scarce is taken, then by how much more of it is taken than given."""
        return (self._taken[change] > 0, self._taken[change] - self._gained[change], change)

    def _relief(self, change: int) -> tuple[int, int]:
        """Order by how many scarce skills a union would relieve: those it gives, and those it takes no more."""
        return (-self._taken[change] - self._gained[change], -change)

    def _next_ready(self) -> int | None:
        while self._ready:
            entry = heappop(self._ready)
            if entry[-1] in self._left and entry == self._hurt(entry[-1]):
                return entry[-1]
        return None

    def _next_waiting(self) -> int | None:
        while self._opened:
            waiting = self._waiting[self._opened[0]]
            while waiting and self._cover.room_of(self._opened[0]) > 0:
                change = waiting.popleft()
                if change in self._left:
                    return change
            self._opened.popleft()
        return None

    def _next_to_split(self) -> int:
        while True:
            entry = heappop(self._to_split)
            if -entry[-1] in self._left and entry == self._relief(-entry[-1]):
                return -entry[-1]

    def _write(self, step: Step) -> None:
        whole = self._left.pop(step.change)
        self._given.append(step)
        self._cover.begin(step)
        self._cover.end(step, is_committed=True)
        for skill in self._cover.gains_of(step):
            self._relieve(skill)
            waiting = self._waiting[skill]
            if waiting:
                self._opened.append(skill)
                for _ in range(min(len(waiting), WAKE)):
                    change = waiting.popleft()
                    if change in self._left:
                        heappush(self._ready, self._hurt(change))
        if step.part is Part.UNION:
            for skill in self._cover.losses_of(whole):
                self._relieve(skill)

    def _relieve(self, skill: str) -> None:
        self._spare[skill] += 1
        if self._spare[skill] != 0:
            return
        for scarcities, touching in ((self._taken, self._takers), (self._gained, self._givers)):
            for step in touching[skill]:
                scarcities[step.change] -= 1
                if step.change in self._left:
                    heappush(self._ready, self._hurt(step.change))
                    heappush(self._to_split, self._relief(step.change))
WAKE=1
