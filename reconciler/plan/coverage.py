"""How many active agents can take each skill, before and after the plan."""

from collections import Counter
from collections.abc import Iterable, Mapping

from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import AgentChange, CoverageRow, SkillName


def coverage_rows(
    catalog: SkillCatalog, availability: Mapping[int, int], changes: Iterable[AgentChange]
) -> tuple[CoverageRow, ...]:
    """Count each skill that changes hands.

    `availability` is `{skill number: active agents who hold it available}` over all agents, managed or not.
    """
    shift: Counter[str] = Counter()
    for change in changes:
        for assignment in change.skills:
            shift[assignment.skill.id] += assignment.coverage_shift if change.is_active else 0
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
