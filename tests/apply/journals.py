"""Journals to test with: a head, changes, and a disk that fails on request."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reconciler.apply.journal import Journal
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentChange, AgentName, AssignmentChange, SkillName
from reconciler.plan.outcome import AgentOutcome, Status
from reconciler.plan.record import RunHead, RunKind
from tests.conftest import VirtualClock

SOURCE = SourcePosition("agents.yaml", 3, 3)
BEFORE = {"billing": Assignment(50, True), "chat": Assignment(40, False), "wfi": Assignment(1, True)}
AFTER = {"billing": Assignment(60, True), "email": Assignment(30, True), "wfi": Assignment(1, True)}
UNION = BEFORE | AFTER


def head(run: str = "20261122T140000Z-00000a", tenant: str = "acme") -> RunHead:
    """Make the head of a run; its id says when it started."""
    started = datetime.strptime(run[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return RunHead(run, RunKind.APPLY, tenant, "sha256:0", started)


def agent(name: str) -> AgentName:
    """Make an agent of that name."""
    return AgentName(f"id-{name}", f"{name}@example.com", f"user.{name}", f"{name}@example.com")


def change(name: str = "ana") -> AgentChange:
    """Make the change of an agent: Billing is raised, Chat removed, Email added; `wfi` is somebody else's."""
    skills = (
        AssignmentChange(Action.CHANGE, SkillName("billing", "Billing"), BEFORE["billing"], AFTER["billing"], SOURCE),
        AssignmentChange(Action.REMOVE, SkillName("chat", "Chat"), BEFORE["chat"], None, SOURCE),
        AssignmentChange(Action.ADD, SkillName("email", "Email"), None, AFTER["email"], SOURCE),
    )
    return AgentChange(agent(name), "Testers", SOURCE, skills, BEFORE, AFTER, "7")


def intend(journal: Journal, name: str = "ana", *, attempt: int = 1) -> None:
    """Record the intent to write an agent whole."""
    journal.intent(change(name), "whole", AFTER, "7", attempt)


def outcome(name: str = "ana", status: Status = Status.APPLIED, message: str = "") -> AgentOutcome:
    """Make the outcome of an agent."""
    return AgentOutcome(agent(name), status, message)


def create(runs: Path, run: str = "20261122T140000Z-00000a", tenant: str = "acme") -> Journal:
    """Begin a journal on a disk that works, without waiting for it."""
    return Journal.create(runs, head(run, tenant), clock=VirtualClock(), fsync=lambda _file: None)


@dataclass
class Disk:
    """The real disk, but for one call: number `fails_at` (from 1) of `call` and all later ones fail with `number`.

    `calls` tells what reached the disk, in order. `heals` lets later calls succeed again; `bite` is the most that one
    write takes.
    """

    call: str = ""
    fails_at: int = 0
    number: int = errno.EIO
    heals: bool = False
    bite: int = 1 << 20
    calls: list[str] = field(default_factory=list)

    def write(self, file: int, data: bytes) -> int:
        """Write, at most a bite."""
        self._count("write")
        return os.write(file, data[: self.bite])

    def fsync(self, file: int) -> None:
        """Do as if: no test pulls the plug."""
        self._count("fsync")
        os.fstat(file)

    def _count(self, call: str) -> None:
        self.calls.append(call)
        count = self.calls.count(call)
        if call == self.call and (count == self.fails_at or (count > self.fails_at and not self.heals)):
            raise OSError(self.number, os.strerror(self.number))


def begin(runs: Path, disk: Disk) -> Journal:
    """Begin a journal on `disk`."""
    return Journal.create(runs, head(), clock=VirtualClock(), fsync=disk.fsync, write=disk.write)


# Everything that a journal is asked to write in these tests, in order; the head comes before.
STEPS: tuple[Callable[[Journal], None], ...] = (
    intend,
    lambda journal: journal.outcome(outcome()),
    lambda journal: intend(journal, "bo"),
    lambda journal: intend(journal, "bo", attempt=2),
    lambda journal: journal.outcome(outcome("bo", Status.UNKNOWN, "no answer")),
    lambda journal: journal.outcome(outcome("cy", Status.HELD_BACK, "`ana` failed")),
    lambda journal: intend(journal, "dee"),
)
