"""Kills in this process: at every request and every fsync there is, before and after it, on a disk that forgets."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from reconciler import pipeline
from reconciler.diagnostics import Diagnostic
from reconciler.plan.scope import Filters
from reconciler.simulator import make_app
from tests.conftest import VirtualClock
from tests.kill import laws
from tests.kill.disk import Disk, remains
from tests.kill.gate import Gate, Request
from tests.kill.leavings import read_left
from tests.kill.story import held, make_tenant, mishaps, write_files


class Killed(SystemExit):
    """Nobody catches it. What cleans up behind it all the same reaches no tenant, and its traces are wiped."""


class Point(NamedTuple):
    """Where to kill: at a `fsync` or `request`, by its number within a run, before its effect or right after it."""

    what: str
    number: int
    is_after: bool


@dataclass(frozen=True)
class Crash:
    """What there was at the moment of a kill."""

    safe: Mapping[str, bytes]
    written: Mapping[str, bytes]
    lock_files: Mapping[str, bytes]


class World:
    """One tenant and one state folder; runs come one after the other."""

    def __init__(self, folder: Path, *, is_versioned: bool) -> None:
        self.crash: Crash | None = None
        self.disk = Disk(folder / "state")
        self.disk.restore({}, {})
        self._clock = VirtualClock()
        self._tenant = make_tenant(self._clock.monotonic, is_versioned=is_versioned)
        self._app = make_app(self._tenant, faults=mishaps(self._tenant), sleep=self._clock.sleep, random=Random(1))
        self._random = Random(1)
        self._said: list[Diagnostic] = []
        self._kill_at: Point | None = None
        self._fsyncs = 0
        self._gate: Gate | None = None
        self._context = pipeline.Context(
            root=folder / "desired-state",
            environ={"RECONCILE_STATE_DIR": str(folder / "state")},
            clock=self._clock,
            random=self._random,
            embedded=lambda _folder, _name: self._gate or self._app,
            stage=lambda _text: None,
            notice=self._said.extend,
            fsync=self._fsync,
        )

    def run(self, desired: pipeline.Chosen, kill_at: Point | None = None) -> laws.Ran:
        """Apply once, killed at that point, if it gets there; `crash` then says what there was."""
        known = frozenset(self.disk.written())
        start = {agent.id: held(agent) for agent in self._tenant.agents.values()}
        first = len(self._tenant.commits)
        gate = Gate(self._app, self._clock.sleep, lambda: _without(self.disk.safe(), known), self._at_request)
        self._gate, self._kill_at, self._fsyncs, self.crash = gate, kill_at, 0, None
        self._said.clear()
        is_complete = self._apply(desired, gate)
        return laws.Ran(
            start,
            tuple(self._tenant.commits[first:]),
            gate.patches,
            gate.single_reads,
            gate.early,
            self.disk.written(),
            known,
            is_complete,
            tuple(each.message for each in self._said if each.code == "write-resolved"),
        )

    def _apply(self, chosen: pipeline.Chosen, gate: Gate) -> bool:
        how = pipeline.Apply(lambda _plan: True, asyncio.Event(), lambda _outcome: None)
        try:
            outcome = asyncio.run(pipeline.apply(self._context, chosen.desired, Filters(), how))
        except Killed:
            if self._kill_at and self._kill_at.is_after:
                asyncio.run(gate.land())
            return False
        finally:
            self._app.faults.clear()
            asyncio.run(self._clock.sleep(60))
        return outcome.is_complete and outcome.is_verified

    @contextmanager
    def branch(self) -> Iterator[None]:
        """Let the tenant be afterwards as it was before; the journals are for `Disk.restore`."""
        agents, commits = {**self._tenant.agents}, len(self._tenant.commits)
        yield
        self._tenant.agents = agents
        del self._tenant.commits[commits:]

    def _at_request(self, request: Request, is_after: bool) -> None:
        self._reach(Point("request", request.number, is_after))

    def _fsync(self, file: int) -> None:
        if self.crash is None:
            self._fsyncs += 1
            self._reach(Point("fsync", self._fsyncs, is_after=False))
            self.disk.fsync(file)
            self._reach(Point("fsync", self._fsyncs, is_after=True))

    def _reach(self, point: Point) -> None:
        if point == self._kill_at and self._gate is not None:
            self.crash = Crash(self.disk.safe(), self.disk.written(), self.disk.lock_files())
            self._gate.is_shut = True
            raise Killed


def _without(journals: Mapping[str, bytes], known: frozenset[str]) -> dict[str, bytes]:
    return {name: content for name, content in journals.items() if name not in known}


@dataclass(frozen=True)
class Ground:
    """A folder with the desired state, loaded once."""

    folder: Path
    chosen: pipeline.Chosen


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Prepare the ground for many worlds."""
    write_files(tmp_path / "desired-state")
    world = World(tmp_path, is_versioned=True)
    return Ground(tmp_path, pipeline.load_one(world._context, None))


@contextmanager
def _blaming(*what: object) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"killed at {', '.join(map(str, what))}")
        raise


def _recover(world: World, ground: Ground, killed: tuple[laws.Ran, ...]) -> list[str]:
    """Go on after the last kill, for each thing that it may have left; give the words for the doubtful writes."""
    crash, words = world.crash, []
    assert crash is not None
    for number, left in enumerate(remains(crash.safe, crash.written)):
        with _blaming(f"remains {number}"), world.branch():
            world.disk.restore(left, crash.lock_files)
            *earlier, latest = killed
            rerun, last = world.run(ground.chosen), world.run(ground.chosen)
            words += laws.check((*earlier, replace(latest, journals=left)), rerun, last, world.disk.runs)
            _COUNT[0] += 1
    return words

_COUNT=[0]

def _points(what: str) -> Iterator[Point]:
    number = 0
    while True:
        number += 1
        yield Point(what, number, is_after=False)
        yield Point(what, number, is_after=True)


@pytest.mark.parametrize("is_versioned", [True, False])
@pytest.mark.parametrize(("what", "at_least"), [("request", 14), ("fsync", 12)])
def test_after_a_kill_at_any_point_the_next_run_resolves_it(
    ground: Ground, what: str, at_least: int, is_versioned: bool
) -> None:
    """P17, whatever the stop has left of the journal: all that was written, only what is safe, half a line."""
    words=[]
    for point in _points(what):
        world = World(ground.folder, is_versioned=is_versioned)
        ran = world.run(ground.chosen, point)
        if world.crash is None:
            print(point, _COUNT)
            from collections import Counter
            print(Counter(words))
            break
        with _blaming(point):
            w= _recover(world, ground, (ran,))
            print(point, len(w))
            words+=w
