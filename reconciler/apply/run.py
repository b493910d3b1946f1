"""Runs the writes of a plan: a few workers, one step each, in an order that keeps every skill covered."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from reconciler.apply.journal import Journal, JournalBroken
from reconciler.apply.stop_rules import StopRules
from reconciler.apply.turns import Turns
from reconciler.apply.verify import look_again
from reconciler.apply.write import AgentWrite, Depart, Ended, Retries, WritableTenant
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcileError
from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange, Part, Plan, SkillName, Step
from reconciler.plan.moments import moment
from reconciler.plan.order import part_of
from reconciler.plan.outcome import AgentOutcome, Status

# A runner is killed 7.5 s after its first signal: what is in flight gets this long to answer.
_GRACE_S = 5.0
# Tries of a whole run beyond the first of each agent.
_SPARE_RETRIES = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run is carried out.

    `probes` are the changes (places in the plan) that go first and alone; `is_canary` when they are read again before
    anybody else's turn. `stop` is set to end the run early; `progress` hears of each agent as it ends. No write starts
    once `deadline_s` have passed, nor from `valid_until` on: what the plan asks for is not desired any more.
    """

    max_concurrency: int
    clock: Clock
    random: Random
    stop: asyncio.Event
    progress: Callable[[AgentOutcome], None]
    deadline_s: float
    probes: frozenset[int] = frozenset()
    is_canary: bool = False
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run ended early; `words` go into the message of every agent that was not tried."""

    words: str
    diagnostics: tuple[Diagnostic, ...] = ()
    is_denied: bool = False
    is_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Every agent's outcome in the order of the plan; `as_written` is what each agent that was written should hold."""

    agents: tuple[AgentOutcome, ...]
    as_written: Mapping[str, AgentChange] = field(default_factory=dict)
    halt: Halt | None = None


async def write_all(plan: Plan, tenant: WritableTenant, journal: Journal, terms: Terms) -> Written:
    """Write every changed agent, as far as that can be.

    The probes (the first agent, or the canary) go alone: what is wrong with all of them shows there. After that a
    failing agent stops nobody but those who relied on it, unless a rule says that the trouble is general. Once halted
    no new write starts, and what is in flight is waited for and recorded.
    """
    run = _Run(plan, tenant, journal, terms)
    watcher = asyncio.create_task(run.watch_for_signal())
    try:
        await run.work()
        if terms.is_canary:
            await run.check_canary()
        run.release()
        await run.work()
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
    return run.written()


_INTERRUPTED = Halt("the run was interrupted", is_interrupted=True)


class _Halted(Exception):  # noqa: N818 - nothing went wrong
    """Raised before a write leaves: the run has been halted meanwhile."""


class _Run:
    def __init__(self, plan: Plan, tenant: WritableTenant, journal: Journal, terms: Terms) -> None:
        self._plan = plan
        self._tenant = tenant
        self._journal = journal
        self._terms = terms
        self._turns = Turns(plan, terms.probes)
        self._rules = StopRules()
        self._retries = Retries(_SPARE_RETRIES + len(plan.changes))
        self._deadline = terms.clock.monotonic() + terms.deadline_s
        self._ended: dict[str, AgentOutcome] = {}
        self._as_written: dict[str, AgentChange] = {}
        self._has_intent: set[str] = set()
        self._busy: dict[asyncio.Task[None], AgentWrite] = {}
        self._halt: Halt | None = None
        self._news = asyncio.Event()

    async def work(self) -> None:
        """Let the workers take steps until none can be taken any more."""
        workers = [asyncio.create_task(self._worker()) for _ in range(self._terms.max_concurrency)]
        try:
            await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for worker in workers:
                worker.cancel()
            results = await asyncio.gather(*workers, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def watch_for_signal(self) -> None:
        """Once asked to stop, give what is in flight its time, then let go of it."""
        await self._terms.stop.wait()
        self._stop(_INTERRUPTED)
        await self._terms.clock.sleep(_GRACE_S)
        for worker in self._busy:
            worker.cancel()

    async def check_canary(self) -> None:
        """Read the canary again; anything but what was planned ends the run."""
        if self._halt is not None:
            return
        agents = [self._plan.changes[place].agent for place in sorted(self._terms.probes)]
        troubled = [agent for agent in agents if not self._went_well(agent.id)]
        if not troubled:
            try:
                seen = await look_again(self._as_written, self._tenant, self._plan.ignored, self._terms.clock)
            except ReconcileError as error:
                self._stop(Halt("the canary could not be verified", error.diagnostics))
                return
            troubled = [agent for agent in agents if not seen[agent.id]]
        if troubled:
            names = ", ".join(f"`{agent.label}`" for agent in troubled)
            message = f"the canary did not end as planned: {names}; nobody else was written"
            hint = "look at these agents, then run the same command again; what is done stays done"
            self._stop(Halt("the canary did not end as planned", (Diagnostic("canary", message, hint),)))

    def _went_well(self, agent_id: str) -> bool:
        ended = self._ended.get(agent_id)  # none yet where the first of two steps was the canary
        return agent_id in self._as_written and (ended is None or ended.status.is_as_planned)

    def release(self) -> None:
        """Let everybody take turns."""
        self._turns.release()

    def written(self) -> Written:
        """Sum up, in the order of the plan."""
        for step, forbidding in self._turns.rest():
            change = self._plan.changes[step.change]
            if change.agent.id not in self._ended:
                self._leave(step, self._left_because(step, forbidding))
        agents = tuple(self._ended[change.agent.id] for change in self._plan.changes)
        return Written(agents, self._as_written, self._halt)

    async def _worker(self) -> None:
        while (step := await self._next_step()) is not None:
            await self._carry_out(step)

    async def _next_step(self) -> Step | None:
        while True:
            if self._is_halted():
                return None
            if (step := self._turns.take()) is not None:
                return step
            if not self._turns.in_flight:
                return None
            await self._news.wait()

    async def _carry_out(self, step: Step) -> None:
        change = part_of(self._plan.changes[step.change], step.part)
        write = AgentWrite(
            change,
            self._tenant,
            ignored=self._plan.ignored,
            names=self._plan.skill_names,
            clock=self._terms.clock,
            random=self._terms.random,
            depart=self._departure(change, step.part),
            retries=self._retries,
        )
        worker = asyncio.current_task()
        if worker is None:
            message = "a step is carried out by a worker"
            raise AssertionError(message)
        self._busy[worker] = write
        try:
            ended = await write.run()
        except (_Halted, JournalBroken):
            ended = Ended(write.interrupted(self._halt.words if self._halt else ""))
        except asyncio.CancelledError:
            self._finish(step, change, Ended(write.interrupted(self._halt.words if self._halt else "interrupted")))
            raise
        finally:
            del self._busy[worker]
        self._finish(step, change, ended)

    def _departure(self, change: AgentChange, part: Part) -> Depart:
        """Make what is called right before an attempt leaves: not once halted, and not without a record."""

        def depart(body: Mapping[str, Assignment], version: str | None, attempt: int, *, is_repeated: bool) -> None:
            if self._is_halted():
                raise _Halted
            if is_repeated:
                return
            try:
                self._journal.intent(change, part, body, version, attempt)
                self._has_intent.add(change.agent.id)
            except JournalBroken as error:
                self._stop(Halt("the journal could not be written", error.diagnostics))
                raise

        return depart

    def _finish(self, step: Step, change: AgentChange, ended: Ended) -> None:
        outcome = ended.outcome
        is_committed = None if outcome.status is Status.UNKNOWN else outcome.status.is_as_planned
        self._turns.end(step, is_committed=is_committed)
        if is_committed is not False:
            self._as_written[change.agent.id] = change
        if step.part is Part.UNION and is_committed:
            self._journal.outcome(outcome)
        else:
            self._leave(step, outcome)
        self._judge(ended)
        self._announce()

    def _judge(self, ended: Ended) -> None:
        if ended.denied:
            self._stop(Halt("the tenant refused a write", ended.denied, is_denied=True))
        elif self._halt is None and (reason := self._rules.judge(ended)) is not None:
            self._stop(Halt("the run was stopped", (reason,)))

    def _leave(self, step: Step, outcome: AgentOutcome) -> None:
        """Let an agent's outcome stand: of a second step that was not written, that the first one was."""
        if step.part is Part.FINAL and not (outcome.status.is_as_planned or outcome.status is Status.UNKNOWN):
            message = f"what it gains was written, what it loses was not: {outcome.message}"
            outcome = AgentOutcome(outcome.agent, Status.HELD_BACK, message)
        self._ended[outcome.agent.id] = outcome
        if outcome.status is not Status.NOT_TRIED or outcome.agent.id in self._has_intent:
            self._journal.outcome(outcome)
        self._terms.progress(outcome)

    def _left_because(self, step: Step, forbidding: Collection[SkillName]) -> AgentOutcome:
        agent = self._plan.changes[step.change].agent
        if self._halt is not None:
            return AgentOutcome(agent, Status.NOT_TRIED, f"not written: {self._halt.words} before its turn")
        names = ", ".join(f"`{skill.name}`" for skill in forbidding) or "a skill"
        message = f"{names} would lose cover, since an agent who was to gain it could not be written"
        return AgentOutcome(agent, Status.HELD_BACK, message)

    def _is_halted(self) -> bool:
        if self._terms.stop.is_set():
            self._stop(_INTERRUPTED)
        elif self._terms.clock.monotonic() > self._deadline:
            self._stop(_deadline_passed(self._terms.deadline_s))
        elif self._terms.valid_until is not None and self._terms.clock.now() >= self._terms.valid_until:
            self._stop(_outlasted(self._terms.valid_until))
        return self._halt is not None

    def _stop(self, halt: Halt) -> None:
        """Let nothing new leave. Who waits to send is let go at once; who has sent is waited for."""
        if self._halt is not None:
            return
        self._halt = halt
        for worker, write in self._busy.items():
            if not write.is_in_flight and worker is not asyncio.current_task():
                worker.cancel()
        self._announce()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _outlasted(moment_of_turn: datetime) -> Halt:
    message = f"an override, a hold or a waiver began or ended {moment(moment_of_turn)}; no further write was started"
    return Halt("the plan had its time", (Diagnostic("plan-outlasted", message, "apply again: it plans for now"),))


def _deadline_passed(deadline_s: float) -> Halt:
    message = f"the deadline of {deadline_s / 60:g} min has passed; no further write was started"
    hint = "run the same command again; what is done stays done, and --deadline MINUTES gives it longer"
    return Halt("the deadline passed", (Diagnostic("deadline", message, hint),))
