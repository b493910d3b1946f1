"""How a command ended, as JSON (`format_version` 1): what `--report FILE` writes, and `comment` reads back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentName
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.render.messages import message_as_dict
from reconciler.render.outcome import outcome_as_dict

_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Report:
    """The end of one command; the places of its messages begin where the command was started."""

    command: str
    exit_code: int
    diagnostics: tuple[Diagnostic, ...] = ()
    outcome: Outcome | None = None


def report_as_json(report: Report) -> str:
    """Write the report as one document, in ASCII."""
    document = {
        "format_version": _FORMAT_VERSION,
        "command": report.command,
        "exit_code": report.exit_code,
        "diagnostics": [message_as_dict(each) for each in report.diagnostics],
        "outcome": None if report.outcome is None else outcome_as_dict(report.outcome),
    }
    return json.dumps(document, indent=2) + "\n"


class _Source(msgspec.Struct, frozen=True):
    file: str
    line: int
    column: int


class _Message(msgspec.Struct, frozen=True):
    code: str
    severity: Severity
    message: str
    hint: str | None
    source: _Source | None


class _Agent(msgspec.Struct, frozen=True):
    id: str
    email: str
    user_name: str
    ref: str


class _AgentOutcome(msgspec.Struct, frozen=True):
    agent: _Agent
    status: Status
    message: str


class _Summary(msgspec.Struct, frozen=True):
    requests: int
    throttled: int
    seconds: float
    verified: bool


class _Outcome(msgspec.Struct, frozen=True):
    run: str
    tenant: str
    digest: str
    summary: _Summary
    agents: list[_AgentOutcome]


class _Document(msgspec.Struct, frozen=True):
    command: str
    exit_code: int
    diagnostics: list[_Message]
    outcome: _Outcome | None


class _Head(msgspec.Struct, frozen=True):
    format_version: int


def read_report(data: bytes, name: str) -> Report:
    """Read a report back; `name` is the file's. InvalidInput when it is none, or of another format version."""
    hint = "make it anew: reconcile --report FILE plan"
    try:
        version = msgspec.json.decode(data, type=_Head).format_version
        document = msgspec.json.decode(data, type=_Document) if version == _FORMAT_VERSION else None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput(Diagnostic("report-damaged", f"{name}: not a report ({error})", hint)) from error
    if document is None:
        message = f"{name}: report format {version} is not the one this version reads ({_FORMAT_VERSION})"
        raise InvalidInput(Diagnostic("report-damaged", message, hint))
    outcome = None if document.outcome is None else _outcome(document.outcome)
    return Report(document.command, document.exit_code, tuple(_messages(document.diagnostics)), outcome)


def _messages(messages: Iterable[_Message]) -> Iterable[Diagnostic]:
    for each in messages:
        at = each.source
        position = None if at is None else SourcePosition(at.file, at.line, at.column)
        yield Diagnostic(each.code, each.message, each.hint, position, each.severity)


def _outcome(outcome: _Outcome) -> Outcome:
    return Outcome(
        run=outcome.run,
        tenant=outcome.tenant,
        digest=outcome.digest,
        agents=tuple(
            AgentOutcome(AgentName(**msgspec.structs.asdict(each.agent)), each.status, each.message)
            for each in outcome.agents
        ),
        requests=outcome.summary.requests,
        throttled=outcome.summary.throttled,
        seconds=outcome.summary.seconds,
        is_verified=outcome.summary.verified,
    )
