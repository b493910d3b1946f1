"""How many active agents can take each skill, before and after the plan."""

from collections import Counter
from collections.abc import Iterable, Mapping

from reconciler.model.assignments import Assignment
from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import AgentChange, AssignmentChange, CoverageRow, SkillName


def coverage_rows(
    catalog: SkillCatalog, availability: Mapping[int, int], changes: Iterable[tuple[AgentChange, bool]]
) -> tuple[CoverageRow, ...]:
    """Count each skill that changes hands; `changes` come with whether their agent is active.

    `availability` is `{skill number: active agents who hold it available}` over all agents, managed or not.
    """
    shift: Counter[str] = Counter()
    for change, is_active in changes:
        for assignment in change.skills:
            shift[assignment.skill.id] += _shift(assignment) if is_active else 0
    numbers = catalog.numbers_by_id
    rows = [
        CoverageRow(
            SkillName(skill_id, catalog[numbers[skill_id]].name),
            availability.get(numbers[skill_id], 0),
            availability.get(numbers[skill_id], 0) + by,
        )
        for skill_id, by in shift.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.skill.name, row.skill.id)))


def _shift(change: AssignmentChange) -> int:
    return _is_available(change.after) - _is_available(change.before)


def _is_available(assignment: Assignment | None) -> bool:
    return assignment is not None and assignment.available
