"""Plays one schedule: the real pipeline against the simulated tenant, first in trouble, then in calm."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from reconciler import pipeline
from reconciler.desired import load
from reconciler.errors import ReconcileError
from reconciler.model.desired import DesiredState
from reconciler.plan.canary import CanarySize
from reconciler.plan.change import Plan
from reconciler.plan.scope import Filters
from reconciler.render import OUTCOME_FORMATS, PLAN_FORMATS, View
from reconciler.render.messages import messages_as_text
from reconciler.render.style import PLAIN
from reconciler.settings import Author
from reconciler.simulator import Fault, Kind, Tenant, VirtualTime, make_app
from reconciler.simulator.faults import FaultPlan
from reconciler.simulator.wire import Request
from tests.simulation.evidence import Evidence, Run
from tests.simulation.machine import Machine
from tests.simulation.network import Line, Trip
from tests.simulation.outsiders import Outsiders
from tests.simulation.people import People, Wishes, make_people
from tests.simulation.schedule import Schedule, Trouble

# Longer than the longest write that lands late, and than any window.
_PATIENCE_S = 200.0
# Longer than the rate ledger keeps its gate shut, whatever the tenant asked for.
_LONGEST_PAUSE_S = 4000.0
# A day and more: whoever is not done by then never will be.
_LONGEST_RUN_S = 200_000.0
_ACTS = frozenset({Kind.ACT_BEFORE, Kind.ACT_AFTER})
_VIEW = View("2026-11-22T14:00:00Z")


class _Watched(FaultPlan):
    """The rules in force, and how often each family of them has hit."""

    def __init__(self, troubles: Iterable[Trouble], random: Random, met: Counter[str]) -> None:
        listed = list(troubles)
        super().__init__([trouble.fault for trouble in listed], random)
        self._families = {id(trouble.fault): trouble.family for trouble in listed}
        self._met = met

    def hits(self, request: Request) -> list[Fault]:
        hits = super().hits(request)
        self._met.update(self._families[id(fault)] for fault in hits)
        return hits


@dataclass
class Play:
    """One schedule on its stage; `folder` is empty, and takes files and state."""

    schedule: Schedule
    folder: Path
    time: VirtualTime = field(default_factory=VirtualTime)

    def __post_init__(self) -> None:
        schedule = self.schedule
        people = _people(schedule, Random(f"{schedule.seed} people"))
        tenant = Tenant(people.seed, schedule.behaviour, clock=self.time.epoch_s)
        self._app = make_app(tenant, sleep=self.time.sleep, random=Random(schedule.seed))
        self.evidence = Evidence(schedule, people, self._app)
        self._outsiders = Outsiders(self._app, people, Random(f"{schedule.seed} outsiders"))
        self._desired = self._load("desired", people.wishes)
        self._ours = Machine(
            self.folder / "ours", schedule.disk_breaks_at, schedule.dies_at, is_power_cut=schedule.is_power_cut
        )
        self._theirs = self._ours if schedule.is_rival_here else Machine(self.folder / "theirs")
        self._lines: list[Line] = []

    def run(self) -> Evidence:
        """Play it all."""
        with _logs() as texts:
            self._texts = texts
            self.time.run(self._run())
        for machine in {self._ours, self._theirs}:
            for lines in machine.journals():
                for run in self.evidence.runs:
                    if run.machine is machine and run.name == lines[0]["who"]:
                        run.journal = lines
        return self.evidence

    async def _run(self) -> None:
        evidence = self.evidence
        await self._in_trouble()
        evidence.met["unsent"] += sum(trip.number is None for run in evidence.runs for trip in run.trips)
        self._app.faults = FaultPlan((), Random(0))
        self._outsiders.go_home()
        self._app.window.limit = self.schedule.limit
        self._ours.rise()
        await self.time.sleep(self.schedule.pause_s)
        if self._app.tenant._late or any(line.pending for line in self._lines):
            await self.time.sleep(_PATIENCE_S)
        self._app.tenant.catch_up()
        evidence.calm_from = len(evidence.commits)
        if self.schedule.plans_twice:
            await self._plan("before")
        again = await self._apply("again", self._desired, evidence.people.wishes)
        if again.error is not None:
            # The tenant may have asked for a longer pause than anybody had to wait for until now.
            await self.time.sleep(_LONGEST_PAUSE_S)
            await self._apply("once more", self._desired, evidence.people.wishes)
        await self.time.sleep(_PATIENCE_S)
        await self._apply("last", self._desired, evidence.people.wishes)

    async def _in_trouble(self) -> None:
        schedule, met = self.schedule, self.evidence.met
        troubles = [replace(trouble, fault=self._acting(trouble.fault)) for trouble in schedule.troubles]
        self._app.faults = _Watched(troubles, Random(schedule.seed), met)
        busy = [
            asyncio.create_task(self._outsiders.keep_busy(what, per_s, self.time))
            for what, per_s in schedule.outsiders.items()
        ]
        rival = asyncio.create_task(self._rival()) if schedule.rival_after_s is not None else None
        wishes = self.evidence.people.wishes
        first = asyncio.create_task(self._apply("first", self._desired, wishes, trouble=True))
        self._ours.watch(first)
        if rival is not None:
            self._theirs.watch(rival)
        await asyncio.wait([task for task in (first, rival) if task is not None])
        for task in (first, rival):
            if task is not None and not task.cancelled():
                task.result()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        met.update({f"outsider-{what}": count for what, count in self._outsiders.acts.items()})

    def _acting(self, fault: Fault) -> Fault:
        """Give a fault that acts something to do."""
        return replace(fault, act=self._outsiders.edit) if fault.kind in _ACTS else fault

    async def _rival(self) -> None:
        await self.time.sleep(self.schedule.rival_after_s or 0.0)
        wishes = self.evidence.people.rival_wishes
        if self._theirs.is_dead:
            return
        await self._apply("rival", self._load("rival", wishes), wishes, trouble=True)

    async def _apply(self, name: str, desired: DesiredState, wishes: Wishes, *, trouble: bool = False) -> Run:
        schedule = self.schedule if trouble and name == "first" else Schedule(self.schedule.seed)
        run, line = self._begin(name, wishes, trouble=trouble)

        def confirm(plan: Plan) -> bool:
            run.plan, run.planned_at = plan, self.time.epoch_s()
            run.shown = _shown(plan)
            run.is_confirmed = schedule.is_confirmed
            return run.is_confirmed

        stop = asyncio.Event()
        if schedule.stop_at_write is not None:
            line.departing = _signal(run, line, stop, schedule.stop_at_write)
        how = pipeline.Apply(
            confirm,
            stop,
            lambda outcome: run.texts.append(outcome.message),
            canary=CanarySize.parse(schedule.canary) if schedule.canary else None,
            deadline_s=schedule.deadline_s,
        )
        async with self._observed(run):
            run.outcome = await pipeline.apply(self._context(run, line), desired, schedule.filters, how)
            run.texts.extend(render(run.outcome, PLAIN) for render in OUTCOME_FORMATS.values())
        return run

    async def _plan(self, name: str) -> None:
        run, line = self._begin(name, self.evidence.people.wishes, trouble=False)
        run.is_apply = False
        async with self._observed(run):
            run.plan = await pipeline.plan(self._context(run, line), self._desired, Filters())
            run.shown = _shown(run.plan)

    @asynccontextmanager
    async def _observed(self, run: Run) -> AsyncIterator[None]:
        """Let a run go on to its end, whatever that is, and note it."""
        try:
            async with asyncio.timeout(_LONGEST_RUN_S):
                yield
        except ReconcileError as error:
            run.error = error
            run.texts.append(messages_as_text(error.diagnostics))
        except Exception as error:  # noqa: BLE001 - whatever it is, the checker judges it
            run.error = error
        finally:
            self._end(run)

    def _begin(self, name: str, wishes: Wishes, *, trouble: bool) -> tuple[Run, Line]:
        chance = Random(f"{self.schedule.seed} {name}")
        unsent = self.schedule.unsent if trouble else 0.0
        machine = self._theirs if name == "rival" else self._ours
        line = Line(self._app, self.time, chance, machine, self.schedule.latency_s, unsent)
        run = Run(name, machine, wishes, line.trips, self.time.epoch_s(), tokens=line.tokens)
        run.commits = (len(self.evidence.commits), 0)
        self.evidence.runs.append(run)
        self._lines.append(line)
        return run, line

    def _end(self, run: Run) -> None:
        run.ended_at = self.time.epoch_s()
        run.commits = (run.commits[0], len(self.evidence.commits))
        run.was_killed = run.machine.is_dead
        run.texts.extend(self._texts)
        if self.schedule.rival_after_s is None:
            self._texts.clear()

    def _context(self, run: Run, line: Line) -> pipeline.Context:
        store = "sqlite" if self.schedule.is_shared else "memory"
        return pipeline.Context(
            root=self.folder / "desired",
            environ={"RECONCILE_STATE_DIR": str(run.machine.state), "RECONCILE_RATE_LEDGER": store},
            clock=self.time,
            random=Random(f"{self.schedule.seed} {run.name} chance"),
            embedded=lambda _folder, _name: line,
            stage=self._texts.append,
            notice=lambda notices: run.texts.append(messages_as_text(notices)),
            author=lambda: Author(run.name, ""),
            fsync=run.machine.fsync,
        )

    def _load(self, name: str, wishes: Wishes) -> DesiredState:
        root = self.folder / name
        root.mkdir()
        for file, text in wishes.files.items():
            (root / file).write_text(text, encoding="utf-8")
        loaded = load(root)
        state = loaded.tenants[0].state
        if state is None:
            message = f"the simulation wrote files that are no good: {loaded.diagnostics}"
            raise ValueError(message)
        return state


def _shown(plan: Plan) -> tuple[str, ...]:
    return tuple(render(plan, _VIEW) for render in PLAN_FORMATS.values())


def _people(schedule: Schedule, random: Random) -> People:
    limit = f"{{requests: {schedule.limit}, per_seconds: {schedule.window_s}}}"
    tenant = f"{{name: acme, api: simulator, rate_limit: {limit}, max_concurrency: {schedule.max_concurrency}}}"
    text = f'version: 1\ntenant: {tenant}\nignore_skills: ["WFI *"]\n'
    return make_people(
        random, agents=schedule.agents, unmanaged=schedule.unmanaged, skills=schedule.skills, tenant_yaml=text
    )


def _signal(run: Run, line: Line, stop: asyncio.Event, at_write: int) -> Callable[[Trip], None]:
    """Let a signal come while the PATCH of that number is on its way."""

    def departing(_trip: Trip) -> None:
        if len(run.patches) >= at_write and run.stopped_at is None:
            run.stopped_at = line.time.epoch_s()
            stop.set()

    return departing


@contextmanager
def _logs() -> Iterator[list[str]]:
    """Collect everything that the tool logs, as `-v` would show it."""
    texts: list[str] = []
    logger = logging.getLogger("reconciler")
    handler, level, propagate = _Listener(texts), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False  # whoever else listens would be told of a million requests
    try:
        yield texts
    finally:
        logger.propagate = propagate
        logger.setLevel(level)
        logger.removeHandler(handler)


class _Listener(logging.Handler):
    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self._texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(record.getMessage())
