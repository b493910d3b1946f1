"""Writes one agent: guarded by its version or a reading just before, recorded before it leaves, proved after doubt."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol, assert_never

from reconciler.apply.decide import Verdict, decide
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import AccessDenied, ReconcileError, TenantError
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
# How often, and after which pauses, an agent is read again when a 200 came with the former set: readings may lag.
LAG_PAUSES_S = (1.0, 2.0, 4.0)
_FIRST_PAUSE_S = 0.2
# Without versions: what was read longer ago than this is read again before it is overwritten, so many times.
FRESH_S = 2.0
_MOST_LOOKS = 3
_LONGEST_PAUSE_S = 5.0


class WritableAgent(Protocol):
    """What it takes to write one agent."""

    async def read_agent(self, agent_id: str) -> AgentState | None:
        """Read one agent; None when it is gone."""

    def adjacent(self) -> AbstractAsyncContextManager[None]:
        """Within: what this task reads and then writes leaves without a wait between."""

    async def write_agent(
        self,
        agent_id: str,
        assignments: Mapping[str, Assignment],
        version: str | None,
        departing: Callable[[], None] | None = None,
    ) -> WriteAnswer:
        """Replace an agent's whole set, only where it still has `version` (if one is given).

        `departing` is called right before each attempt leaves; what it raises holds the attempt back.
        """


class WritableTenant(WritableAgent, Protocol):
    """All that a run needs of a tenant."""

    async def read_sets(self, agent_ids: Collection[str]) -> dict[str, AgentState]:
        """Read many agents again; those gone or unreadable are left out."""


class Depart(Protocol):
    """Asked before an attempt leaves; raises to hold it back. What it is told is on the disk when it returns."""

    def __call__(self, body: Mapping[str, Assignment], version: str | None, attempt: int, *, is_repeated: bool) -> None:
        """Record the intent to send `body` under `version`, for the try number `attempt` (from 1).

        `is_repeated` when the same attempt leaves once more, refused unseen before: it is on the disk already.
        """


class Retries:
    """How many more tries a whole run may spend beyond the first of each agent."""

    def __init__(self, quota: int) -> None:
        self._left = quota

    def take(self) -> bool:
        """Take one, if there is one left."""
        self._left -= 1
        return self._left >= 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a write ended.

    `refusal` are the tenant's words when it refused what
    was sent. `defers`: it wants a pause that nobody waits for; `denied`: it refuses the credential or the scope. Both
    end the run.
    """

    outcome: AgentOutcome
    refusal: str = ""
    defers: bool = False
    denied: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class _Next:
    """The next try: what to send, and under which version; `reason` is why the one before did not do."""

    body: Mapping[str, Assignment]
    version: str | None
    reason: str = ""


class _Stale(Exception):  # noqa: N818 - nothing went wrong
    """Raised before a write leaves: it had to wait, and who knows what the agent holds by now."""


class AgentWrite:
    """The write of one agent (or of one step of it), from its plan to its outcome."""

    def __init__(  # noqa: PLR0913 - what a write is made of; each is named at the call
        self,
        change: AgentChange,
        tenant: WritableTenant,
        *,
        ignored: Collection[str],
        names: Mapping[str, str],
        clock: Clock,
        random: Random,
        depart: Depart,
        retries: Retries,
    ) -> None:
        self._change = change
        self._tenant = tenant
        self._ignored = ignored
        self._names = names
        self._clock = clock
        self._random = random
        self._depart = depart
        self._retries = retries
        # An attempt whose answer proved nothing: from then on the outcome is proved, or `unknown`.
        self._in_doubt = False
        self._is_in_flight = False
        self._looked_at = 0.0

    @property
    def is_in_flight(self) -> bool:
        """Whether a PATCH has left whose answer is not in: to let go of it now would leave doubt."""
        return self._is_in_flight

    async def run(self) -> Ended:
        """Write the agent.

        Raises what `depart` raises, and CancelledError: `interrupted` then says how the agent stands.
        """
        try:
            return await self._run()
        except TenantError as error:
            return self._unproved(Status.FAILED, f"{error}")
        except AccessDenied as error:
            return replace(self._unproved(Status.FAILED, f"{error}"), denied=error.diagnostics)

    def interrupted(self, reason: str) -> AgentOutcome:
        """Say how the agent stands when the write is let go of at this moment."""
        if self._is_in_flight or self._in_doubt:
            message = f"{reason} before the tenant answered; the next apply finds out how it ended"
            return AgentOutcome(self._change.agent, Status.UNKNOWN, message)
        return AgentOutcome(self._change.agent, Status.NOT_TRIED, f"not written: {reason} before its turn")

    async def _run(self) -> Ended:
        step = _Next(self._change.after, self._change.version)
        for attempt in range(1, MAX_TRIES + 1):
            if attempt > 1:
                if not self._retries.take():
                    return self._unproved(Status.CONFLICT, "gave up: the tries of this run are used up; plan again")
                await self._pause(attempt)
            next_step = await (self._attempt(step, attempt) if step.version else self._look_and_attempt(step, attempt))
            if isinstance(next_step, Ended):
                return next_step
            step = next_step
        return self._give_up()

    async def _look_and_attempt(self, step: _Next, attempt: int) -> Ended | _Next:
        """Without a version: read the agent, and write right after it; read again if that had to wait all the same."""
        async with self._tenant.adjacent():
            for _ in range(_MOST_LOOKS):
                seen = await self._look(step.reason)
                if isinstance(seen, Ended):
                    return seen
                with suppress(_Stale):
                    return await self._attempt(seen, attempt)
        return self._unproved(Status.NOT_TRIED, "not written: the rate limit leaves no room for a reading and a write")

    async def _attempt(self, step: _Next, attempt: int) -> Ended | _Next:
        answer = await self._send(step, attempt)
        match answer:
            case Stored(state):
                return await self._judge(step, state)
            case Rejected(status, message):
                return self._unproved(
                    Status.FAILED, f"the tenant refused it: {message}" + _number(status), refusal=f"{status} {message}"
                )
            case Deferred(reason):
                return self._unproved(Status.NOT_TRIED, f"not written: {reason}", defers=True)
            case Gone():
                return self._unproved(Status.FAILED, "the agent is gone from the tenant")
            case Contended(message):
                return await self._look(message)
            case Doubtful(reason) | Accepted(reason):
                self._in_doubt = True
                return await self._look(reason)
            case _:
                assert_never(answer)

    async def _send(self, step: _Next, attempt: int) -> WriteAnswer:
        recorded = False

        def departing() -> None:
            nonlocal recorded
            # Only what was refused unseen (a 429, a 401, no connection) leaves once more.
            self._is_in_flight = False
            if step.version is None and self._clock.monotonic() - self._looked_at > FRESH_S:
                raise _Stale
            self._depart(step.body, step.version, attempt, is_repeated=recorded)
            recorded = self._is_in_flight = True

        try:
            answer = await self._tenant.write_agent(self._change.agent.id, step.body, step.version, departing)
        except ReconcileError:
            # A 401 or 403, or no token after one: the attempt was refused unseen.
            self._is_in_flight = False
            raise
        self._is_in_flight = False
        return answer

    async def _look(self, reason: str) -> Ended | _Next:
        """Read the agent and decide by the write protocol."""
        state = await self._tenant.read_agent(self._change.agent.id)
        self._looked_at = self._clock.monotonic()
        if state is None:
            return self._unproved(Status.FAILED, "the agent is gone from the tenant")
        decision = decide(self._change, state.assignments, self._ignored)
        match decision.verdict:
            case Verdict.DONE:
                status = Status.APPLIED if self._in_doubt else Status.ALREADY_DONE
                return self._ended(status, reason and f"after `{reason}`, found as planned")
            case Verdict.RETRY:
                return _Next(decision.body, state.version, reason)
            case Verdict.CONFLICT:
                return self._unproved(Status.CONFLICT, f"somebody else changed {self._named(decision.moved)} meanwhile")

    async def _judge(self, step: _Next, state: AgentState) -> Ended:
        """Compare what the tenant says it stored with what was asked for: a 200 is not success."""
        # What was written has another version than what it replaced: an echo under the old one proves nothing.
        is_same_version = step.version is not None and state.version == step.version
        if state.assignments == step.body and not is_same_version:
            return self._ended(Status.APPLIED)
        if is_same_version or self._is_unchanged(state):
            return await self._wait_for_lag(step, state)
        skills = {skill for skill in {*state.assignments, *step.body} if _differ(state.assignments, step.body, skill)}
        return self._ended(Status.UNKNOWN, f"the tenant stored something else for {self._named(sorted(skills))}")

    async def _wait_for_lag(self, step: _Next, state: AgentState) -> Ended:
        """Find out whether a 200 that shows the former set changed nothing, or only shows it late."""
        for pause_s in LAG_PAUSES_S:
            await self._clock.sleep(pause_s)
            seen = await self._tenant.read_agent(self._change.agent.id)
            if seen is not None and decide(self._change, seen.assignments, self._ignored).verdict is Verdict.DONE:
                return self._ended(Status.APPLIED, "the tenant showed it late")
        if step.version is not None and state.version == step.version:
            return self._unproved(Status.FAILED, "the tenant answered 200 and changed nothing")
        self._in_doubt = True
        return self._unproved(Status.UNKNOWN, "the tenant answered 200, and still shows the former skills")

    def _is_unchanged(self, state: AgentState) -> bool:
        before, ignored = self._change.before, self._ignored
        return all(
            state.assignments.get(skill) == before.get(skill)
            for skill in {*state.assignments, *before}
            if skill not in ignored
        )

    def _give_up(self) -> Ended:
        message = f"gave up after {MAX_TRIES} tries: the agent is being changed all the time; plan again later"
        return self._unproved(Status.CONFLICT, message)

    async def _pause(self, attempt: int) -> None:
        """Wait with full jitter, so that two writers do not meet again."""
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (attempt - 1))
        await self._clock.sleep(self._random.uniform(0, longest))

    def _unproved(self, status: Status, message: str, *, refusal: str = "", defers: bool = False) -> Ended:
        """End without success; after a doubtful attempt nobody can say that nothing was written."""
        if self._in_doubt:
            status, message = Status.UNKNOWN, f"{message}; an earlier try may have been written: plan again to see"
        return Ended(AgentOutcome(self._change.agent, status, message), refusal=refusal, defers=defers)

    def _ended(self, status: Status, message: str = "") -> Ended:
        return Ended(AgentOutcome(self._change.agent, status, message))

    def _named(self, skills: Collection[str]) -> str:
        return ", ".join(f"`{self._names.get(skill, skill)}`" for skill in skills)


def _differ(one: Mapping[str, Assignment], other: Mapping[str, Assignment], skill: str) -> bool:
    return one.get(skill) != other.get(skill)


def _number(status: int) -> str:
    return f" (HTTP {status})" if status else ""
