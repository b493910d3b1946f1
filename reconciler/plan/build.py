"""Builds the plan: every managed agent compared, what differs listed, sorted, counted and named by its digest."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from reconciler.diagnostics import Diagnostic
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.tenant import RateLimit
from reconciler.plan.begun import only_begun
from reconciler.plan.change import (
    Action,
    AgentChange,
    AgentHeld,
    AgentName,
    AgentTurn,
    CoverageRow,
    Part,
    Plan,
    Step,
    Summary,
    Until,
)
from reconciler.plan.coverage import Shifts, count_all, coverage_rows
from reconciler.plan.diff import Origins, by_skill_id, leave_held, list_changes, sets_to_write
from reconciler.plan.digest import digest_of
from reconciler.plan.expiry import ended, in_force_now
from reconciler.plan.findings import missing_agents, odd_agents, odd_assignments, unversioned, whole_tenant
from reconciler.plan.ignored import ignored_skills
from reconciler.plan.match import Matched, Row, position_of, ref_of, row_at, table_and_row, team_of
from reconciler.plan.order import order_writes
from reconciler.plan.policies import NO_RULES, Facts, Managed, Rules, count_managed, judge
from reconciler.plan.resolve import ResolvedState
from reconciler.plan.scope import Filters, Scope
from reconciler.plan.timed import next_boundary


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a comparison at a moment, with every name found; `rows` are the declared agents by folded ref."""

    resolved: ResolvedState
    live: LiveState
    matched: Matched
    rows: Mapping[str, Row]
    now: datetime
    rules: Rules = NO_RULES


def build_plan(
    sides: Sides,
    scope: Scope,
    rate_limit: RateLimit,
    managed_before: Collection[str] = (),
    *,
    every_skill: bool = False,
) -> Plan:
    """Compare desired and live.

    `managed_before` are the refs that the last apply managed, to say which of them no file names any more. With
    `every_skill` the coverage of those that the plan does not touch is in it too.
    """
    desired, live = sides.resolved.desired, sides.live
    ignored = ignored_skills(desired, live.catalog)
    edited: tuple[Diagnostic, ...] = ()
    if scope.filters.timed:
        scope, edited = only_begun(scope, sides.resolved, (sides.matched, live.catalog, ignored), sides.now)
    in_scope = [row for row in sides.matched.live if scope.holds(row)]
    missing = [row for row in sides.matched.missing if scope.holds(row)]
    compared = list(_compare(sides, scope, ignored))
    changes, order = in_order(change for change, _ in compared if change is not None)
    held = tuple(sorted((each for _, each in compared if each is not None), key=by_name))
    unreadable = _unreadable(sides, in_scope) if live.unreadable else ()
    managed = count_managed(sides.rules.policies, desired, sides.matched, live.catalog)
    coverage, judged = judge_coverage(sides.rules, live, (changes, order), managed, every_skill=every_skill)
    findings = [
        *judged,
        *missing_agents(desired, missing, live),
        *odd_agents(desired, sides.matched, in_scope, live),
        *odd_assignments(desired, sides.matched, in_scope, live),
        *whole_tenant(live, sides.rows, managed_before),
        *unversioned(changes),
        *ended(desired, sides.now),
        *in_force_now(sides.resolved, changes, held, is_narrowed=scope.filters != Filters()),
        *edited,
    ]
    return Plan(
        tenant=desired.tenant.name,
        digest=digest_of(desired.tenant.name, changes),
        summary=_summary(sides, (changes, held), order, rate_limit, (len(in_scope), len(missing), len(unreadable))),
        changes=changes,
        coverage=coverage,
        findings=sorted_findings(findings),
        unreadable=unreadable,
        ignored=frozenset(live.catalog[number].id for number in ignored),
        order=order,
        filters=scope.filters,
        skill_names=live.catalog.names_by_id,
        held=held,
        now=sides.now,
        valid_until=next_boundary(desired, sides.now),
    )


def judge_coverage(
    rules: Rules,
    live: LiveState,
    planned: tuple[tuple[AgentChange, ...], tuple[Step, ...]],
    managed: Managed,
    *,
    every_skill: bool = False,
) -> tuple[tuple[CoverageRow, ...], list[Diagnostic]]:
    """Count who can take each skill, and judge by the policies; `planned` are changes and their order."""
    changes, order = planned
    floors = rules.by_gauge
    shifts, counts = Shifts(changes, order, floors), count_all(live, floors)
    judged = list(judge(Facts(rules, changes, shifts, counts, managed)))
    if counts is None:
        return (), judged
    return coverage_rows(counts, shifts, live.catalog.names_by_id, floors, every_skill=every_skill), judged


def in_order(found: Iterable[AgentChange]) -> tuple[tuple[AgentChange, ...], tuple[Step, ...]]:
    """Sort the changes by agent, order their writes, and mark those that take two."""
    changes = sorted(found, key=by_name)
    order = order_writes(changes)
    unions = {step.change for step in order if step.part is Part.UNION}
    marked = (replace(change, has_union=True) if at in unions else change for at, change in enumerate(changes))
    return tuple(marked), order


def by_name(each: AgentChange | AgentHeld | AgentTurn) -> tuple[str, str]:
    """Give the order of agents in a plan."""
    return each.agent.label.casefold(), each.agent.id


def sorted_findings(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort the findings of a plan: by code, then by place."""
    return tuple(sorted(findings, key=lambda finding: (finding.code, finding.sort_key)))


def _compare(
    sides: Sides, scope: Scope, ignored: frozenset[int]
) -> Iterator[tuple[AgentChange | None, AgentHeld | None]]:
    """Give what differs, agent by agent: what is to be written, and what a hold leaves alone."""
    in_force = sides.resolved.in_force
    for number in range(len(sides.resolved.desired.tables)):
        for at, desired_set in enumerate(sides.resolved.packed_sets(number)):
            row = row_at(number, at)
            agent = sides.matched.live.get(row)
            if agent is None or agent.assignments is None or not scope.holds(row):
                continue
            no_removals = scope.filters.no_removals
            chosen = scope.skills_of(row)
            sets = sets_to_write(agent.assignments, desired_set, ignored, chosen, no_removals=no_removals)
            if sets is None:
                continue
            before, wanted = sets
            after, differing = wanted, frozenset[int]()
            if in_force.holds:
                after, differing = leave_held(before, wanted, partial(in_force.is_held, row))
            origins = origins_of(sides, row)
            yield (
                None if before == after else _agent_change(sides, row, agent, (before, after), origins),
                _agent_held(sides, row, (before, wanted), differing, origins) if differing else None,
            )


def origins_of(sides: Sides, row: Row) -> Origins:
    """Find where an agent's values were written, and which of them an override asks for."""
    steps, uses = sides.resolved.laid_over(*table_and_row(row))
    overridden = {
        number: Until(use.override.window.until, use.entry.position, use.override.reason, use.override.ticket)
        for number, use in uses.items()
    }
    return Origins(position_of(sides.resolved.desired, row), steps, overridden)


def _agent_held(
    sides: Sides, row: Row, sets: tuple[dict[int, int], dict[int, int]], differing: frozenset[int], origins: Origins
) -> AgentHeld:
    """List what a hold leaves alone; `sets` are the codes before, and as the files want them."""
    before, wanted = ({number: codes[number] for number in differing if number in codes} for codes in sets)
    holds = {sides.live.catalog[number].id: sides.resolved.in_force.hold_on(row, number) for number in differing}
    return AgentHeld(
        agent=agent_name_of(sides, row),
        team=team_of(sides.resolved.desired, row),
        source=origins.agent,
        skills=tuple(
            replace(each, hold=Until(hold.window.until, hold.position, hold.reason))
            for each in list_changes(before, wanted, sides.live.catalog, origins)
            if (hold := holds[each.skill.id]) is not None
        ),
    )


def _agent_change(
    sides: Sides, row: Row, agent: LiveAgent, sets: tuple[dict[int, int], dict[int, int]], origins: Origins
) -> AgentChange:
    """List what is to be written; `sets` are the codes before and after."""
    desired, catalog = sides.resolved.desired, sides.live.catalog
    before, after = sets
    return AgentChange(
        agent=agent_name_of(sides, row),
        team=team_of(desired, row),
        source=origins.agent,
        skills=list_changes(before, after, catalog, origins),
        before=by_skill_id(before, catalog),
        after=by_skill_id(after, catalog),
        version=agent.version,
        is_active=agent.active,
    )


def _unreadable(sides: Sides, rows: Collection[Row]) -> tuple[tuple[AgentName, str], ...]:
    reasons = sides.live.unreadable
    ids = ((row, sides.matched.live[row].id) for row in rows)
    return tuple((agent_name_of(sides, row), reasons[agent_id]) for row, agent_id in ids if agent_id in reasons)


def agent_name_of(sides: Sides, row: Row) -> AgentName:
    """Name a live agent as the tenant and the files do."""
    agent = sides.matched.live[row]
    return AgentName(agent.id, agent.email, agent.user_name, ref_of(sides.resolved.desired, row))


def _summary(
    sides: Sides,
    found: tuple[tuple[AgentChange, ...], tuple[AgentHeld, ...]],
    order: tuple[Step, ...],
    rate_limit: RateLimit,
    counts: tuple[int, int, int],
) -> Summary:
    """Count; `counts` are the managed agents in scope that are live, missing, and live but unreadable."""
    changes, held = found
    writes = len(order)
    matched, missing, unreadable = counts
    actions = [assignment.action for change in changes for assignment in change.skills]
    return Summary(
        agents_managed=matched + missing,
        agents_changed=len(changes),
        agents_unmanaged=sides.live.total - len(sides.matched.live),
        agents_missing=missing,
        agents_unreadable=unreadable,
        assignments_added=actions.count(Action.ADD),
        assignments_changed=actions.count(Action.CHANGE),
        assignments_removed=actions.count(Action.REMOVE),
        writes=writes,
        requests=requests_to_apply(changes, writes, sides.live.pages),
        eta_seconds=round(rate_limit.seconds_for(writes), 1),
        agents_held=len(held),
        assignments_held=sum(len(each.skills) for each in held),
    )


def requests_to_apply(changes: Iterable[AgentChange], writes: int, pages: int) -> int:
    """Count what an apply sends: the writes, a reading before the second one of an agent, the listing that verifies."""
    return writes + sum(change.has_union for change in changes) + pages if writes else 0
