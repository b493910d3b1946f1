"""Writes one agent: guarded by its version (or by a reading just before), proved after every doubt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from reconciler.apply.decide import Verdict, decide
from reconciler.clock import Clock
from reconciler.errors import TenantError
from reconciler.model.answers import (
    Accepted,
    AgentState,
    Contended,
    Deferred,
    Doubtful,
    Gone,
    Rejected,
    Stored,
    WriteAnswer,
)
from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange
from reconciler.plan.outcome import AgentOutcome, Status

MAX_TRIES = 5
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


class WritableTenant(Protocol):
    """All that a write needs of a tenant."""

    async def read_agent(self, agent_id: str) -> AgentState | None:
        """Read one agent; None when it is gone."""

    async def write_agent(
        self, agent_id: str, assignments: Mapping[str, Assignment], version: str | None
    ) -> WriteAnswer:
        """Replace an agent's whole set, only where it still has `version` (if one is given)."""


@dataclass(frozen=True, slots=True)
class _Next:
    """The next try: what to send, and under which version."""

    body: Mapping[str, Assignment]
    version: str | None


class AgentWrite:
    """The write of one agent, from its plan to its outcome."""

    def __init__(
        self, change: AgentChange, tenant: WritableTenant, ignored: Collection[str], clock: Clock, random: Random
    ) -> None:
        self._change = change
        self._tenant = tenant
        self._ignored = ignored
        self._clock = clock
        self._random = random
        # An attempt whose answer proved nothing: from then on the outcome is proved, or `unknown`.
        self._in_doubt = False

    async def run(self) -> AgentOutcome:
        """Write the agent.

        Raises AccessDenied when the tenant refuses the credential or the scope: the run is over then.
        """
        try:
            return await self._run()
        except TenantError as error:
            return self._unproved(Status.FAILED, f"{error}")

    async def _run(self) -> AgentOutcome:
        step: _Next | AgentOutcome = _Next(self._change.after, self._change.version)
        if self._change.version is None:
            step = await self._look("")
        for attempt in range(MAX_TRIES):
            if isinstance(step, AgentOutcome):
                return step
            if attempt:
                await self._pause(attempt)
            step = await self._attempt(step)
        return step if isinstance(step, AgentOutcome) else self._give_up()

    async def _attempt(self, step: _Next) -> AgentOutcome | _Next:
        answer = await self._tenant.write_agent(self._change.agent.id, step.body, step.version)
        match answer:
            case Stored(state):
                return self._judge(step.body, state)
            case Rejected(status, message):
                return self._unproved(Status.FAILED, f"the tenant refused it: {message}" + _number(status))
            case Deferred(reason):
                return self._unproved(Status.FAILED, reason)
            case Gone():
                return self._unproved(Status.FAILED, "the agent is gone from the tenant")
            case Contended(message):
                return await self._look(message)
            case Doubtful(reason) | Accepted(reason):
                self._in_doubt = True
                return await self._look(reason)

    async def _look(self, reason: str) -> AgentOutcome | _Next:
        """Read the agent and decide by the write protocol."""
        state = await self._tenant.read_agent(self._change.agent.id)
        if state is None:
            return self._unproved(Status.FAILED, "the agent is gone from the tenant")
        decision = decide(self._change, state.assignments, self._ignored)
        match decision.verdict:
            case Verdict.DONE:
                status = Status.APPLIED if self._in_doubt else Status.ALREADY_DONE
                return self._outcome(status, reason and f"after `{reason}`, found as planned")
            case Verdict.RETRY:
                return _Next(decision.body, state.version)
            case Verdict.CONFLICT:
                return self._unproved(Status.CONFLICT, f"somebody else changed {self._named(decision.moved)} meanwhile")

    def _judge(self, body: Mapping[str, Assignment], state: AgentState) -> AgentOutcome:
        """Compare what the tenant says it stored with what was asked for: a 200 is not success."""
        if state.assignments == body:
            return self._outcome(Status.APPLIED)
        if state.assignments == self._change.before:
            return self._unproved(Status.FAILED, "the tenant answered 200 and changed nothing")
        skills = {skill for skill in {*state.assignments, *body} if state.assignments.get(skill) != body.get(skill)}
        return self._outcome(Status.UNKNOWN, f"the tenant stored something else for {self._named(sorted(skills))}")

    def _give_up(self) -> AgentOutcome:
        message = f"gave up after {MAX_TRIES} tries: the agent is being changed all the time; plan again later"
        return self._unproved(Status.CONFLICT, message)

    async def _pause(self, attempt: int) -> None:
        """Wait with full jitter, so that two writers do not meet again."""
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
        await self._clock.sleep(self._random.uniform(0, longest))

    def _unproved(self, status: Status, message: str) -> AgentOutcome:
        """End without success; after a doubtful attempt nobody can say that nothing was written."""
        if self._in_doubt:
            return self._outcome(Status.UNKNOWN, f"{message}; an earlier try may have been written: plan again to see")
        return self._outcome(status, message)

    def _outcome(self, status: Status, message: str = "") -> AgentOutcome:
        return AgentOutcome(self._change.agent, status, message)

    def _named(self, skills: Collection[str]) -> str:
        names = {change.skill.id: change.skill.name for change in self._change.skills}
        return ", ".join(f"`{names.get(skill, skill)}`" for skill in skills)


def _number(status: int) -> str:
    return f" (HTTP {status})" if status else ""
