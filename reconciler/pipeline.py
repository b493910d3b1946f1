"""The whole tool on one page: load desired, read live, build the plan; on apply: show it, ask, write, verify."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from reconciler.apply.managed import ManagedRecord
from reconciler.apply.run import Written, write_all
from reconciler.apply.verify import to_verify, verify
from reconciler.clock import Clock
from reconciler.desired import Loaded, ParseCache, TenantFolder, load
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput, ReconcileError, Refused
from reconciler.live import ASGIApp, Tenant, open_tenant
from reconciler.model.desired import DesiredState
from reconciler.plan.build import Sides, build_plan
from reconciler.plan.change import Plan
from reconciler.plan.match import agent_rows, match_agents
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.plan.resolve import resolve_skills
from reconciler.plan.scope import Filters, check_teams, scope_of
from reconciler.settings import is_embedded, read_connection, state_folder


@dataclass(frozen=True, slots=True)
class Context:
    """What a run is given from outside: folder, environment, time and chance.

    `embedded` makes the simulated tenant of a name, its state in a folder; `stage` hears what is going on.
    """

    root: Path
    environ: Mapping[str, str]
    clock: Clock
    random: Random
    embedded: Callable[[Path, str], ASGIApp]
    stage: Callable[[str], None]

    @property
    def state_folder(self) -> Path:
        """Where caches and records go."""
        return state_folder(self.environ)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one tenant that a command is about, and what loading it had to say beside."""

    path: Path
    desired: DesiredState
    warnings: tuple[Diagnostic, ...]


def load_all(context: Context, tenant: str | None = None) -> Loaded:
    """Load the files of every tenant, or of the one that is named; nothing is asked over the network."""
    context.stage("Reading the files")
    with ParseCache.open(context.state_folder / "cache" / "desired.sqlite") or nullcontext() as cache:
        return load(context.root, tenant=tenant, cache=cache)


def load_one(context: Context, tenant: str | None) -> Chosen:
    """Load the files of one tenant; InvalidInput with everything that is wrong in them."""
    loaded = load_all(context, tenant)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in loaded.diagnostics):
        raise InvalidInput(*loaded.diagnostics)
    folder, *others = loaded.tenants
    if others:
        raise InvalidInput(_several_tenants(loaded.tenants))
    if folder.state is None:
        raise InvalidInput(*loaded.diagnostics)
    return Chosen(folder.path, folder.state, loaded.diagnostics)


def _several_tenants(tenants: tuple[TenantFolder, ...]) -> Diagnostic:
    names = [each.state.tenant.name if each.state else each.path.name for each in tenants]
    hint = f"choose one: reconcile --tenant {names[0]} …"
    return Diagnostic("tenant-unclear", f"there are {len(names)} tenants here: {', '.join(names)}", hint)


async def check_names(context: Context, desired: DesiredState) -> None:
    """Ask the tenant whether every skill and agent that the files name can be told; InvalidInput if not."""
    async with _opened(context, desired, writable=False) as live:
        await _read_sides(context, desired, live)


async def plan(context: Context, desired: DesiredState, filters: Filters) -> Plan:
    """Compare, with a client that can do nothing but read."""
    _check_filters(desired, filters)
    async with _opened(context, desired, writable=False) as live:
        return await _plan(context, desired, filters, live)


@dataclass(frozen=True, slots=True)
class Apply:
    """How an apply talks to whoever started it.

    `confirm` shows the plan and says whether to go on; `stop` is set to end the run early; `progress` hears of each
    agent as it ends.
    """

    confirm: Callable[[Plan], bool]
    stop: asyncio.Event
    progress: Callable[[AgentOutcome], None]
    max_concurrency: int | None = None


async def apply(context: Context, desired: DesiredState, filters: Filters, how: Apply) -> Outcome:
    """Plan afresh, show, ask, write what differs, read it again. Refused when the answer is no; nothing is written."""
    _check_filters(desired, filters)
    started = context.clock.monotonic()
    async with _opened(context, desired, how.max_concurrency, writable=True) as live:
        fresh = await _plan(context, desired, filters, live)
        if not how.confirm(fresh):
            raise Refused(
                Diagnostic("not-confirmed", "nobody confirmed; nothing was written", "answer `yes`, or give --yes")
            )
        context.stage("Writing")
        written = await write_all(
            fresh,
            live,
            max_concurrency=how.max_concurrency or desired.tenant.max_concurrency,
            clock=context.clock,
            random=context.random,
            stop=how.stop,
            progress=how.progress,
        )
        checked = await _verify(context, fresh, written, live)
        outcome = Outcome(
            run=_run_id(context),
            tenant=fresh.tenant,
            digest=fresh.digest,
            agents=(*checked.agents, *(AgentOutcome(agent, Status.FAILED, why) for agent, why in fresh.unreadable)),
            requests=live.requests.sent,
            throttled=live.requests.throttled,
            seconds=context.clock.monotonic() - started,
            is_verified=checked.is_verified,
            unverified_by=checked.problems,
            stopped_by=written.denied,
            is_interrupted=written.is_interrupted,
        )
    if outcome.is_complete and filters == Filters():
        ManagedRecord(context.state_folder, fresh.tenant).write(ref for table in desired.tables for ref in table.refs)
    return outcome


@dataclass(frozen=True, slots=True)
class _Checked:
    """The outcomes after the final reading; `problems` say why there was none."""

    agents: tuple[AgentOutcome, ...]
    is_verified: bool
    problems: tuple[Diagnostic, ...] = ()


async def _verify(context: Context, fresh: Plan, written: Written, live: Tenant) -> _Checked:
    """Read what was written again, in bulk; an interrupted or refused run asks nothing more of the tenant."""
    suspects = to_verify(written.agents)
    if not suspects or written.is_interrupted or written.denied:
        return _Checked(written.agents, is_verified=not suspects)
    context.stage("Verifying")
    try:
        states = await live.read_sets(suspects)
    except ReconcileError as error:
        return _Checked(written.agents, is_verified=False, problems=error.diagnostics)
    agents = verify(fresh.changes, written.agents, states, fresh.ignored)
    return _Checked(agents, is_verified=not any(agent.status is Status.UNKNOWN for agent in agents))


def _run_id(context: Context) -> str:
    return f"{context.clock.now():%Y%m%dT%H%M%SZ}-{context.random.getrandbits(24):06x}"


def _check_filters(desired: DesiredState, filters: Filters) -> None:
    unknown = check_teams(desired, filters)
    if unknown:
        raise InvalidInput(*unknown)


async def _plan(context: Context, desired: DesiredState, filters: Filters, live: Tenant) -> Plan:
    sides = await _read_sides(context, desired, live)
    scope, errors = scope_of(desired, filters, sides.live.catalog, sides.rows, sides.matched)
    if errors:
        raise InvalidInput(*errors)
    managed_before = ManagedRecord(context.state_folder, desired.tenant.name).read()
    return build_plan(sides, scope, desired.tenant.rate_limit, managed_before)


async def _read_sides(context: Context, desired: DesiredState, live: Tenant) -> Sides:
    """Read the tenant and find every name: skills first, so that a wrong one costs no listing of agents."""
    reading = f"Reading {desired.tenant.name}"
    context.stage(reading)
    catalog = await live.read_skills()
    resolved, errors = resolve_skills(desired, catalog)
    if resolved is None:
        raise InvalidInput(*errors)
    rows = agent_rows(desired)
    state = await live.read_agents(
        catalog, rows.keys(), lambda done, of: context.stage(f"{reading}: {done} of {of} pages")
    )
    matched, unclear = match_agents(desired, rows, state)
    if unclear:
        raise InvalidInput(*unclear)
    return Sides(resolved, state, matched, rows)


@asynccontextmanager
async def _opened(
    context: Context, desired: DesiredState, max_concurrency: int | None = None, *, writable: bool
) -> AsyncIterator[Tenant]:
    tenant = desired.tenant
    connection = read_connection(tenant, context.environ)
    if max_concurrency is not None:
        connection = replace(connection, max_concurrency=max_concurrency)
    if is_embedded(tenant, context.environ):
        connection = replace(connection, app=context.embedded(context.state_folder / "simulator", tenant.name))
    async with open_tenant(connection, clock=context.clock, random=context.random, writable=writable) as live:
        yield live
