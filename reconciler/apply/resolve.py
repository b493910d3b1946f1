"""Finds out how the doubtful writes of earlier runs ended: reads each agent, compares, notes it in their journals."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from reconciler.apply.journal import Fsync, Journal, JournalBroken
from reconciler.apply.runs import doubtful, unsettled_runs
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import TenantError
from reconciler.model.answers import AgentState
from reconciler.model.redactor import Redactor
from reconciler.plan.outcome import Status
from reconciler.plan.record import AgentRecord, RunRecord, RunState

_MOST_READINGS = 200
# A write that a killed run left in flight may be committed this long after it left.
_MAY_STILL_LAND = timedelta(minutes=5)
# A tenant that fails this often is left alone: the plan that follows will say what is wrong with it.
_MOST_FAILURES = 3


class ReadableTenant(Protocol):
    """All that this needs of a tenant."""

    async def read_agent(self, agent_id: str) -> AgentState | None:
        """Read one agent; None when it is gone."""


async def resolve_doubts(  # noqa: PLR0913 - each is named at the call
    runs: Path,
    tenant_name: str,
    reader: ReadableTenant,
    *,
    this_run: str,
    clock: Clock,
    fsync: Fsync = os.fsync,
    redactor: Redactor | None = None,
) -> list[Diagnostic]:
    """Look after the tenant's earlier runs, newest first, and say what was found, a message for each agent.

    At most 200 agents are read; the rest is left to the next run. An agent that cannot be read, and a journal that
    cannot be written, cost a warning. AccessDenied passes through. Call it under the tenant's lock: a journal without
    an end then belongs to a run that is dead.
    """

    def reopen(path: Path) -> Journal:
        return Journal.reopen(path, clock=clock, fsync=fsync, redactor=redactor)

    resolver = _Resolver(reader, this_run, reopen, clock.now)
    for path, record in unsettled_runs(runs, tenant_name):
        if record.head.run != this_run:
            await resolver.look_after(path, record)
    return [*resolver.said, *resolver.rest()]


class _Resolver:
    def __init__(
        self,
        reader: ReadableTenant,
        this_run: str,
        reopen: Callable[[Path], Journal],
        now: Callable[[], datetime],
    ) -> None:
        self.said: list[Diagnostic] = []
        self._reader = reader
        self._this_run = this_run
        self._reopen = reopen
        self._now = now
        self._states: dict[str, AgentState | None] = {}
        self._readings = 0
        self._failures = 0
        self._left = 0

    async def look_after(self, path: Path, record: RunRecord) -> None:
        """Resolve what one run left in doubt."""
        if record.damage:
            self.said.append(_damaged(path, record))
            return
        found: list[tuple[AgentRecord, Status, str]] = []
        doubts = doubtful(record)
        for agent in doubts:
            if await self._is_read(record, agent):
                status, words = judge(agent, self._states[agent.agent.id], self._now())
                found.append((agent, status, words))
                self.said.append(_found(record, agent, words))
        self._note(path, found, is_settled=len(found) == len(doubts))

    def rest(self) -> Iterable[Diagnostic]:
        """Say how much was not looked at."""
        if self._left:
            message = f"{self._left} doubtful writes of earlier runs were not looked at this time"
            yield Diagnostic("write-doubtful", message, "the next apply goes on with them", severity=Severity.WARN)

    async def _is_read(self, record: RunRecord, agent: AgentRecord) -> bool:
        """Read the agent, unless that was done already; False where it could not be, or not now."""
        if agent.agent.id in self._states:
            return True
        if self._readings >= _MOST_READINGS or self._failures >= _MOST_FAILURES:
            self._left += 1
            return False
        self._readings += 1
        try:
            self._states[agent.agent.id] = await self._reader.read_agent(agent.agent.id)
        except TenantError as error:
            self._failures += 1
            message = f"how the write of `{agent.agent.label}` in run {record.head.run} ended is still open: {error}"
            hint = "the next apply looks again"
            self.said.append(Diagnostic("write-doubtful", message, hint, severity=Severity.WARN))
            return False
        return True

    def _note(self, path: Path, found: list[tuple[AgentRecord, Status, str]], *, is_settled: bool) -> None:
        """Write what was found into the journal of that run."""
        if not found and not is_settled:
            return
        try:
            journal = self._reopen(path)
            try:
                for agent, status, words in found:
                    journal.resolved(agent.agent.id, status, words, self._this_run)
                if is_settled:
                    journal.settled()
            finally:
                journal.close()
        except JournalBroken as error:
            message = f"what became of earlier writes could not be noted: {error}"
            hint = "the next apply looks at them again"
            self.said.append(Diagnostic("write-doubtful", message, hint, severity=Severity.WARN))


def judge(agent: AgentRecord, state: AgentState | None, now: datetime) -> tuple[Status, str]:
    """Say by a reading of an agent how its doubtful write ended: a status, and in words.

    Only skills that the writes changed count. A write that did not happen is `failed`, which promises that nothing of
    it was committed: whether it ever left nobody knows, so it is not `not_tried`. Only a version that has not moved
    proves that: the write may have been set back since. As long as it might still land it stays `unknown`, as does what
    is neither one nor the other; looking again would not tell more, for what is still to be written is in the plan that
    follows.
    """
    if state is None:
        return Status.UNKNOWN, "the agent is gone from the tenant"
    skills = [each.skill.id for each in agent.skills]
    live, before, *asked = (
        tuple(held.get(skill) for skill in skills) for held in (state.assignments, agent.before, *agent.asked)
    )
    if live == asked[-1]:
        return Status.APPLIED, "the first of its two writes was written" if agent.is_half else "it was written"
    if live in asked:
        return Status.UNKNOWN, "the first of its two writes was written, the second was not"
    if live == before:
        return _as_before(agent, state, now)
    return Status.UNKNOWN, "the agent has been changed since, so nobody can say whether it was written"


def _as_before(agent: AgentRecord, state: AgentState, now: datetime) -> tuple[Status, str]:
    if agent.version is None or agent.version != state.version:
        return Status.UNKNOWN, "the agent is as before: it was not written, or somebody set it back"
    if agent.intended_at is not None and now - agent.intended_at < _MAY_STILL_LAND:
        return Status.UNKNOWN, "it was not written so far"
    return Status.FAILED, "it was not written"


def _found(record: RunRecord, agent: AgentRecord, words: str) -> Diagnostic:
    ended = "ended while it wrote" if record.state is RunState.KILLED else "left in doubt"
    message = f"run {record.head.run} {ended} `{agent.agent.label}`: {words}"
    return Diagnostic("write-resolved", message, severity=Severity.INFO)


def _damaged(path: Path, record: RunRecord) -> Diagnostic:
    message = f"the journal of run {record.head.run} cannot be relied upon: {record.damage}"
    hint = f"writes of that run may be in doubt; see who touched it, then move it away: mv {path} {path}.damaged"
    return Diagnostic("journal-damaged", message, hint, severity=Severity.WARN)
