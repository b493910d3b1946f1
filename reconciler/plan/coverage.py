"""How many active agents can take each skill: before the plan, after it, and at the lowest point on the way."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.model.agents import LiveState
from reconciler.model.assignments import CODE_BITS, CODE_MASK, Assignment
from reconciler.plan.change import AgentChange, AssignmentChange, CoverageRow, SkillName, Step
from reconciler.plan.order import part_of

# What is counted: a skill's id, and from which proficiency on.
Gauge = tuple[str, int]


class Shifts:
    """How much a plan shifts each gauge: in the end (`net`), and at the worst moment in its order (`lowest`, <= 0)."""

    def __init__(self, changes: Sequence[AgentChange], order: Iterable[Step], gauges: Iterable[Gauge] = ()) -> None:
        self.net: dict[Gauge, int] = {}
        self.lowest: dict[Gauge, int] = {}
        grades: defaultdict[str, set[int]] = defaultdict(lambda: {0})
        for skill_id, least in gauges:
            grades[skill_id].add(least)
        for change in changes:
            for each in change.skills:
                for least in grades[each.skill.id]:
                    self.net.setdefault((each.skill.id, least), 0)
        for step in order:
            change = changes[step.change]
            for each in part_of(change, step.part).skills if change.is_active else ():
                for least in grades[each.skill.id]:
                    self._add((each.skill.id, least), shift_of(each, least))

    def _add(self, gauge: Gauge, by: int) -> None:
        if by:
            self.net[gauge] += by
            self.lowest[gauge] = min(self.lowest.get(gauge, 0), self.net[gauge])


def shift_of(each: AssignmentChange, least: int) -> int:
    """How many more agents hold the skill available from the proficiency `least` on: 1, 0 or -1."""
    return _counts(each.after, least) - _counts(each.before, least)


def _counts(assignment: Assignment | None, least: int) -> bool:
    return assignment is not None and assignment.available and assignment.proficiency >= least


def count_all(live: LiveState, gauges: Collection[Gauge]) -> Mapping[Gauge, int] | None:
    """Count who can take each skill, managed or not, and who at each of the gauges; None where the tenant says not."""
    if live.availability is None:
        return None
    ids = [skill.id for skill in live.catalog.skills]
    counts: dict[Gauge, int] = {(skill_id, 0): 0 for skill_id in ids}
    counts |= {(ids[number], 0): count for number, count in live.availability.items()}
    graded = [gauge for gauge in gauges if gauge[1]]
    numbers = live.catalog.numbers_by_id
    steps: dict[int, list[tuple[int, int]]] = {numbers[skill_id]: [] for skill_id, _ in graded}
    for entry, count in live.graded.items() if graded else ():
        if entry >> CODE_BITS in steps:
            steps[entry >> CODE_BITS].append(((entry & CODE_MASK) >> 1, count))
    for skill_id, least in graded:
        counts[skill_id, least] = sum(count for step, count in steps[numbers[skill_id]] if step >= least)
    return counts


def coverage_rows(
    counts: Mapping[Gauge, int],
    shifts: Shifts,
    names: Mapping[str, str],
    floors: Mapping[Gauge, int],
    *,
    every_skill: bool = False,
) -> tuple[CoverageRow, ...]:
    """Give a row for each gauge of the skills that the plan touches, or of all; `floors` are those of the policies."""
    gauges = counts.keys() | shifts.net.keys() if every_skill else shifts.net.keys()
    rows = [
        CoverageRow(
            skill=SkillName(gauge[0], names[gauge[0]]),
            before=(before := counts.get(gauge, 0)),
            after=before + shifts.net.get(gauge, 0),
            floor=floors.get(gauge),
            lowest=before + min(0, shifts.lowest.get(gauge, 0), shifts.net.get(gauge, 0)),
            min_proficiency=gauge[1],
        )
        for gauge in gauges
    ]
    return tuple(sorted(rows, key=lambda row: (row.skill.name, row.skill.id, row.min_proficiency)))


def worst_first(rows: Iterable[CoverageRow]) -> list[CoverageRow]:
    """Sort: left without anybody, then below the floor, then by the part that is lost."""
    return sorted(rows, key=_badness)


def _badness(row: CoverageRow) -> tuple[bool, bool, float, str, str, int]:
    gain = (row.after - row.before) / row.before if row.before else float("inf")
    return (not row.is_left, not row.is_below, gain, row.skill.name, row.skill.id, row.min_proficiency)
