"""Runs the writes of a plan: a fixed pool of workers, one agent each, until all are done or the run is stopped."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from reconciler.apply.write import AgentWrite, WritableTenant
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import AccessDenied
from reconciler.plan.change import AgentChange, Plan
from reconciler.plan.outcome import AgentOutcome, Status

# A runner is killed 7.5 s after its first signal: what is in flight gets this long to answer.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Written:
    """Every agent's outcome in the order of the plan, and why the run ended early, if it did."""

    agents: tuple[AgentOutcome, ...]
    denied: tuple[Diagnostic, ...] = ()
    is_interrupted: bool = False


async def write_all(  # noqa: PLR0913 - what a run is made of; each is named at the call
    plan: Plan,
    tenant: WritableTenant,
    *,
    max_concurrency: int,
    clock: Clock,
    random: Random,
    stop: asyncio.Event,
    progress: Callable[[AgentOutcome], None],
) -> Written:
    """Write every changed agent. `stop` set: no new write starts, what is in flight is waited for, then recorded.

    The first agent is written alone: what is wrong with all of them (a scope, the credential) then shows on one. After
    that a failing agent stops nobody else; a refused credential or scope stops every further write.
    """
    run = _Run(plan, tenant, clock, random, stop, progress)
    workers = [asyncio.create_task(run.work(number)) for number in range(min(max_concurrency, len(plan.changes)))]
    bell = asyncio.create_task(run.cancel_after_grace(workers))
    try:
        if workers:
            await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in (*workers, bell):
            task.cancel()
        await asyncio.gather(*workers, bell, return_exceptions=True)
    for worker in workers:
        if not worker.cancelled():
            worker.result()  # a surprise is not swallowed
    return run.written()


class _Run:
    def __init__(  # noqa: PLR0913, PLR0917 - see `write_all`
        self,
        plan: Plan,
        tenant: WritableTenant,
        clock: Clock,
        random: Random,
        stop: asyncio.Event,
        progress: Callable[[AgentOutcome], None],
    ) -> None:
        self._plan = plan
        self._tenant = tenant
        self._clock = clock
        self._random = random
        self._stop = stop
        self._progress = progress
        self._waiting = deque(plan.changes)
        self._ended: dict[str, AgentOutcome] = {}
        self._denied: tuple[Diagnostic, ...] = ()
        self._has_first = asyncio.Event()

    async def work(self, number: int) -> None:
        """Take one agent after the other, until none is left or the run is stopped; worker 0 goes ahead."""
        if number > 0:
            await self._has_first.wait()
        while self._waiting and not self._stop.is_set() and not self._denied:
            change = self._waiting.popleft()
            try:
                outcome = await AgentWrite(change, self._tenant, self._plan.ignored, self._clock, self._random).run()
            except AccessDenied as error:
                self._denied = error.diagnostics
                outcome = AgentOutcome(change.agent, Status.FAILED, f"{error}")
            except asyncio.CancelledError:
                message = "interrupted before the tenant answered; the next plan shows how it ended"
                self._record(AgentOutcome(change.agent, Status.UNKNOWN, message))
                raise
            self._record(outcome)

    async def cancel_after_grace(self, workers: list[asyncio.Task[None]]) -> None:
        """Once stopped, give what is in flight its time, then let go of it."""
        await self._stop.wait()
        await self._clock.sleep(_GRACE_S)
        for worker in workers:
            worker.cancel()

    def written(self) -> Written:
        """Sum up, in the order of the plan."""
        reason = "the tenant refused a write" if self._denied else "the run was interrupted"
        agents = tuple(self._ended.get(change.agent.id) or _not_tried(change, reason) for change in self._plan.changes)
        return Written(agents, self._denied, is_interrupted=self._stop.is_set())

    def _record(self, outcome: AgentOutcome) -> None:
        self._ended[outcome.agent.id] = outcome
        self._has_first.set()
        self._progress(outcome)


def _not_tried(change: AgentChange, reason: str) -> AgentOutcome:
    return AgentOutcome(change.agent, Status.NOT_TRIED, f"not written: {reason} before its turn")
