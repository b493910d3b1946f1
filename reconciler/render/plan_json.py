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
from reconciler.plan.change import AgentChange, AgentHeld, CoverageRow, Plan, Summary
from reconciler.plan.digest import digest_of
from reconciler.plan.scope import Filters
from reconciler.render.coming_json import EntryPart, entry_part, read_entry
from reconciler.render.json_parts import (
    AgentPart,
    LinePart,
    SkillPart,
    SourcePart,
    UntilPart,
    agent_part,
    line_fields,
    line_part,
    read_agent,
    read_line,
    read_moment,
    read_position,
    read_skill,
    read_until,
    source_part,
    until_part,
)

FORMAT_VERSION = 1


# `before` is what is live and stays, `after` what the files ask for.
class _AssignmentHeld(LinePart, frozen=True, kw_only=True):
    hold: UntilPart


class _AgentHeld(msgspec.Struct, frozen=True):
    agent: AgentPart
    team: str | None
    source: SourcePart
    skills: list[_AssignmentHeld]


# What older documents do not have takes its default.
class _AgentChange(msgspec.Struct, frozen=True, kw_only=True):
    agent: AgentPart
    team: str | None
    source: SourcePart
    writes: Literal[1, 2] = 1
    skills: list[LinePart]


class _CoverageRow(msgspec.Struct, frozen=True):
    skill: SkillPart
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
    source: SourcePart | None = None


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
    valid_until: str | None = None
    blocked: bool
    scope: _Scope = _Scope()
    summary: _Summary
    changes: list[_AgentChange]
    held: list[_AgentHeld] = []
    coming: list[EntryPart] = []
    coming_later: int = 0
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
        valid_until=None if plan.valid_until is None else plan.valid_until.isoformat(),
        blocked=plan.is_blocked,
        scope=msgspec.convert(plan.filters, _Scope, from_attributes=True),
        summary=msgspec.convert(plan.summary, _Summary, from_attributes=True),
        changes=[_change(change) for change in plan.changes],
        held=[_held(each) for each in plan.held],
        coming=[entry_part(entry) for entry in plan.coming],
        coming_later=plan.coming_later,
        coverage=[msgspec.convert(row, _CoverageRow, from_attributes=True) for row in plan.coverage],
        findings=[_finding(finding) for finding in plan.findings],
    )
    return json.dumps(msgspec.to_builtins(document), indent=2) + "\n"


def _change(change: AgentChange) -> _AgentChange:
    return _AgentChange(
        agent=agent_part(change.agent),
        team=change.team,
        source=source_part(change.source),
        writes=2 if change.has_union else 1,
        skills=[line_part(each) for each in change.skills],
    )


def _held(held: AgentHeld) -> _AgentHeld:
    skills = [
        _AssignmentHeld(*line_fields(each), hold=until_part(each.hold)) for each in held.skills if each.hold is not None
    ]
    return _AgentHeld(agent_part(held.agent), held.team, source_part(held.source), skills)


def _finding(finding: Diagnostic) -> _Finding:
    source = None if finding.position is None else source_part(finding.position)
    return _Finding(finding.code, finding.severity, finding.message, finding.hint, source)


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
            CoverageRow(read_skill(row.skill), *msgspec.structs.astuple(row)[1:]) for row in document.coverage
        ),
        findings=tuple(_read_finding(finding) for finding in document.findings),
        filters=Filters(**msgspec.structs.asdict(document.scope)),
        held=tuple(_read_held(held) for held in document.held),
        now=_made_for(document),
        at=None if document.at is None else read_moment(document.at),
        valid_until=None if document.valid_until is None else read_moment(document.valid_until),
        coming=tuple(read_entry(entry) for entry in document.coming),
        coming_later=document.coming_later,
    )


def _made_for(document: _Document) -> datetime | None:
    """Give the moment that the plan is about; whether `created_at` is one is for `plan.claim` to say."""
    if document.at is not None:
        return read_moment(document.at)
    try:
        return read_moment(document.created_at)
    except ValueError:
        return None


def _read_change(change: _AgentChange) -> AgentChange:
    skills = tuple(read_line(each) for each in change.skills)
    return AgentChange(
        agent=read_agent(change.agent),
        team=change.team,
        source=read_position(change.source),
        skills=skills,
        before={each.skill.id: each.before for each in skills if each.before is not None},
        after={each.skill.id: each.after for each in skills if each.after is not None},
        version=None,
        has_union=change.writes > 1,
    )


def _read_held(held: _AgentHeld) -> AgentHeld:
    skills = (replace(read_line(each), hold=read_until(each.hold)) for each in held.skills)
    return AgentHeld(read_agent(held.agent), held.team, read_position(held.source), tuple(skills))


def _read_finding(finding: _Finding) -> Diagnostic:
    position = None if finding.source is None else read_position(finding.source)
    return Diagnostic(finding.code, finding.message, finding.hint, position, finding.severity)
