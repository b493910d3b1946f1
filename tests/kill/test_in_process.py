"""Kills in this process: at every request and every fsync there is, before and after it, on a disk that forgets."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
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
from tests.kill.story import (
    CHANGING,
    CONFLICTED,
    DESIRED,
    MAX_CONCURRENCY,
    UNIONS,
    held,
    make_tenant,
    mishaps,
    write_files,
)


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

    @property
    def sent(self) -> int:
        """How many requests of the last run arrived."""
        return self._gate.arrived if self._gate else 0

    def run(self, chosen: pipeline.Chosen, kill_at: Point | None = None, late_at: int = 0) -> laws.Ran:
        """Apply once, killed at that point, if it gets there; `crash` then says what there was.

        What the run before had on its way arrives with request number `late_at` of this one.
        """
        known = frozenset(self.disk.written())
        start = {agent.id: held(agent) for agent in self._tenant.agents.values()}
        first = len(self._tenant.commits)
        gate = Gate(self._app, self._clock.sleep, lambda: _without(self.disk.safe(), known), self._at_request)
        gate.late, gate.late_at = self._gate if late_at else None, late_at
        self._gate, self._kill_at, self._fsyncs, self.crash = gate, kill_at, 0, None
        self._said.clear()
        is_complete = self._apply(chosen, gate)
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
        try:
            yield
        finally:
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
    return words


def _kills(ground: Ground, what: str, is_versioned: bool) -> Iterator[tuple[World, Point, tuple[laws.Ran, ...]]]:
    """Kill at every point of an apply, each in a world of its own."""
    for point in _points(what):
        world = World(ground.folder, is_versioned=is_versioned)
        ran = world.run(ground.chosen, point)
        if world.crash is None:
            return
        with _blaming(point):
            yield world, point, (ran,)


def _kills_again(
    ground: Ground, what: str, is_versioned: bool, first: Point
) -> Iterator[tuple[World, Point, tuple[laws.Ran, ...]]]:
    """Kill at every point of the apply that comes after one that was killed at `first`."""
    world = World(ground.folder, is_versioned=is_versioned)
    killed = _kill(world, ground, first)
    for point in _points(what):
        with world.branch(), _blaming(first, point):
            world.disk.restore(killed.journals, {})
            ran = world.run(ground.chosen, point)
            if world.crash is None:
                return
            yield world, point, (killed, ran)


def _points(what: str) -> Iterator[Point]:
    return (Point(what, number, is_after) for number in count(1) for is_after in (False, True))


def _kill(world: World, ground: Ground, point: Point) -> laws.Ran:
    """Kill an apply whose journal then holds all that was written."""
    ran = world.run(ground.chosen, point)
    assert world.crash is not None
    world.disk.restore(world.crash.written, world.crash.lock_files)
    return replace(ran, journals=world.crash.written)


WORDS = {
    "it was written",
    "it was not written",
    "the first of its two writes was written",
    "the first of its two writes was written, the second was not",
}
# Where an agent is read right before it is written, nothing is sent to one that was changed.
CHANGED = {"the agent has been changed since, so nobody can say whether it was written"}


@pytest.mark.parametrize("is_versioned", [True, False])
def test_the_apply_that_is_killed_has_everything_in_it(ground: Ground, is_versioned: bool) -> None:
    """Left alone: an answer that is lost, a conflict, and a swap with a union, several at a time."""
    world = World(ground.folder, is_versioned=is_versioned)
    (journal,) = world.run(ground.chosen).journals.values()
    left = read_left(journal)
    assert {agent_id: found.status for agent_id, found in left.items()} == {
        agent_id: "conflict" if agent_id == CONFLICTED else "applied" for agent_id in CHANGING
    }
    assert left["id-ana"].asked == [UNIONS["id-ana"], DESIRED["id-ana"]]
    assert b"found as planned" in journal


@pytest.mark.parametrize(
    ("what", "is_versioned", "at_least"),
    [("request", True, 13), ("request", False, 18), ("fsync", True, 10), ("fsync", False, 9)],
)
def test_after_a_kill_at_any_point_the_next_run_resolves_it(
    ground: Ground, what: str, at_least: int, is_versioned: bool
) -> None:
    """P3, P7, P17, whatever the stop has left of the journal: all that was written, what is safe, half a line."""
    words, points = set(), set()
    for world, point, killed in _kills(ground, what, is_versioned):
        points.add(point)
        words |= {*_recover(world, ground, killed)}
    assert len(points) >= 2 * at_least
    assert words == WORDS | (CHANGED if is_versioned else set())


@pytest.mark.parametrize(("what", "is_versioned", "at_least"), [("request", False, 13), ("fsync", True, 11)])
def test_who_looks_after_a_killed_run_may_be_killed_too(
    ground: Ground, what: str, at_least: int, is_versioned: bool
) -> None:
    """P17, twice: what was noted stands and is not asked again; all the rest is for the one after that."""
    doubts = {point: laws.doubts(killed[-1]) for _, point, killed in _kills(ground, "fsync", is_versioned)}
    first = max(doubts, key=doubts.__getitem__)
    assert 1 < doubts[first] <= MAX_CONCURRENCY, "only what is in flight is in doubt"
    points = set()
    for world, point, killed in _kills_again(ground, what, is_versioned, first):
        points.add(point)
        _recover(world, ground, killed)
    assert len(points) >= 2 * at_least


@pytest.mark.parametrize("is_versioned", [True, False])
def test_a_write_of_a_killed_run_may_arrive_during_the_next(ground: Ground, is_versioned: bool) -> None:
    """At any moment of it. With versions it does no harm; without, a run that it spoils says so, and the next mends it.

    The union is the worst of them: it is not what is declared, and gives back what was to be taken away.
    """
    union = ("id-ana", UNIONS["id-ana"])
    arrivals = (point for _, point, (ran,) in _kills(ground, "request", is_versioned) if [*ran.patches][-1:] == [union])
    point = next(point for point in arrivals if not point.is_after)
    ends = set()
    for late_at in count(1):
        world = World(ground.folder, is_versioned=is_versioned)
        _kill(world, ground, point)
        rerun = world.run(ground.chosen, late_at=late_at)
        if late_at > world.sent:
            break
        next_one, last = world.run(ground.chosen), world.run(ground.chosen)
        with _blaming(point, f"late at {late_at}"):
            assert rerun.is_complete == (next_one.start == DESIRED)
            assert next_one.is_complete
            assert (last.start, list(last.commits)) == (DESIRED, [])
        ends.add(rerun.is_complete)
    assert ends == ({True} if is_versioned else {True, False})


def test_the_way_to_a_first_journal_is_safe_before_anything_is_sent(ground: Ground, tmp_path: Path) -> None:
    """P3 on a power cut: a new folder is only found again once the folder around it was fsynced."""
    world = World(tmp_path / "a" / "b", is_versioned=True)
    world.run(ground.chosen)
    for folder in (world.disk.runs, *world.disk.runs.parents):
        if folder == tmp_path:
            break
        status = folder.parent.stat()
        assert (status.st_dev, status.st_ino) in world.disk.folders, f"`{folder}` may be lost"
