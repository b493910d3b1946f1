"""The order of the writes: gains first, then what gives and takes, then what only takes; in two where it must be."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
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
    2. Mixed writes, which give some skills and take others, each when it is permitted, those that hurt least first: by
       what they take of scarce skills, less what they give of them. When none is permitted, one is split: its union
       goes now, the rest in 3.
    3. What only takes, the second halves last; what is taken of skills with the most to spare goes first.

    It ends: every round of 2 writes something, for a union takes nothing and so is always permitted. And it ends well:
    once nothing is left to be given, there is room for all that is left to be taken, in any order, since all changes
    together take no more than the room that there was and what they give.

    Who starts free writes (those of 1, and unions) at any time, and the others strictly in this order, each when
    `Cover.forbidding` has nothing against it, never waits for ever while writes succeed: once all before it are proved,
    there is at least as much room as there was here.
    """
    cover = Cover(changes)
    whole = [Step(number, Part.WHOLE) for number in range(len(changes))]
    free = [step for step in whole if not cover.is_loss(step)]
    for step in free:
        cover.end(step, is_committed=True)
    losing = [step for step in whole if cover.is_loss(step)]
    mixed = _Mixed(cover, [step for step in losing if cover.gains_of(step)]).order()
    taking = [step for step in losing if not cover.gains_of(step)]
    taking += [Step(step.change, Part.FINAL) for step in mixed if step.part is Part.UNION]
    return (*free, *mixed, *_least_hurting_first(cover, taking))


def _least_hurting_first(cover: Cover, steps: Sequence[Step]) -> list[Step]:
    takers = Counter(skill for step in steps for skill in cover.losses_of(step))
    spare = {skill: cover.room_of(skill) - wanted for skill, wanted in takers.items()}

    def hurt(step: Step) -> tuple[bool, int, int]:
        return (step.part is Part.FINAL, -min(spare[skill] for skill in cover.losses_of(step)), step.change)

    return sorted(steps, key=hurt)


class _Mixed:
    """Orders the writes that give some skills and take others, looking at each again only when something has changed.

    A skill is *scarce* while there is less room for it than writes left that take it. A write only ever adds to what is
    spare (what it takes was counted on), so a skill that is scarce no more never is again; and a write that takes
    nothing scarce is permitted, and is in nobody's way.
    """

    def __init__(self, cover: Cover, steps: Sequence[Step]) -> None:
        self._cover = cover
        self._left = {step.change: step for step in steps}
        self._ordered: list[Step] = []
        self._takers: defaultdict[str, list[int]] = defaultdict(list)
        self._givers: defaultdict[str, list[int]] = defaultdict(list)
        for step in steps:
            for skill in cover.losses_of(step):
                self._takers[skill].append(step.change)
            for skill in cover.gains_of(step):
                self._givers[skill].append(step.change)
        skills = self._takers.keys() | self._givers.keys()
        self._spare = {skill: cover.room_of(skill) - len(self._takers.get(skill, ())) for skill in skills}
        scarce = [skill for skill, spare in self._spare.items() if spare < 0]
        # How many scarce skills each write takes, and gives.
        self._takes = Counter(change for skill in scarce for change in self._takers[skill])
        self._gives = Counter(change for skill in scarce for change in self._givers[skill])
        # Heaps; an entry that `_hurt` or `_relief` no longer gives is stale, and a newer one stands beside it.
        self._ready = [self._hurt(change) for change in self._left]
        self._to_split = [self._relief(change) for change in self._left]
        heapify(self._ready)
        heapify(self._to_split)
        # What was not permitted, by a skill without room for it; and the skills given while somebody waited for them.
        self._waiting: defaultdict[str, deque[int]] = defaultdict(deque)
        self._given: deque[str] = deque()

    def order(self) -> list[Step]:
        """Give every write once: whole, or as the union that is its first half."""
        while self._left:
            step = self._next_ready() or self._next_waiting()
            if step is None:
                self._write(Step(self._next_to_split(), Part.UNION))
            elif forbidding := self._cover.forbidding(step):
                self._waiting[forbidding[0].id].append(step.change)
            else:
                self._write(step)
        return self._ordered

    def _hurt(self, change: int) -> tuple[bool, int, int]:
        """Order by whether anything scarce is taken, then by how much more of it is taken than given."""
        return (self._takes[change] > 0, self._takes[change] - self._gives[change], change)

    def _relief(self, change: int) -> tuple[int, int]:
        """Order by how many scarce skills a union relieves, most first: those it gives, and those it takes no more."""
        return (-self._takes[change] - self._gives[change], change)

    def _next_ready(self) -> Step | None:
        while self._ready:
            entry = heappop(self._ready)
            if entry[-1] in self._left and entry == self._hurt(entry[-1]):
                return self._left[entry[-1]]
        return None

    def _next_waiting(self) -> Step | None:
        while self._given:
            waiting = self._waiting[self._given[0]]
            while waiting and self._cover.room_of(self._given[0]) > 0:
                change = waiting.popleft()
                if change in self._left:
                    return self._left[change]
            self._given.popleft()
        return None

    def _next_to_split(self) -> int:
        while True:
            entry = heappop(self._to_split)
            if entry[-1] in self._left and entry == self._relief(entry[-1]):
                return entry[-1]

    def _write(self, step: Step) -> None:
        whole = self._left.pop(step.change)
        self._ordered.append(step)
        self._cover.begin(step)
        self._cover.end(step, is_committed=True)
        for skill in self._cover.gains_of(step):
            self._spare_one(skill)
            self._wake(skill)
        for skill in self._cover.losses_of(whole) if step.part is Part.UNION else ():
            self._spare_one(skill)

    def _spare_one(self, skill: str) -> None:
        """Count one more that is spare; where that makes a skill scarce no more, whom it concerns is looked at anew."""
        self._spare[skill] += 1
        if self._spare[skill] != 0:
            return
        for scarcities, concerned in ((self._takes, self._takers[skill]), (self._gives, self._givers[skill])):
            for change in concerned:
                scarcities[change] -= 1
                if change in self._left:
                    heappush(self._ready, self._hurt(change))
                    heappush(self._to_split, self._relief(change))

    def _wake(self, skill: str) -> None:
        """Let one who waited for the skill stand among the others again: to wake all each time would take for ever."""
        waiting = self._waiting[skill]
        if waiting:
            heappush(self._ready, self._hurt(waiting.popleft()))
            self._given.append(skill)
