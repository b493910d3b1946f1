"""Reads the live tenant, as far as a command needs it, and finds every name that the files use."""

from datetime import datetime

from reconciler.errors import InvalidInput
from reconciler.live import Tenant
from reconciler.model.agents import LiveState
from reconciler.model.desired import DesiredState
from reconciler.model.skills import SkillCatalog
from reconciler.pipeline.context import Context, opened
from reconciler.pipeline.verdicts import reject
from reconciler.plan.build import Sides
from reconciler.plan.match import agent_rows, match_agents
from reconciler.plan.policies import find_rules
from reconciler.plan.resolve import resolve_skills


async def read_sides(context: Context, desired: DesiredState, live: Tenant, at: datetime | None = None) -> Sides:
    """Read the tenant and find every name: skills first, so that a wrong one costs no listing of agents.

    What is desired is that of the moment `at`, or of now.
    """
    now = at or context.clock.now()
    reading = f"Reading {desired.tenant.name}"
    context.stage(reading)
    catalog = await live.read_skills()
    resolved, errors = resolve_skills(desired, catalog, now)
    rules, unknown = find_rules(desired.policies, catalog, now)
    if resolved is None or unknown:
        raise InvalidInput(*errors, *unknown)
    rows = agent_rows(desired)
    state = await live.read_agents(
        catalog,
        rows.keys(),
        lambda done, of: context.stage(f"{reading}: {done} of {of} pages"),
        graded=desired.policies.is_graded,
    )
    matched, unclear = match_agents(desired, rows, state)
    reject(unclear)
    return Sides(resolved.at(now), state, matched, rows, now, rules)


async def check_names(context: Context, desired: DesiredState) -> None:
    """Ask the tenant whether every skill and agent that the files name can be told; InvalidInput if not."""
    async with opened(context, desired, writable=False) as live:
        await read_sides(context, desired, live)


async def read_catalog(context: Context, desired: DesiredState) -> SkillCatalog:
    """Read the tenant's skills alone, with a client that can do nothing but read."""
    async with opened(context, desired, writable=False) as live:
        context.stage(f"Reading the skills of {desired.tenant.name}")
        return await live.read_skills()


async def survey(context: Context, desired: DesiredState) -> LiveState:
    """Read every skill and everyone's set, declared or not, with a client that can do nothing but read."""
    async with opened(context, desired, writable=False) as live:
        reading = f"Reading {desired.tenant.name}"
        context.stage(reading)
        catalog = await live.read_skills()
        return await live.read_agents(catalog, None, lambda done, of: context.stage(f"{reading}: {done} of {of} pages"))
