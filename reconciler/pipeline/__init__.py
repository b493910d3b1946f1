"""The whole tool on one page: load desired, read live, build the plan; on apply: show it, ask, write, verify."""

import asyncio
import os
import platform
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.apply.carry_out import CarriedOut, carry_out
from reconciler.apply.journal import Journal
from reconciler.apply.lock import Holder, TenantLock
from reconciler.apply.managed import ManagedRecord
from reconciler.apply.resolve import resolve_doubts
from reconciler.apply.run import Terms
from reconciler.apply.runs import find_run
from reconciler.diagnostics import Diagnostic
from reconciler.errors import Refused
from reconciler.live import Tenant
from reconciler.model.desired import DesiredState
from reconciler.pipeline.context import Context, opened
from reconciler.pipeline.explaining import Question, why
from reconciler.pipeline.loading import Chosen, load_all, load_one
from reconciler.pipeline.reading import check_names, read_catalog, read_sides, survey
from reconciler.pipeline.verdicts import refuse, reject
from reconciler.plan.build import Sides, build_plan
from reconciler.plan.calendar import plan_ahead
from reconciler.plan.canary import CanarySize, choose_probes
from reconciler.plan.change import Plan
from reconciler.plan.claim import check_blocked, check_claim, check_moment, check_reviewed
from reconciler.plan.inverse import inverse_plan
from reconciler.plan.match import agent_rows, match_agents
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.plan.policies import find_rules
from reconciler.plan.record import RunHead, RunKind
from reconciler.plan.scope import Filters, Scope, check_teams, scope_of
from reconciler.plan.timed import unknown_holds
from reconciler.render.plan_json import SavedPlan

__all__ = [
    "Apply",
    "Chosen",
    "Context",
    "Question",
    "apply",
    "check_names",
    "load_all",
    "load_one",
    "opened",
    "plan",
    "read_catalog",
    "rollback",
    "survey",
    "why",
]

# What an apply may take in all: far more than it should, yet an end.
_SHORTEST_DEADLINE_S = 1800.0
_DEADLINE_OVER_ETA = 4.0


async def plan(
    context: Context, desired: DesiredState, filters: Filters, *, every_skill: bool = False, at: datetime | None = None
) -> Plan:
    """Compare, with a client that can do nothing but read; with `every_skill`, count also who takes the others.

    Desired is what the files say for the moment `at`, or for now; what begins and ends after it is in the plan too.
    """
    reject(check_teams(desired, filters))
    async with opened(context, desired, writable=False) as live:
        sides = await read_sides(context, desired, live, at)
    scope, managed_before = _narrowed(context, sides, filters)
    made = plan_ahead(sides, scope, desired.tenant.rate_limit, managed_before, every_skill=every_skill)
    return made if at is None else replace(made, at=at)


@dataclass(frozen=True, slots=True)
class Apply:
    """How an apply is carried out, and how it talks to whoever started it.

    `confirm` shows the plan and says whether to go on; `stop` is set to end the run early; `progress` hears of each
    agent as it ends. `claim` is the saved plan that somebody reviewed, `expect` a digest: nothing else is applied,
    but for what is left of `reviewed`, the plan of that digest. `planned` hears of the fresh plan before anything
    judges it. `gate` is asked first, once this is the one writer: it raises Refused. `allowed` are the codes of
    refusals that somebody overrode; `show` shows a plan that is blocked. Without `deadline_s` the size of the plan
    decides.
    """

    confirm: Callable[[Plan], bool]
    stop: asyncio.Event
    progress: Callable[[AgentOutcome], None]
    max_concurrency: int | None = None
    claim: SavedPlan | None = None
    expect: str | None = None
    reviewed: SavedPlan | None = None
    planned: Callable[[Plan], None] = lambda _: None
    gate: Callable[[], Awaitable[None]] | None = None
    allowed: frozenset[str] = frozenset()
    show: Callable[[Plan], None] = lambda _: None
    canary: CanarySize | None = None
    deadline_s: float | None = None
    lock_timeout_s: float = 0.0


async def apply(context: Context, desired: DesiredState, filters: Filters, how: Apply) -> Outcome:
    """Plan afresh, show, ask, write what differs, read it again. Refused when anything says no: nothing is written."""
    reject(check_teams(desired, filters))
    if how.claim is not None:
        refuse(check_claim(how.claim.plan, how.claim.created_at, desired.tenant.name, context.clock.now(), how.allowed))
    async with _writing(context, desired, how) as (live, run):
        fresh = _built(context, await read_sides(context, desired, live), filters)
        how.planned(fresh)
        refuse(check_reviewed(fresh, _plan_of(how.claim), how.expect, _plan_of(how.reviewed)))
        outcome = await _carry_out(context, desired, fresh, live, how, replace(run, digest=fresh.digest))
    if outcome.is_complete and filters == Filters():
        ManagedRecord(context.state_folder, fresh.tenant).write(ref for table in desired.tables for ref in table.refs)
    return outcome


async def rollback(context: Context, desired: DesiredState, ref: str, how: Apply) -> Outcome:
    """Undo a past run, as far as nobody has changed since what it wrote: the inverse plan, applied like any other."""
    async with _writing(context, desired, how) as (live, run):
        record = find_run(context.runs, desired.tenant.name, ref)
        catalog = await live.read_skills()
        rules, unknown = find_rules(desired.policies, catalog, context.clock.now())
        reject(unknown)
        rows = agent_rows(desired)
        wanted = {agent.agent.id.casefold() for agent in record.agents}
        state = await live.read_agents(catalog, wanted | rows.keys(), graded=desired.policies.is_graded)
        matched, unclear = match_agents(desired, rows, state)
        reject([*unclear, *(unknown_holds(desired, catalog, rules.now) if desired.holds else ())])
        fresh = inverse_plan(record, state, desired, rules, matched)
        how.planned(fresh)
        refuse(check_reviewed(fresh, None, how.expect))
        head = replace(run, digest=fresh.digest, kind=RunKind.ROLLBACK, reverts=record.head.run)
        return await _carry_out(context, desired, fresh, live, how, head)


def _plan_of(saved: SavedPlan | None) -> Plan | None:
    return None if saved is None else saved.plan


@asynccontextmanager
async def _writing(context: Context, desired: DesiredState, how: Apply) -> AsyncIterator[tuple[Tenant, RunHead]]:
    """Be the one writer of this tenant on this machine; first find out how the writes of a killed run ended."""
    name, author = desired.tenant.name, context.author()
    head = RunHead(
        run=_run_id(context),
        kind=RunKind.APPLY,
        tenant=name,
        digest="",
        started_at=context.clock.now(),
        who=author.who,
        commit=author.commit,
        allowed=tuple(sorted(how.allowed)),
    )
    lock = await TenantLock.acquire(
        context.state_folder / "locks",
        name,
        Holder(os.getpid(), platform.node(), head.run, head.who, head.started_at),
        clock=context.clock,
        wait_s=how.lock_timeout_s,
        stage=context.stage,
    )
    with lock:
        if how.gate is not None:
            await how.gate()
        async with opened(context, desired, how.max_concurrency, writable=True) as live:
            doubts = resolve_doubts(
                context.runs,
                name,
                live,
                this_run=head.run,
                clock=context.clock,
                fsync=context.fsync,
                redactor=context.redactor,
            )
            context.notice(await doubts)
            yield live, head


async def _carry_out(  # noqa: PLR0913, PLR0917 - all that an apply is made of, however its plan came about
    context: Context, desired: DesiredState, fresh: Plan, live: Tenant, how: Apply, head: RunHead
) -> Outcome:
    """Ask, write under a journal, verify; a plan that a policy blocks is shown, and refused."""
    if blocking := tuple(check_blocked(fresh, how.allowed)):
        how.show(fresh)
        refuse(blocking)
    if not how.confirm(fresh):
        message = "nobody confirmed; nothing was written"
        raise Refused(Diagnostic("not-confirmed", message, "answer `yes`, or give --yes"))
    refuse(check_moment(fresh, context.clock.now()))
    if not fresh.changes:
        return _outcome(context, fresh, live, head, CarriedOut((), is_verified=True))
    terms = Terms(
        max_concurrency=how.max_concurrency or desired.tenant.max_concurrency,
        clock=context.clock,
        random=context.random,
        stop=how.stop,
        progress=how.progress,
        deadline_s=how.deadline_s or max(_SHORTEST_DEADLINE_S, _DEADLINE_OVER_ETA * fresh.summary.eta_seconds),
        probes=choose_probes(fresh, how.canary),
        is_canary=how.canary is not None,
        valid_until=fresh.valid_until,
    )
    begun = Journal.create(context.runs, head, clock=context.clock, fsync=context.fsync, redactor=context.redactor)
    with closing(begun) as journal:
        done = await carry_out(fresh, live, journal, terms, context.stage)
    return replace(_outcome(context, fresh, live, head, done), unrecorded=journal.unrecorded)


def _outcome(context: Context, fresh: Plan, live: Tenant, head: RunHead, done: CarriedOut) -> Outcome:
    halt = done.halt
    return Outcome(
        run=head.run,
        tenant=fresh.tenant,
        digest=fresh.digest,
        agents=(*done.agents, *(AgentOutcome(agent, Status.FAILED, why) for agent, why in fresh.unreadable)),
        requests=live.requests.sent,
        throttled=live.requests.throttled,
        seconds=(context.clock.now() - head.started_at).total_seconds(),
        is_verified=done.is_verified,
        unverified_by=done.unverified_by,
        stopped_by=halt.diagnostics if halt else (),
        is_interrupted=bool(halt and halt.is_interrupted),
        is_denied=bool(halt and halt.is_denied),
    )


def _run_id(context: Context) -> str:
    return f"{context.clock.now():%Y%m%dT%H%M%SZ}-{context.random.getrandbits(24):06x}"


def _built(context: Context, sides: Sides, filters: Filters) -> Plan:
    scope, managed_before = _narrowed(context, sides, filters)
    return build_plan(sides, scope, sides.resolved.desired.tenant.rate_limit, managed_before)


def _narrowed(context: Context, sides: Sides, filters: Filters) -> tuple[Scope, tuple[str, ...]]:
    """Find what the filters name, and whom the last apply managed."""
    desired = sides.resolved.desired
    scope, errors = scope_of(desired, filters, sides.live.catalog, sides.rows, sides.matched)
    reject(errors)
    return scope, ManagedRecord(context.state_folder, desired.tenant.name).read()
