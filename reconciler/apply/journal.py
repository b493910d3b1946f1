"""Writes the journal of a run: what is about to be sent, on the disk before it is sent, and what became of it.

One file a run, JSON Lines, chained as `apply.chain` says. Types of line: `head`, then `intent`, `outcome`, `end`; and
in the journal of a run that was killed, from the run that looked after it, `resolved` and `settled`.
"""

import errno
import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from reconciler.apply.chain import START, ChainBroken, seal, walk
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcileError, Refused
from reconciler.model.assignments import Assignment
from reconciler.model.redactor import Redactor
from reconciler.plan.change import AgentChange, AgentName
from reconciler.plan.outcome import AgentOutcome, Status
from reconciler.plan.record import RunHead, RunState

FORMAT_VERSION = 1
SUFFIX = ".jsonl"
_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Fsync = Callable[[int], None]
Write = Callable[[int, bytes], int]


class JournalBroken(ReconcileError):  # noqa: N818 - the tree names causes
    """The journal cannot be written any more: nothing may be sent from now on."""


class Journal:
    """The journal of one run. One writer for each file: the tenant's lock sees to that.

    After the first failure it stays broken: once an fsync has failed, nobody can say what the disk holds.
    """

    def __init__(  # noqa: PLR0913 - each is named where a journal is made
        self, path: Path, file: int, clock: Clock, *, fsync: Fsync, write: Write, redactor: Redactor | None
    ) -> None:
        self.path = path
        self._file = file
        self._clock = clock
        self._fsync = fsync
        self._write = write
        self._redactor = redactor or Redactor()
        self._chain = START
        self._fault: OSError | None = None
        # What was written but may still be lost with the machine; and what is lost. Both by agent id.
        self._floating: dict[str, AgentOutcome] = {}
        self._lost: dict[str, AgentOutcome] = {}
        # How every agent ended so far, by id; None while that is open.
        self._statuses: dict[str, Status | None] = {}

    @classmethod
    def create(  # noqa: PLR0913 - as above
        cls,
        runs: Path,
        head: RunHead,
        *,
        clock: Clock,
        fsync: Fsync = os.fsync,
        write: Write = os.write,
        redactor: Redactor | None = None,
    ) -> Self:
        """Make `<run>.jsonl` in the folder `runs`, with its first line safe on the disk. Refused where that cannot be.

        The folder is made if need be; both are for their owner only.
        """
        path = runs / f"{head.run}{SUFFIX}"
        try:
            _make_folder(runs, fsync)
            journal = cls(path, os.open(path, _NEW, 0o600), clock, fsync=fsync, write=write, redactor=redactor)
            try:
                journal._append("head", _head_fields(head), is_durable=True)
                _fsync_folder(runs, fsync)
            except OSError:
                journal.close()
                with suppress(OSError):
                    path.unlink()
                raise
        except OSError as error:
            message = f"the journal of this run cannot be written below `{runs}`: {_words(error)}; nothing was sent"
            hint = "make room there, or export RECONCILE_STATE_DIR=… with a folder that can be written"
            raise Refused(Diagnostic("journal-unwritable", message, hint)) from error
        return journal

    @classmethod
    def reopen(
        cls,
        path: Path,
        *,
        clock: Clock,
        fsync: Fsync = os.fsync,
        write: Write = os.write,
        redactor: Redactor | None = None,
    ) -> Self:
        """Go on with the journal of a killed run, after its last whole line; a torn one is cut off.

        JournalBroken where it cannot be written, or was edited.
        """
        try:
            journal = cls(path, os.open(path, _OLD), clock, fsync=fsync, write=write, redactor=redactor)
            try:
                journal._go_on()
            except (OSError, ChainBroken):
                journal.close()
                raise
        except OSError as error:
            raise JournalBroken(_broken(path, _words(error))) from error
        except ChainBroken as error:
            raise JournalBroken(_broken(path, f"line {error.number} was edited")) from error
        return journal

    def intent(
        self, change: AgentChange, part: str, body: Mapping[str, Assignment], version: str | None, attempt: int
    ) -> None:
        """Record that `body` is about to be sent; on the disk when this returns, else JournalBroken: do not send.

        Every attempt is recorded, repeated ones too. `part` names the step of an agent that takes two writes.
        """
        fields = {
            "agent": _agent_fields(change.agent),
            "team": change.team,
            "part": part,
            "attempt": attempt,
            "version": version,
            "skills": _skill_fields(change, body),
            "before": dict(change.before),
            "after": dict(body),
        }
        self._statuses[change.agent.id] = None
        self._append_or_break("intent", fields)

    def outcome(self, outcome: AgentOutcome) -> None:
        """Record how an agent ended; the last outcome of an agent counts. What cannot be recorded is `unrecorded`.

        It is safe on the disk with the next intent, or the end: an outcome that is lost makes a doubtful write, which
        the next run resolves.
        """
        agent = outcome.agent.id
        fields = {"agent": _agent_fields(outcome.agent), "status": outcome.status, "message": outcome.message}
        self._floating[agent] = outcome
        self._statuses[agent] = outcome.status
        with suppress(OSError):
            self._append("outcome", fields, is_durable=False)

    def end(self, state: RunState) -> None:
        """Record the end of the run, with how many agents ended how. Never raises: see `is_broken`."""
        statuses = Counter(self._statuses.values())
        doubtful = statuses.pop(None, 0) + statuses[Status.UNKNOWN]
        with suppress(OSError):
            self._append("end", {"state": state, "counts": statuses, "doubtful": doubtful}, is_durable=True)

    def resolved(self, agent_id: str, status: Status, message: str, by_run: str) -> None:
        """Record what the run `by_run` found out about a doubtful write of this one. JournalBroken as for an intent."""
        fields = {"agent_id": agent_id, "status": status, "message": message, "by_run": by_run}
        self._append_or_break("resolved", fields)

    def settled(self) -> None:
        """Record that no write of this run is in doubt any more. JournalBroken as for an intent."""
        self._append_or_break("settled", {})

    @property
    def unrecorded(self) -> tuple[AgentOutcome, ...]:
        """The outcomes that the disk may not hold, in the order in which they came; for a person to see."""
        return tuple(self._lost.values())

    @property
    def is_broken(self) -> bool:
        """Whether something could not be written; then nothing may be sent any more."""
        return self._fault is not None

    def close(self) -> None:
        """Let go of the file; once is enough, twice does no harm."""
        file, self._file = self._file, -1
        if file >= 0:
            with suppress(OSError):
                os.close(file)

    def _append_or_break(self, kind: str, fields: Mapping[str, object]) -> None:
        try:
            self._append(kind, fields, is_durable=True)
        except OSError as error:
            raise JournalBroken(_broken(self.path, _words(error))) from error

    def _append(self, kind: str, fields: Mapping[str, object], *, is_durable: bool) -> None:
        """Write a line. OSError where that fails, and at every call after one that failed."""
        try:
            if self._fault is not None:
                raise self._fault
            shown = {key: self._redactor.mask_document(value) for key, value in fields.items()}
            line, chain = seal({"type": kind, "at": _instant(self._clock.now()), **shown}, self._chain)
            self._write_all(line)
            self._chain = chain
            if is_durable:
                self._fsync(self._file)
                _check_linked(self._file)
                self._floating.clear()
        except OSError as error:
            self._fault = error
            self._lost |= self._floating
            self._floating.clear()
            raise

    def _write_all(self, line: bytes) -> None:
        """Write all of `line`: a disk that fills up takes a part of it first."""
        while line:
            written = self._write(self._file, line)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            line = line[written:]

    def _go_on(self) -> None:
        end = 0
        with os.fdopen(os.dup(self._file), "rb") as file:
            for line in walk(file):
                self._chain, end = line.chain, line.end
        if os.fstat(self._file).st_size > end:
            os.ftruncate(self._file, end)


def _head_fields(head: RunHead) -> dict[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "run": head.run,
        "kind": head.kind,
        "tenant": head.tenant,
        "digest": head.digest,
        "started_at": _instant(head.started_at),
        "who": head.who,
        "commit": head.commit,
        "allowed": head.allowed,
        "reverts": head.reverts,
    }


def _agent_fields(agent: AgentName) -> dict[str, str]:
    return {"id": agent.id, "email": agent.email, "user_name": agent.user_name, "ref": agent.ref}


def _skill_fields(change: AgentChange, body: Mapping[str, Assignment]) -> list[dict[str, object]]:
    """Give the skills of the change that this write sets otherwise, with their names, for people and for a rollback."""
    skills = [each.skill for each in change.skills]
    return [
        {
            "skill": {"id": skill.id, "name": skill.name},
            "before": _value_fields(change.before.get(skill.id)),
            "after": _value_fields(body.get(skill.id)),
        }
        for skill in skills
        if change.before.get(skill.id) != body.get(skill.id)
    ]


def _value_fields(value: Assignment | None) -> dict[str, int] | None:
    return value and {"proficiency": value.proficiency, "available": value.available}


def _instant(moment: datetime) -> str:
    """Write a moment as RFC 3339, in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _make_folder(folder: Path, fsync: Fsync) -> None:
    """Make the folder, and make sure that a power cut leaves a way to it: who made the state folder did not care."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for each in reversed(folder.absolute().parents):
        with suppress(PermissionError):  # a folder that we may not even read was not made by us
            _fsync_folder(each, fsync)


def _fsync_folder(folder: Path, fsync: Fsync) -> None:
    """Make a new entry of the folder survive a power cut: an fsync of the file alone does not promise its name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems do not know an fsync of folders
            raise
    finally:
        os.close(descriptor)


def _check_linked(file: int) -> None:
    """Notice a file that was removed while it is written: writing it goes on without a fault, and nobody reads it."""
    if os.fstat(file).st_nlink == 0:
        raise FileNotFoundError(errno.ENOENT, "it was removed")


def _broken(path: Path, why: str) -> Diagnostic:
    message = f"the journal `{path}` can no longer be written: {why}"
    hint = "nothing more was sent; make room there, or export RECONCILE_STATE_DIR=… with another folder; apply again"
    return Diagnostic("journal-broken", message, hint)


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
