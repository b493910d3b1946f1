"""Reads the tenant once, and says what begins and ends by itself in the days to come."""

from datetime import timedelta

from reconciler.model.desired import DesiredState
from reconciler.pipeline.context import Context, opened
from reconciler.pipeline.reading import read_sides
from reconciler.plan.build import build_plan
from reconciler.plan.calendar import Calendar, calendar_of
from reconciler.plan.scope import Scope


async def look_ahead(context: Context, desired: DesiredState, days: int) -> Calendar:
    """List the moments of the next `days`, with a client that can do nothing but read."""
    async with opened(context, desired, writable=False) as live:
        sides = await read_sides(context, desired, live)
    coverage = build_plan(sides, Scope(), desired.tenant.rate_limit, every_skill=True).coverage
    return calendar_of(sides, sides.now + timedelta(days=days), coverage)
