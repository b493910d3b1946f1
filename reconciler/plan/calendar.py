"""What begins and ends by itself: every coming moment at which desired state changes, and who can take what then."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.tenant import RateLimit
from reconciler.plan.build import Sides, build_plan
from reconciler.plan.change import CoverageRow, Entry, Plan
from reconciler.plan.course import Course
from reconciler.plan.scope import Scope
from reconciler.plan.timed import boundaries

# A plan lists so many moments, and looks at so many agents for them, each once a moment; what is beyond it counts.
MOST_COMING = 50
MOST_LOOKED_AT = 50_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """What changes by itself after `now` up to `end`.

    Unless it `is_counted`, the tenant does not say who can take what, and no entry has coverage.
    """

    tenant: str
    now: datetime
    end: datetime
    entries: tuple[Entry, ...]
    is_counted: bool = True


def calendar_of(sides: Sides, end: datetime, coverage: tuple[CoverageRow, ...]) -> Calendar:
    """List the moments after `sides.now` up to `end` at which what is desired changes, in their order.

    A moment at which something ends and the same begins is none. `coverage` is that of the plan for now, of every
    skill; empty where the tenant does not say who can take what.
    """
    course = Course(sides, Scope(), coverage)
    found = (course.advance(moment) for moment in _moments(sides) if moment <= end)
    entries = tuple(entry for entry in found if entry is not None)
    return Calendar(
        sides.resolved.desired.tenant.name, sides.now, end, entries, is_counted=sides.live.availability is not None
    )


def plan_ahead(
    sides: Sides,
    scope: Scope,
    rate_limit: RateLimit,
    managed_before: Collection[str] = (),
    *,
    every_skill: bool = False,
) -> Plan:
    """Build the plan as `build_plan` does, and list the moments that come after it.

    Of a plan that is narrowed only those at which something of its agents and skills changes; what `--no-removals`
    keeps back now is in them, for it asks nothing of a later apply.
    """
    moments = _moments(sides)
    plan = build_plan(sides, scope, rate_limit, managed_before, every_skill=every_skill or bool(moments))
    if not moments:
        return plan
    coming, later = _coming(Course(sides, scope, plan.coverage), moments)
    touched = {each.skill.id for change in plan.changes for each in change.skills}
    coverage = tuple(row for row in plan.coverage if every_skill or row.skill.id in touched)
    return replace(plan, coverage=coverage, coming=coming, coming_later=later)


def _coming(course: Course, moments: list[datetime]) -> tuple[tuple[Entry, ...], int]:
    """List what a reader can bear in the time that a plan may take; also gives how many moments are left."""
    coming: list[Entry] = []
    for number, moment in enumerate(moments):
        if len(coming) == MOST_COMING or course.looked_at >= MOST_LOOKED_AT:
            return tuple(coming), len(moments) - number
        if (entry := course.advance(moment)) is not None:
            coming.append(entry)
    return tuple(coming), 0


def _moments(sides: Sides) -> list[datetime]:
    return sorted({moment for moment in boundaries(sides.resolved.desired) if sides.now < moment})
