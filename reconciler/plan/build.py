"""Builds the plan: every managed agent compared, what differs listed, sorted, counted and named by its digest."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.diagnostics import Diagnostic
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.tenant import RateLimit
from reconciler.plan.change import Action, AgentChange, AgentName, CoverageRow, Part, Plan, Step, Summary
from reconciler.plan.coverage import Shifts, count_all, coverage_rows
from reconciler.plan.diff import by_skill_id, list_changes, sets_to_write
from reconciler.plan.digest import digest_of
from reconciler.plan.findings import missing_agents, odd_agents, odd_assignments, unversioned, whole_tenant
from reconciler.plan.match import Matched, Row, position_of, ref_of, row_at, table_and_row, team_of
from reconciler.plan.order import order_writes
from reconciler.plan.policies import NO_RULES, Facts, Managed, Rules, count_managed, judge
from reconciler.plan.resolve import ResolvedState, ignored_skills
from reconciler.plan.scope import Scope


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a comparison, with every name found; `rows` are the declared agents by folded ref."""

    resolved: ResolvedState
    live: LiveState
    matched: Matched
    rows: Mapping[str, Row]
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
    in_scope = [row for row in sides.matched.live if scope.holds(row)]
    missing = [row for row in sides.matched.missing if scope.holds(row)]
    ignored = ignored_skills(desired, live.catalog)
    changes, order = in_order(_agent_changes(sides, scope, ignored))
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
    ]
    return Plan(
        tenant=desired.tenant.name,
        digest=digest_of(desired.tenant.name, changes),
        summary=_summary(sides, changes, len(order), rate_limit, (len(in_scope), len(missing), len(unreadable))),
        changes=changes,
        coverage=coverage,
        findings=sorted_findings(findings),
        unreadable=unreadable,
        ignored=frozenset(live.catalog[number].id for number in ignored),
        order=order,
        filters=scope.filters,
        skill_names=live.catalog.names_by_id,
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
    changes = sorted(found, key=lambda change: (change.agent.label.casefold(), change.agent.id))
    order = order_writes(changes)
    unions = {step.change for step in order if step.part is Part.UNION}
    marked = (replace(change, has_union=True) if at in unions else change for at, change in enumerate(changes))
    return tuple(marked), order


def sorted_findings(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort the findings of a plan: by code, then by place."""
    return tuple(sorted(findings, key=lambda finding: (finding.code, finding.sort_key)))


def _agent_changes(sides: Sides, scope: Scope, ignored: frozenset[int]) -> Iterator[AgentChange]:
    for number in range(len(sides.resolved.desired.tables)):
        for at, desired_set in enumerate(sides.resolved.packed_sets(number)):
            row = row_at(number, at)
            agent = sides.matched.live.get(row)
            if agent is None or agent.assignments is None or not scope.holds(row):
                continue
            no_removals = scope.filters.no_removals
            sets = sets_to_write(agent.assignments, desired_set, ignored, scope.skills, no_removals=no_removals)
            if sets is not None:
                yield _agent_change(sides, row, agent, *sets)


def _agent_change(
    sides: Sides, row: Row, agent: LiveAgent, before: dict[int, int], after: dict[int, int]
) -> AgentChange:
    desired, catalog = sides.resolved.desired, sides.live.catalog
    source = position_of(desired, row)
    return AgentChange(
        agent=_agent_name(sides, row),
        team=team_of(desired, row),
        source=source,
        skills=list_changes(before, after, catalog, sides.resolved.steps(*table_and_row(row)), source),
        before=by_skill_id(before, catalog),
        after=by_skill_id(after, catalog),
        version=agent.version,
        is_active=agent.active,
    )


def _unreadable(sides: Sides, rows: Collection[Row]) -> tuple[tuple[AgentName, str], ...]:
    reasons = sides.live.unreadable
    ids = ((row, sides.matched.live[row].id) for row in rows)
    return tuple((_agent_name(sides, row), reasons[agent_id]) for row, agent_id in ids if agent_id in reasons)


def _agent_name(sides: Sides, row: Row) -> AgentName:
    agent = sides.matched.live[row]
    return AgentName(agent.id, agent.email, agent.user_name, ref_of(sides.resolved.desired, row))


def _summary(
    sides: Sides,
    changes: tuple[AgentChange, ...],
    writes: int,
    rate_limit: RateLimit,
    counts: tuple[int, int, int],
) -> Summary:
    """Count; `counts` are the managed agents in scope that are live, missing, and live but unreadable."""
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
    )


def requests_to_apply(changes: Iterable[AgentChange], writes: int, pages: int) -> int:
    """Count what an apply sends: the writes, a reading before the second one of an agent, the listing that verifies."""
    return writes + sum(change.has_union for change in changes) + pages if writes else 0
