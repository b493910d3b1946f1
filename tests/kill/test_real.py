"""Kill -9 of real processes: as a request arrives, once it is done, milliseconds later, and at any time."""

import os
from collections.abc import Iterator
from itertools import count
from random import Random

import pytest

from tests.kill import laws
from tests.kill.served import Ground, Point, World, prepared
from tests.kill.story import MAX_CONCURRENCY

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="NOT TESTED with real kills: this is no Linux"),
]

# Each chunk kills so often; xdist shares the chunks.
CHUNKS = 12
KILLS = 18
# How many requests an apply sends, whether the tenant versions its agents or not.
_REQUESTS = {True: 13, False: 18}
_LATER_S = (0.0, 0.002, 0.005)
_SIGKILL = -9
# The HTTP timeout of a request, and a margin.
_LEASE_S = 35.0


def _planned() -> Iterator[tuple[bool, Point]]:
    for is_versioned, requests in _REQUESTS.items():
        for number in range(1, requests + 1):
            yield is_versioned, Point(number, is_done=False)
            yield is_versioned, Point(number)
            yield from ((is_versioned, Point(number, after_s=after_s)) for after_s in _LATER_S)


PLANNED = tuple(_planned())


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Start the server, and the process that forks."""
    with prepared(tmp_path_factory.mktemp("kills")) as ground:
        yield ground


def test_there_are_enough_points() -> None:
    assert CHUNKS * KILLS >= 200
    assert len(PLANNED) == 155


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_a_kill_the_next_run_resolves_it(ground: Ground, chunk: int) -> None:
    """P3, P7, P17: the planned points first, then times by chance, until so many processes were really killed."""
    random, kills = Random(chunk), 0
    planned = iter(PLANNED[chunk::CHUNKS])
    for attempt in count():
        by_chance = (random.random() < 0.5, Point(0, after_s=random.uniform(0, 0.1)))
        is_versioned, point = next(planned, by_chance)
        world = World(ground, f"{chunk}-{attempt}", is_versioned=is_versioned)
        try:
            kills += _is_killed_and_resolved(world, point)
        except BaseException as error:
            error.add_note(f"killed at {point}, {is_versioned=}, folder {world.folder}")
            raise
        if kills == KILLS:
            break
        assert attempt < 3 * KILLS, "most of them were too quick to be killed"


def _is_killed_and_resolved(world: World, point: Point) -> bool:
    killed, code = world.run(point)
    assert laws.doubts(killed) <= MAX_CONCURRENCY, "only what was in flight is in doubt"
    rerun, _ = world.run()
    last, _ = world.run()
    laws.check([killed], rerun, last, world.runs)
    assert world.out().endswith("No changes. 7 agents match.\n")
    slots = world.slots_in_flight()
    # Where there are no versions a reading holds the slot of the write that is to follow it.
    assert len(slots) <= 2 * MAX_CONCURRENCY, "only what was in flight, or about to be, is held back"
    assert all(seconds <= _LEASE_S for seconds in slots), "and no longer than a request may take"
    return code == _SIGKILL
