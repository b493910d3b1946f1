"""Reads the journals of past runs, and believes them as far as their chain holds."""

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import msgspec

from reconciler.apply.chain import ChainBroken, Line, walk
from reconciler.apply.journal import FORMAT_VERSION, SUFFIX
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.assignments import MAX_PROFICIENCY, Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentName, Part, SkillName
from reconciler.plan.outcome import Status
from reconciler.plan.record import AgentRecord, RunHead, RunKind, RunRecord, RunState, WrittenSkill
from reconciler.plan.suggest import nearest

_LARGEST = 512 * 1024 * 1024
_TAIL = 64 * 1024
_MOST_NAMED = 5


class _Value(NamedTuple):
    proficiency: Annotated[int, msgspec.Meta(ge=0, le=MAX_PROFICIENCY)]
    available: bool


class _SkillLine(msgspec.Struct):
    skill: SkillName


class _IntentLine(msgspec.Struct):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    agent: AgentName
    team: str | None
    part: str
    version: str | None
    skills: list[_SkillLine]
    before: dict[str, _Value]
    after: dict[str, _Value]


class _OutcomeLine(msgspec.Struct):
    agent: AgentName
    status: Status
    message: str


class _ResolvedLine(msgspec.Struct):
    agent_id: str
    status: Status
    message: str
    by_run: str


class _EndLine(msgspec.Struct):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    state: RunState


class _HeadLine(msgspec.Struct):
    format_version: int
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]


def read_run(path: Path) -> RunRecord:
    """Read one journal, up to the first line that is not as it was written: `damage` names it.

    Never raises. A file that says nothing of its run gives a record without a tenant, with `damage` or, where the
    machine stopped before the first line was whole (and so nothing was sent), without.
    """
    reading = _Reading(path)
    try:
        with _opened(path) as file:
            for line in walk(file):
                reading.take(line)
    except ChainBroken as error:
        reading.damage = f"line {error.number} of `{path}` was edited, or a line before it removed"
    except msgspec.ValidationError:
        reading.damage = f"line {reading.lines + 1} of `{path}` makes no sense"
    except OSError as error:
        reading.damage = f"`{path}` cannot be read: {error.strerror}"
    return reading.record()


def list_runs(runs: Path, tenant: str | None, most: int | None = None) -> list[RunRecord]:
    """Read the journals in the folder `runs`, newest first, at most so many; of one tenant, or of all.

    A file whose first line cannot be read is listed with its damage, whichever tenant is asked for.
    """
    return [read_run(path) for _, path in _found(runs, tenant)[:most]]


def find_run(runs: Path, tenant: str | None, ref: str) -> RunRecord:
    """Find a run of a tenant (None: of any) by its id, the beginning of one, or as `last`; InvalidInput if none is."""
    paths = {path.name.removesuffix(SUFFIX): path for _, path in _found(runs, tenant)}
    if ref == "last" and paths:
        return read_run(next(iter(paths.values())))
    named = [ref] if ref in paths else [run for run in paths if ref and run.startswith(ref)]
    if len(named) == 1:
        return read_run(paths[named[0]])
    if named:
        message = f"`{ref}` is the beginning of {len(named)} runs"
        raise InvalidInput(Diagnostic("run-unknown", message, f"say which: {_listed(named)}"))
    of = "" if tenant is None else f" of tenant `{tenant}`"
    if not paths:
        hint = "RECONCILE_STATE_DIR says where runs are recorded; each machine has its own"
        raise InvalidInput(Diagnostic("run-unknown", f"no run{of} is recorded in `{runs}`", hint))
    hint = f"did you mean {_listed(nearest(ref, paths) or list(paths))}?"
    raise InvalidInput(Diagnostic("run-unknown", f"there is no run `{ref}`{of}", hint))


def doubtful(record: RunRecord) -> tuple[AgentRecord, ...]:
    """Give the agents for whom nobody knows yet how their write ended."""
    return tuple(agent for agent in record.agents if agent.is_doubtful)


def unsettled_runs(runs: Path, tenant: str) -> Iterator[tuple[Path, RunRecord]]:
    """Read the runs, newest first, whose last line does not say that nothing is in doubt; the others stay unread."""
    for _, path in _found(runs, tenant):
        if not _is_settled(path):
            yield path, read_run(path)


def _listed(names: list[str]) -> str:
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _found(runs: Path, tenant: str | None) -> list[tuple[datetime, Path]]:
    """Find the journals of a tenant (None: of all) by their first lines, newest first."""
    found = []
    for path in runs.glob(f"*{SUFFIX}"):
        head = _first_line(path)
        if head.damage or (head.head.tenant and tenant in (None, head.head.tenant)):
            found.append((head.head.started_at, path))
    return sorted(found, key=lambda each: (each[0], each[1].name), reverse=True)


def _first_line(path: Path) -> RunRecord:
    reading = _Reading(path)
    try:
        with _opened(path) as file:
            for line in walk(file):
                reading.take(line)
                break
    except (ChainBroken, msgspec.ValidationError, OSError):
        reading.damage = "its first line"
    return reading.record()


def _is_settled(path: Path) -> bool:
    """Whether the last line says so; anything odd means that it is worth reading all of it."""
    try:
        with _opened(path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            *_, last = file.read(_TAIL).splitlines() or [b""]
            fields = json.loads(last)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(fields, dict) and (
        fields.get("type") == "settled" or (fields.get("type") == "end" and fields.get("doubtful") == 0)
    )


def _opened(path: Path) -> BinaryIO:
    """Open a journal; OSError where it is anything but an ordinary file of reasonable size."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no ordinary file, or larger than 512 MiB")
    return os.fdopen(descriptor, "rb")


class _Agent:
    """What the lines read so far say of one agent."""

    def __init__(self, agent: AgentName, source: SourcePosition) -> None:
        self.agent = agent
        self.source = source
        self.team: str | None = None
        self.names: dict[str, SkillName] = {}
        self.before: Mapping[str, Assignment] = {}
        self.asked: list[Mapping[str, Assignment]] = []
        self.is_half = False
        self.status: Status | None = None
        self.message = ""
        self.resolved_by = ""
        self.intended_at: datetime | None = None
        self.version: str | None = None

    def record(self) -> AgentRecord:
        after = self.asked[-1] if self.asked else {}
        values = ((skill, self.before.get(skill.id), after.get(skill.id)) for skill in self.names.values())
        return AgentRecord(
            agent=self.agent,
            team=self.team,
            source=self.source,
            skills=tuple(WrittenSkill(skill, old, new) for skill, old, new in values if old != new),
            before=self.before,
            after=after,
            has_intent=bool(self.asked),
            status=self.status,
            message=self.message,
            asked=tuple(self.asked),
            is_half=self.is_half,
            resolved_by=self.resolved_by,
            intended_at=self.intended_at,
            version=self.version,
        )


class _Reading:
    """A journal as far as it has been read."""

    def __init__(self, path: Path) -> None:
        self.damage = ""
        self.lines = 0
        self._path = path
        self._head: RunHead | None = None
        self._agents: dict[str, _Agent] = {}
        self._end: _EndLine | None = None
        self._takers: dict[object, Callable[[Line], None]] = {
            "head": self._take_head,
            "intent": self._take_intent,
            "outcome": self._take_outcome,
            "resolved": self._take_resolved,
            "end": self._take_end,
            "settled": lambda _line: None,
        }

    def take(self, line: Line) -> None:
        """Take in one line; ValidationError where it makes no sense."""
        kind = line.fields.get("type")
        taker = self._takers.get(kind) if isinstance(kind, str) else None
        if taker is None or (kind == "head") != (line.number == 1):
            raise msgspec.ValidationError
        taker(line)
        self.lines = line.number

    def record(self) -> RunRecord:
        """Sum up."""
        return RunRecord(
            head=self._head or self._no_head(),
            state=self._end.state if self._end else RunState.KILLED,
            ended_at=self._end.at if self._end else None,
            agents=tuple(agent.record() for agent in self._agents.values()),
            damage=self.damage,
        )

    def _no_head(self) -> RunHead:
        try:
            written_at = datetime.fromtimestamp(self._path.lstat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            written_at = datetime.min.replace(tzinfo=UTC)
        return RunHead(self._path.name.removesuffix(SUFFIX), RunKind.APPLY, "", "", written_at)

    def _take_head(self, line: Line) -> None:
        if msgspec.convert(line.fields, _HeadLine).format_version != FORMAT_VERSION:
            raise msgspec.ValidationError
        self._head = msgspec.convert(line.fields, RunHead)

    def _take_intent(self, line: Line) -> None:
        intent = msgspec.convert(line.fields, _IntentLine)
        agent = self._agent(intent.agent, line)
        agent.team = intent.team
        agent.names |= {each.skill.id: each.skill for each in intent.skills}
        if not agent.asked:
            agent.before = _assignments(intent.before)
        agent.asked.append(_assignments(intent.after))
        agent.is_half = intent.part == Part.UNION
        agent.intended_at, agent.version = intent.at, intent.version
        # Whatever was known of this agent, now there is one more write of which nothing is.
        agent.status, agent.message, agent.resolved_by = None, "", ""

    def _take_outcome(self, line: Line) -> None:
        outcome = msgspec.convert(line.fields, _OutcomeLine)
        agent = self._agent(outcome.agent, line)
        agent.status, agent.message = outcome.status, outcome.message

    def _take_resolved(self, line: Line) -> None:
        resolved = msgspec.convert(line.fields, _ResolvedLine)
        agent = self._agents.get(resolved.agent_id)
        if agent is None:
            raise msgspec.ValidationError
        agent.status, agent.message, agent.resolved_by = resolved.status, resolved.message, resolved.by_run

    def _take_end(self, line: Line) -> None:
        self._end = msgspec.convert(line.fields, _EndLine)

    def _agent(self, agent: AgentName, line: Line) -> _Agent:
        source = SourcePosition(self._path.name, line.number, 1)
        return self._agents.setdefault(agent.id, _Agent(agent, source))


def _assignments(values: Mapping[str, _Value]) -> dict[str, Assignment]:
    return {skill: Assignment(*value) for skill, value in values.items()}
