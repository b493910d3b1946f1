"""Makes the plan that undoes a run: what it wrote goes back to what was before, where nobody has changed it since."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.assignments import Assignment, decode, encode, unpack
from reconciler.model.desired import DesiredState
from reconciler.model.overrides import Hold
from reconciler.model.skills import SkillCatalog
from reconciler.plan.build import in_order, judge_coverage, requests_to_apply, sorted_findings
from reconciler.plan.change import Action, AgentChange, AgentName, Plan, Summary, value_words
from reconciler.plan.diff import Origins, by_skill_id, list_changes
from reconciler.plan.digest import digest_of
from reconciler.plan.findings import unversioned, whole_tenant
from reconciler.plan.ignored import ignored_skills
from reconciler.plan.match import NOBODY, Matched, Row, ref_of, team_of
from reconciler.plan.moments import moment
from reconciler.plan.outcome import Status
from reconciler.plan.policies import NO_RULES, Rules, count_managed
from reconciler.plan.record import AgentRecord, RunKind, RunRecord, WrittenSkill
from reconciler.plan.timed import InForce, holds_at, next_boundary

# These promise that nothing of ours was committed (see `plan.outcome`); any other end, or none, may hide a write.
_NOT_WRITTEN = frozenset({Status.ALREADY_DONE, Status.CONFLICT, Status.FAILED, Status.NOT_TRIED})
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
# What the files do to a rollback, and a hint, by what is rolled back.
_NEXT_APPLY = {
    RunKind.APPLY: (
        "unless they were reverted, the files still ask for what the run wrote: the next apply writes it again",
        "revert the commit{commit} too, and merge that",
    ),
    RunKind.ROLLBACK: (
        "the next apply writes what the files ask for, whatever goes back here",
        "see what that is: reconcile plan",
    ),
}


def inverse_plan(
    record: RunRecord,
    live: LiveState,
    desired: DesiredState,
    rules: Rules = NO_RULES,
    matched: Matched = NOBODY,
) -> Plan:
    """Undo a run, assignment by assignment.

    What is as the run wrote it goes back; what is as it was before needs nothing; anything else was changed since, so
    it stays and is listed. Every other skill of an agent stays as it is. `live` holds the agents of the run; of the
    files only the tenant, `ignore_skills`, the holds and the policies count; `matched` are the managed agents.
    """
    stays = _Stays(ignored_skills(desired, live.catalog), *_held(desired, live.catalog, rules.now, matched))
    undone = _undo_all(record, live, stays)
    changes, order = in_order(each.change for each in undone if each.change is not None)
    managed = count_managed(rules.policies, desired, matched, live.catalog)
    coverage, judged = judge_coverage(rules, live, (_in_teams_of_today(changes, desired, matched), order), managed)
    findings = [
        *(_with_its_place(each, desired.tenant.position.file) for each in judged),
        *_about_run(record, is_empty=not changes),
        *whole_tenant(live, (), ()),
        *unversioned(changes),
        *(finding for each in undone for finding in each.findings),
    ]
    return Plan(
        tenant=desired.tenant.name,
        digest=digest_of(desired.tenant.name, changes),
        summary=_summary((undone, changes, len(order)), live.total - len(matched.live), live.pages, desired),
        changes=changes,
        coverage=coverage,
        findings=sorted_findings(findings),
        ignored=frozenset(live.catalog[number].id for number in ignored_skills(desired, live.catalog)),
        unreadable=tuple((each.agent, each.unreadable) for each in undone if each.unreadable),
        order=order,
        skill_names=live.catalog.names_by_id,
        now=rules.now,
        valid_until=next_boundary(desired, rules.now),
    )


def _in_teams_of_today(
    changes: Iterable[AgentChange], desired: DesiredState, matched: Matched
) -> tuple[AgentChange, ...]:
    """Give each agent its team by the files as they are: those of the run may have had another name, or nobody left."""
    teams = {agent.id: team_of(desired, row) for row, agent in matched.live.items()}
    return tuple(replace(change, team=teams.get(change.agent.id, change.team)) for change in changes)


def _with_its_place(finding: Diagnostic, file: str) -> Diagnostic:
    """Say in words where a rule of `file` stands: the places of this plan are lines of the run's journal."""
    if finding.position is None or finding.position.file != file:
        return finding
    return replace(finding, message=f"{finding.message} ({finding.position})", position=None)


@dataclass(frozen=True, slots=True)
class _Undone:
    """What is to be done about one agent of the run; `unreadable` says why nobody can tell what it holds."""

    agent: AgentName
    change: AgentChange | None = None
    findings: tuple[Diagnostic, ...] = ()
    is_missing: bool = False
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class _Stays:
    """What the files say stays as it is: the skills in `ignored`, and what is held.

    `rows` are the agents by id, `refs` by what the files call them: one may have another e-mail by now.
    """

    ignored: Collection[int]
    holds: InForce
    rows: Mapping[str, Row]
    refs: Mapping[str, Row]

    def hold_on(self, agent: AgentName, number: int) -> Hold | None:
        """Give the hold that leaves an assignment alone, if one does."""
        row = self.rows.get(agent.id, self.refs.get(agent.ref.casefold()))
        return None if row is None else self.holds.hold_on(row, number)


def _held(
    desired: DesiredState, catalog: SkillCatalog, now: datetime, matched: Matched
) -> tuple[InForce, dict[str, Row], dict[str, Row]]:
    """Give the holds, and the agents by id; those whom nobody on the tenant fits any more, by their folded refs."""
    holds = holds_at(desired, catalog, now)
    if not holds:
        return InForce(), {}, {}
    missing = {ref_of(desired, row).casefold(): row for row in matched.missing}
    return InForce(holds=holds), {agent.id: row for row, agent in matched.live.items()}, missing


def _undo_all(record: RunRecord, live: LiveState, stays: _Stays) -> list[_Undone]:
    """Look at every agent that was, or may have been, written, in the order of their ids."""
    found = {agent.id: agent for agent in live.agents}
    written = [each for each in record.agents if each.has_intent and each.status not in _NOT_WRITTEN]
    return [
        _undo(each, found.get(each.agent.id), live, stays) for each in sorted(written, key=lambda each: each.agent.id)
    ]


def _undo(written: AgentRecord, agent: LiveAgent | None, live: LiveState, stays: _Stays) -> _Undone:
    if agent is None:
        why = f"`{written.agent.label}` is not on the tenant any more: nothing of it goes back"
        return _Undone(written.agent, findings=(_skipped(written, why, None),), is_missing=True)
    name = AgentName(agent.id, agent.email, agent.user_name, written.agent.ref)
    if agent.assignments is None:
        why = live.unreadable[agent.id]
        hint = "mend the agent in the tenant's administration, then roll back again"
        return _Undone(
            name, findings=(_skipped(written, f"`{name.label}` is left alone: {why}", hint),), unreadable=why
        )
    before = unpack(agent.assignments)
    back, findings = _judge_all(written, before, live.catalog, stays)
    after = {number: code for number, code in (before | back).items() if code is not None}
    if after == before:
        return _Undone(name, findings=findings)
    steps = {number: (code, written.source) for number, code in after.items()}
    change = AgentChange(
        agent=name,
        team=written.team,
        source=written.source,
        skills=list_changes(before, after, live.catalog, Origins(written.source, steps)),
        before=by_skill_id(before, live.catalog),
        after=by_skill_id(after, live.catalog),
        version=agent.version,
        is_active=agent.active,
    )
    return _Undone(name, change, findings)


def _judge_all(
    written: AgentRecord, held: dict[int, int], catalog: SkillCatalog, stays: _Stays
) -> tuple[dict[int, int | None], tuple[Diagnostic, ...]]:
    """Give the codes of the skills that go back (None: removed), and why others do not."""
    back: dict[int, int | None] = {}
    findings: list[Diagnostic] = []
    for each in written.skills:
        number = catalog.numbers_by_id.get(each.skill.id)
        now = decode(held[number]) if number in held else None
        if now == each.before:
            continue
        hold = None if number is None else stays.hold_on(written.agent, number)
        if reason := _reason_held(hold) or _reason_to_stay(each, now, number, catalog, stays.ignored):
            why, hint = reason
            findings.append(_skipped(written, f"`{written.agent.label}`: `{each.skill.name}` {why}", hint))
        elif number is not None:
            back[number] = None if each.before is None else encode(*each.before)
    return back, tuple(findings)


def _reason_held(hold: Hold | None) -> tuple[str, str] | None:
    if hold is None:
        return None
    return (
        f"stays: it is held until {moment(hold.window.until)} ({hold.position})",
        "remove the hold if it is to go back",
    )


def _reason_to_stay(
    each: WrittenSkill, now: Assignment | None, number: int | None, catalog: SkillCatalog, ignored: Collection[int]
) -> tuple[str, str] | None:
    """Say why an assignment stays as it is, and what to do about it; None where it goes back."""
    if number in ignored:
        return "stays: `ignore_skills` leaves it to others", "narrow `ignore_skills` in tenant.yaml if it is yours"
    if now != each.after:
        return (
            f"stays: the run wrote {value_words(each.after)}, now it is {value_words(now)}",
            f"before the run it was {value_words(each.before)}; write that into the files if it should be so again",
        )
    if each.before is None or (number is not None and catalog[number].active):
        return None
    state = "not on the tenant any more" if number is None or number >= catalog.listed else "not active on the tenant"
    return (
        f"does not go back to {value_words(each.before)}: the skill is {state}",
        "create or activate it in the tenant's administration, then roll back again",
    )


def _skipped(written: AgentRecord, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic("rollback-skipped", message, hint, written.source, Severity.WARN)


def _about_run(record: RunRecord, *, is_empty: bool) -> Iterator[Diagnostic]:
    head = record.head
    by = f" by {head.who}" if head.who else ""
    yield Diagnostic(
        "rollback-of",
        f"undoes the {head.kind} {head.run}, started {head.started_at:%Y-%m-%dT%H:%M:%SZ}{by}",
        f"what it wrote: reconcile runs {head.run}",
        severity=Severity.INFO,
    )
    if record.damage:
        yield Diagnostic(
            "rollback-incomplete",
            f"the journal of the run is damaged: {record.damage}; what it recorded from there on is not undone",
            "compare the plan with what you know of the run; the files of the commit before it say the rest",
            severity=Severity.WARN,
        )
    if not is_empty:
        commit = f" `{head.commit[:12]}`" if _COMMIT.fullmatch(head.commit) else ""
        message, hint = _NEXT_APPLY[head.kind]
        yield Diagnostic("rollback-files", message, hint.format(commit=commit), severity=Severity.WARN)


def _summary(
    found: tuple[Sequence[_Undone], Sequence[AgentChange], int], unmanaged: int, pages: int, desired: DesiredState
) -> Summary:
    """Count; `found` are the agents of the run, the changes and the number of writes."""
    undone, changes, writes = found
    actions = [assignment.action for change in changes for assignment in change.skills]
    return Summary(
        agents_managed=len(undone),
        agents_changed=len(changes),
        agents_unmanaged=unmanaged,
        agents_missing=sum(each.is_missing for each in undone),
        agents_unreadable=sum(bool(each.unreadable) for each in undone),
        assignments_added=actions.count(Action.ADD),
        assignments_changed=actions.count(Action.CHANGE),
        assignments_removed=actions.count(Action.REMOVE),
        writes=writes,
        requests=requests_to_apply(changes, writes, pages),
        eta_seconds=round(desired.tenant.rate_limit.seconds_for(writes), 1),
    )
