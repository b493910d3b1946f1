"""Whether what is left to do is a part of what was reviewed, and leaves no queue with less cover than was shown."""

from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic
from reconciler.model.assignments import Assignment
from reconciler.plan.change import Plan


def is_part_of(fresh: Plan, reviewed: Plan) -> bool:
    """Whether every assignment that `fresh` changes is changed by `reviewed`, from the same value to the same value.

    Then a reviewer has seen each of them, however many of the others are done already.
    """
    return fresh.tenant == reviewed.tenant and _assignments(fresh) <= _assignments(reviewed)


def short_of_cover(fresh: Plan, reviewed: Plan) -> Iterator[Diagnostic]:
    """Name each skill that `fresh` takes agents from and leaves with fewer of them than `reviewed` showed.

    An agent who was to gain the skill may have gone since the review: what takes it from others would be left alone.
    """
    shown = {row.skill.id: row.after for row in reviewed.coverage if not row.min_proficiency}
    for row in fresh.coverage:
        if row.min_proficiency:
            continue  # the policies judge these
        if row.after >= row.before or row.after >= shown.get(row.skill.id, row.before):
            continue
        promised = shown.get(row.skill.id, row.before)
        text = f"`{row.skill.name}`: the reviewed plan leaves {promised} agents who can take it, this one {row.after}"
        yield Diagnostic("live-moved", text)


def _assignments(plan: Plan) -> set[tuple[str, str, Assignment | None, Assignment | None]]:
    return {
        (change.agent.id, each.skill.id, each.before, each.after) for change in plan.changes for each in change.skills
    }
