"""The plan as JSON, `format_version` 1: what `--format json` prints and `--out` saves, with types of its own.

The shape is a promise to users. A saved plan is read back as a claim: its digest must fit its content.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import (
    Action,
    AgentChange,
    AgentHeld,
    AgentName,
    AssignmentChange,
    CoverageRow,
    Plan,
    SkillName,
    Summary,
    Until,
)
from reconciler.plan.describe import describe
from reconciler.plan.digest import digest_of
from reconciler.plan.scope import Filters

FORMAT_VERSION = 1


class _Source(msgspec.Struct, frozen=True):
    file: str
    line: int
    column: int


class _Skill(msgspec.Struct, frozen=True):
    id: str
    name: str


class _Agent(msgspec.Struct, frozen=True):
    id: str
    email: str
    user_name: str
    ref: str


class _Assignment(msgspec.Struct, frozen=True):
    proficiency: int
    available: bool


class _Until(msgspec.Struct, frozen=True):
    until: str
    source: _Source
    reason: str = ""
    ticket: str = ""


class _AssignmentChange(msgspec.Struct, frozen=True):
    action: Action
    skill: _Skill
    before: _Assignment | None
    after: _Assignment | None
    source: _Source
    override: _Until | None = None


# `before` is what is live and stays, `after` what the files ask for.
class _AssignmentHeld(_AssignmentChange, frozen=True, kw_only=True):
    hold: _Until


class _AgentHeld(msgspec.Struct, frozen=True):
    agent: _Agent
    team: str | None
    source: _Source
    skills: list[_AssignmentHeld]


# What older documents do not have takes its default.
class _AgentChange(msgspec.Struct, frozen=True, kw_only=True):
    agent: _Agent
    team: str | None
    source: _Source
    writes: Literal[1, 2] = 1
    skills: list[_AssignmentChange]


class _CoverageRow(msgspec.Struct, frozen=True):
    skill: _Skill
    before: int
    after: int
    floor: int | None
    lowest: int | None = None
    min_proficiency: int = 0


class _Finding(msgspec.Struct, frozen=True):
    code: str
    severity: Severity
    message: str
    hint: str | None = None
    source: _Source | None = None


class _Summary(msgspec.Struct, frozen=True):
    agents_managed: int
    agents_changed: int
    agents_unmanaged: int
    agents_missing: int
    agents_unreadable: int
    assignments_added: int
    assignments_changed: int
    assignments_removed: int
    writes: int
    requests: int
    eta_seconds: float
    agents_held: int = 0
    assignments_held: int = 0


class _Scope(msgspec.Struct, frozen=True):
    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    no_removals: bool = False
    timed: bool = False


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    format_version: int
    tenant: str
    digest: str
    created_at: str
    at: str | None = None
    holds_until: str | None = None
    blocked: bool
    scope: _Scope = _Scope()
    summary: _Summary
    changes: list[_AgentChange]
    held: list[_AgentHeld] = []
    coverage: list[_CoverageRow]
    findings: list[_Finding]


class _Head(msgspec.Struct, frozen=True):
    format_version: int


def plan_as_json(plan: Plan, created_at: str) -> str:
    """Write the plan as one document, in ASCII: equal plans give equal bytes but for `created_at` (RFC 3339)."""
    document = _Document(
        format_version=FORMAT_VERSION,
        tenant=plan.tenant,
        digest=plan.digest,
        created_at=created_at,
        at=None if plan.at is None else plan.at.isoformat(),
        holds_until=None if plan.holds_until is None else plan.holds_until.isoformat(),
        blocked=plan.is_blocked,
        scope=msgspec.convert(plan.filters, _Scope, from_attributes=True),
        summary=msgspec.convert(plan.summary, _Summary, from_attributes=True),
        changes=[_change(change) for change in plan.changes],
        held=[_held(each) for each in plan.held],
        coverage=[msgspec.convert(row, _CoverageRow, from_attributes=True) for row in plan.coverage],
        findings=[_finding(finding) for finding in plan.findings],
    )
    return json.dumps(msgspec.to_builtins(document), indent=2) + "\n"


def _change(change: AgentChange) -> _AgentChange:
    return _AgentChange(
        agent=msgspec.convert(change.agent, _Agent, from_attributes=True),
        team=change.team,
        source=_source(change.source),
        writes=2 if change.has_union else 1,
        skills=[_AssignmentChange(*_parts(each)) for each in change.skills],
    )


def _held(held: AgentHeld) -> _AgentHeld:
    agent = msgspec.convert(held.agent, _Agent, from_attributes=True)
    skills = [_AssignmentHeld(*_parts(each), hold=_until(each.hold)) for each in held.skills if each.hold is not None]
    return _AgentHeld(agent, held.team, _source(held.source), skills)


def _parts(
    change: AssignmentChange,
) -> tuple[Action, _Skill, _Assignment | None, _Assignment | None, _Source, _Until | None]:
    return (
        change.action,
        _Skill(change.skill.id, change.skill.name),
        None if change.before is None else _Assignment(*change.before),
        None if change.after is None else _Assignment(*change.after),
        _source(change.source),
        None if change.override is None else _until(change.override),
    )


def _until(until: Until) -> _Until:
    return _Until(until.until.isoformat(), _source(until.source), until.reason, until.ticket)


def _finding(finding: Diagnostic) -> _Finding:
    source = None if finding.position is None else _source(finding.position)
    return _Finding(finding.code, finding.severity, finding.message, finding.hint, source)


def _source(position: SourcePosition) -> _Source:
    return _Source(position.file, position.line, position.column)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved, and when it was made (RFC 3339)."""

    plan: Plan
    created_at: str


def read_plan(data: bytes, name: str) -> SavedPlan:
    """Read a saved plan back; `name` is the file's, for messages.

    Raises InvalidInput when it is no plan, of another format version, damaged or edited.
    """
    again = "make it anew: reconcile plan --out FILE"
    try:
        version = msgspec.json.decode(data, type=_Head).format_version
        if version != FORMAT_VERSION:
            message = f"{name}: plan format {version} is not the one this version reads ({FORMAT_VERSION})"
            raise InvalidInput(Diagnostic("plan-format", message, again))
        document = msgspec.json.decode(data, type=_Document)
        plan = _plan(document)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, KeyError, ValueError) as error:
        message = f"{name} is no saved plan: {_why_none(error)}"
        raise InvalidInput(
            Diagnostic("plan-damaged", message, "give what `reconcile plan --out FILE` wrote")
        ) from error
    if digest_of(plan.tenant, plan.changes) != plan.digest:
        message = f"{name}: its content does not fit its digest; the file was edited or damaged"
        raise InvalidInput(Diagnostic("plan-damaged", message, again))
    return SavedPlan(plan, document.created_at)


def _why_none(error: Exception) -> str:
    """Say what is wrong with a file; of what is not even JSON a parser's words would say less."""
    is_json = isinstance(error, msgspec.ValidationError) or not isinstance(error, msgspec.DecodeError)
    return f"{error}" if is_json else "it is not JSON, or not all of it"


def _plan(document: _Document) -> Plan:
    return Plan(
        tenant=document.tenant,
        digest=document.digest,
        summary=Summary(**msgspec.to_builtins(document.summary)),
        changes=tuple(_read_change(change) for change in document.changes),
        coverage=tuple(
            CoverageRow(SkillName(row.skill.id, row.skill.name), *msgspec.structs.astuple(row)[1:])
            for row in document.coverage
        ),
        findings=tuple(_read_finding(finding) for finding in document.findings),
        filters=Filters(**msgspec.structs.asdict(document.scope)),
        held=tuple(_read_held(held) for held in document.held),
        now=_made_for(document),
        at=None if document.at is None else _moment(document.at),
        holds_until=None if document.holds_until is None else _moment(document.holds_until),
    )


def _made_for(document: _Document) -> datetime | None:
    """Give the moment that the plan is about; whether `created_at` is one is for `plan.claim` to say."""
    if document.at is not None:
        return _moment(document.at)
    try:
        return _moment(document.created_at)
    except ValueError:
        return None


def _moment(text: str) -> datetime:
    """Read a time; ValueError where it is none, or nobody knows of which place."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text!r} has no offset"
        raise ValueError(message)
    return moment


def _read_change(change: _AgentChange) -> AgentChange:
    skills = tuple(_read_assignment(each) for each in change.skills)
    return AgentChange(
        agent=_read_agent(change.agent),
        team=change.team,
        source=_position(change.source),
        skills=skills,
        before={each.skill.id: each.before for each in skills if each.before is not None},
        after={each.skill.id: each.after for each in skills if each.after is not None},
        version=None,
        has_union=change.writes > 1,
    )


def _read_held(held: _AgentHeld) -> AgentHeld:
    skills = (replace(_read_assignment(each), hold=_read_until(each.hold)) for each in held.skills)
    return AgentHeld(_read_agent(held.agent), held.team, _position(held.source), tuple(skills))


def _read_agent(agent: _Agent) -> AgentName:
    return AgentName(agent.id, agent.email, agent.user_name, agent.ref)


def _read_until(until: _Until) -> Until:
    return Until(_moment(until.until), _position(until.source), until.reason, until.ticket)


def _read_assignment(change: _AssignmentChange) -> AssignmentChange:
    before = None if change.before is None else Assignment(change.before.proficiency, change.before.available)
    after = None if change.after is None else Assignment(change.after.proficiency, change.after.available)
    if (change.action is Action.ADD) != (before is None) or (change.action is Action.REMOVE) != (after is None):
        message = f"`{change.action}` does not fit its before and after"
        raise ValueError(message)
    fields = describe(before, after) if before is not None and after is not None else ()
    skill = SkillName(change.skill.id, change.skill.name)
    override = None if change.override is None else _read_until(change.override)
    return AssignmentChange(change.action, skill, before, after, _position(change.source), fields, override)


def _read_finding(finding: _Finding) -> Diagnostic:
    position = None if finding.source is None else _position(finding.source)
    return Diagnostic(finding.code, finding.message, finding.hint, position, finding.severity)


def _position(source: _Source) -> SourcePosition:
    return SourcePosition(source.file, source.line, source.column)
