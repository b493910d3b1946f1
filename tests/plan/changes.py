"""Changes by hand and by chance, and a small executor that has no mercy: whatever may go wrong in between does."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentChange, AgentName, AssignmentChange, Part, SkillName, Step
from reconciler.plan.cover import Cover
from reconciler.plan.order import order_writes, part_of

AT = SourcePosition("agents.yaml", 1, 1)
Sets = Mapping[str, Assignment]


def change(name: str, before: Sets, after: Sets, *, is_active: bool = True, team: str | None = None) -> AgentChange:
    """Make the change of one agent from one set to another; a skill is its own id."""
    skills = tuple(
        AssignmentChange(
            _action(skill, before, after), SkillName(skill, skill), before.get(skill), after.get(skill), AT
        )
        for skill in sorted(before.keys() | after.keys())
        if before.get(skill) != after.get(skill)
    )
    agent = AgentName(f"id-{name}", f"{name}@example.com", f"user.{name}", name)
    return AgentChange(agent, team, AT, skills, before, after, "7", is_active=is_active)


def _action(skill: str, before: Sets, after: Sets) -> Action:
    if skill not in before:
        return Action.ADD
    return Action.CHANGE if skill in after else Action.REMOVE


def moving(name: str, gives_up: str, takes_up: str, *, is_active: bool = True, team: str | None = None) -> AgentChange:
    """Make a change that swaps skills, each named by one letter."""
    held = Assignment(50, True)
    before, after = dict.fromkeys(gives_up, held), dict.fromkeys(takes_up, held)
    return change(name, before, after, is_active=is_active, team=team)


_SETS = st.dictionaries(
    st.sampled_from("abcde"), st.builds(Assignment, st.integers(1, 2), st.sampled_from([True, True, False]))
)
_SWAPS = st.permutations("abcde").flatmap(
    lambda skills: st.tuples(st.integers(0, 2), st.integers(0, 2)).map(
        lambda counts: (
            dict.fromkeys(skills[: counts[0]], Assignment(1, True)),
            dict.fromkeys(skills[3 : 3 + counts[1]], Assignment(1, True)),
        )
    )
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[AgentChange, ...]:
    """Draw the changes of a plan: any sets, but often swaps, which are what makes an order hard."""
    pairs = draw(st.lists(st.one_of(_SWAPS, _SWAPS, st.tuples(_SETS, _SETS)), max_size=12))
    # Half of the time everything is also undone by somebody else, so that nothing has room to spare.
    if draw(st.booleans()):
        pairs = [pair for before, after in pairs for pair in ((before, after), (after, before))]
    return tuple(
        change(
            f"a{number}",
            *pair,
            is_active=draw(st.integers(0, 7)) > 0,
            team=draw(st.sampled_from([None, "one", "two", "three"])),
        )
        for number, pair in enumerate(pairs)
        if pair[0] != pair[1]
    )


def coverage(changes: Sequence[AgentChange], sets: Sequence[Sets]) -> Counter[str]:
    """Count the active agents that hold each skill available; the witness, which knows nothing of orders."""
    return Counter(
        skill
        for each, held in zip(changes, sets, strict=True)
        if each.is_active
        for skill, assignment in held.items()
        if assignment.available
    )


@dataclass
class Execution:
    """Runs the steps of an order against sets of its own, checking at every moment that no skill is short of cover.

    Steps that take no cover away may start at any time, the others strictly in order; several are in flight at once
    and end in any order. What is in flight, or unknown, may be written or not: the worst of all cases is checked.
    """

    changes: Sequence[AgentChange]
    order: Sequence[Step]
    random: Random
    outcome_of: Callable[[Step], bool | None] = lambda _step: True
    most_in_flight: int = 4
    sets: list[Sets] = field(default_factory=list)
    in_flight: list[Step] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    unknown: list[Step] = field(default_factory=list)
    held_back: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cover = Cover(self.changes)
        self.sets = [each.before for each in self.changes]
        before = coverage(self.changes, self.sets)
        after = coverage(self.changes, [each.after for each in self.changes])
        self.floor = {skill: min(before[skill], after[skill]) for skill in before | after}
        self.free = [step for step in self.order if not self.cover.is_loss(step)]
        self.losing = [step for step in self.order if self.cover.is_loss(step)]

    def run(self, first: Collection[int] = ()) -> None:
        """Run the first steps of the agents in `first` at once, and when they have ended, all others."""
        leading = [next(step for step in self.order if step.change == number) for number in sorted(first)]
        for step in leading:
            self._start(step)
        while self.in_flight:
            self._end(self.random.choice(self.in_flight))
        while self.free or self.losing or self.in_flight:
            self._move()

    def _move(self) -> None:
        ready = [*self.free, *self._ready_losses()] if len(self.in_flight) < self.most_in_flight else []
        if ready and (not self.in_flight or self.random.random() < 0.6):
            self._start(self.random.choice(ready))
        elif self.in_flight:
            self._end(self.random.choice(self.in_flight))
        else:
            self._hold_back()

    def _ready_losses(self) -> list[Step]:
        return [step for step in self.losing[:1] if not self.cover.forbidding(step)]

    def _hold_back(self) -> None:
        """Nothing moves any more: go on with the first of the rest that is permitted, if there is one."""
        permitted = [step for step in self.losing if not self.cover.forbidding(step)]
        skipped = permitted[0] if permitted else None
        self.held_back += [step for step in self.losing if skipped is None]
        self.losing = [] if skipped is None else [skipped, *(step for step in self.losing if step != skipped)]

    def _start(self, step: Step) -> None:
        assert not self.cover.forbidding(step), step
        assert self.sets[step.change] == part_of(self.changes[step.change], step.part).before
        for waiting in (self.free, self.losing):
            if step in waiting:
                waiting.remove(step)
        self.cover.begin(step)
        self.in_flight.append(step)
        self._check()

    def _end(self, step: Step) -> None:
        is_committed = self.outcome_of(step)
        self.in_flight.remove(step)
        if is_committed:
            self.sets[step.change] = part_of(self.changes[step.change], step.part).after
            self.done.append(step)
        elif is_committed is None:
            self.unknown.append(step)
        self.cover.end(step, is_committed=is_committed)
        self._check()

    def _check(self) -> None:
        worst = coverage(self.changes, self.sets)
        for step in (*self.in_flight, *self.unknown):
            each = part_of(self.changes[step.change], step.part)
            now, then = coverage([each], [each.before]), coverage([each], [each.after])
            worst.subtract(now - then)
        assert all(worst[skill] >= low for skill, low in self.floor.items()), (worst, self.floor)


def has_every_step_once(changes: Sequence[AgentChange], steps: Sequence[Step]) -> bool:
    """Whether each agent is written once, or as a union and later its rest."""
    parts: dict[int, list[Part]] = {number: [] for number in range(len(changes))}
    for step in steps:
        parts[step.change].append(step.part)
    return all(each in ([Part.WHOLE], [Part.UNION, Part.FINAL]) for each in parts.values())


def ordered(changes: Sequence[AgentChange]) -> str:
    """Write an order in short: `b a+ c a-` is b whole, a's union, c whole, the rest of a."""
    signs = {Part.WHOLE: "", Part.UNION: "+", Part.FINAL: "-"}
    return " ".join(f"{changes[step.change].agent.ref}{signs[step.part]}" for step in order_writes(changes))
