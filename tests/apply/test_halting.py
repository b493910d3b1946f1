"""A run that ends early: by a rule, by a signal, by its deadline, or because its journal cannot be written."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import Refused
from reconciler.plan.canary import CanarySize
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.simulator import Behaviour, Fault, Kind
from tests.conftest import VirtualClock
from tests.world import World, agent

NAMES = tuple(f"a{number:02}" for number in range(30))


def _world(tmp_path: Path, clock: VirtualClock, behaviour: Behaviour | None = None) -> World:
    """Make thirty agents in three teams, all of whom gain a skill."""
    world = World(tmp_path, clock, tuple(agent(name) for name in NAMES), behaviour=behaviour or Behaviour())
    for team in range(3):
        lines = "".join(f"  {name}@example.com: {{skills: {{Billing: 60}}}}\n" for name in NAMES[team::3])
        world.write(f"team{team}.yaml", f"team: Team {team}\nagents:\n{lines}")
    return world


def _refuse(world: World, *, body: Callable[[int], str], names: tuple[str, ...] = NAMES, status: int = 400) -> None:
    for number, name in enumerate(names):
        text = f'{{"message": "{body(number)}"}}'.encode()
        world.app.faults.add(Fault(Kind.STATUS, "PATCH", f"*/id-{name}", status=status, times=None, body=text))


def _patches(world: World) -> int:
    return sum(line.startswith("PATCH") for line in world.sent())


def _codes(outcome: Outcome) -> list[str]:
    return [each.code for each in outcome.stopped_by]


def test_the_same_refusal_twice_in_a_row_stops_the_run(tmp_path: Path, clock: VirtualClock) -> None:
    """What the tenant will not have of two agents it will not have of the others."""
    world = _world(tmp_path, clock)
    _refuse(world, body=lambda _: "Proficiency scale is 1 to 5")
    outcome = world.apply(max_concurrency=1)
    assert _patches(world) == 2
    assert _codes(outcome) == ["same-refusal"]
    assert outcome.counts == {Status.FAILED: 2, Status.NOT_TRIED: 28}
    assert not outcome.is_denied


def test_different_refusals_stop_nobody_else(tmp_path: Path, clock: VirtualClock) -> None:
    """One odd agent now and then is its own trouble."""
    world = _world(tmp_path, clock)
    _refuse(world, body=str, names=NAMES[::3])
    outcome = world.apply(max_concurrency=1)
    assert _codes(outcome) == []
    assert outcome.counts == {Status.FAILED: 10, Status.APPLIED: 20}


def test_more_than_half_of_the_last_ten_failing_stops_the_run(tmp_path: Path, clock: VirtualClock) -> None:
    """Exactly half does not."""
    world = _world(tmp_path, clock)
    _refuse(world, body=str, names=(*NAMES[0:10:2], *NAMES[11:20]))
    outcome = world.apply(max_concurrency=1)
    assert _codes(outcome) == ["too-many-failures"]
    assert outcome.counts[Status.NOT_TRIED] > 10


@pytest.mark.parametrize("pause", ["100000", "9" * 30])
def test_a_pause_that_nobody_waits_for_ends_the_run(tmp_path: Path, clock: VirtualClock, pause: str) -> None:
    """Nothing is sent into it, nothing of it is slept through, and the message says how to go on."""
    world = _world(tmp_path, clock)
    world.app.faults.add(Fault(Kind.STATUS, "PATCH", nth=4, status=429, headers=(("retry-after", pause),), times=None))
    outcome = world.apply(max_concurrency=2)
    assert _patches(world) <= 5
    assert outcome.counts[Status.APPLIED] == 3
    assert outcome.counts[Status.NOT_TRIED] == 27
    assert _codes(outcome) == ["rate-limited"]
    assert clock.monotonic() < 200


def test_a_run_ends_at_its_deadline(tmp_path: Path, clock: VirtualClock) -> None:
    """No write leaves after it, also none that waited for the rate limit meanwhile."""
    world = _world(tmp_path, clock, Behaviour(limit=10))
    world.write("tenant.yaml", "version: 1\ntenant: {name: acme, api: simulator, rate_limit: {requests: 10}}\n")
    outcome = world.apply(deadline_s=90.0)
    assert _codes(outcome) == ["deadline"]
    assert 0 < outcome.counts[Status.APPLIED] < 30
    assert outcome.counts[Status.APPLIED] + outcome.counts[Status.NOT_TRIED] == 30
    last = [request.at for request in world.app.requests if request.method == "PATCH"][-1]
    assert last <= 90.0 + 1
    assert world.apply().is_complete


def test_a_signal_lets_go_of_who_only_waits_to_send(tmp_path: Path, clock: VirtualClock) -> None:
    """Nothing that was never sent is reported as unknown, and nothing is sent after the signal."""
    world = _world(tmp_path, clock, Behaviour(limit=10))
    world.write("tenant.yaml", "version: 1\ntenant: {name: acme, api: simulator, rate_limit: {requests: 10}}\n")
    stop = asyncio.Event()

    def stop_after_three(_: AgentOutcome) -> None:
        if world.committed_by_api() >= 3:
            stop.set()

    world.outcomes = _Calling(stop_after_three)
    outcome = world.apply(stop=stop, max_concurrency=10)
    assert outcome.is_interrupted
    assert outcome.counts[Status.UNKNOWN] == 0
    assert outcome.counts[Status.APPLIED] == world.committed_by_api() < 14
    assert outcome.counts[Status.APPLIED] + outcome.counts[Status.NOT_TRIED] == 30


# Of the head. Folders are not counted: how many there are depends on where the test runs.
FSYNCS_BEFORE_THE_FIRST_INTENT = 1


class _Calling(list[AgentOutcome]):
    """A list that tells somebody what is appended."""

    def __init__(self, tell: Callable[[AgentOutcome], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, outcome: AgentOutcome) -> None:
        super().append(outcome)
        self._tell(outcome)


@pytest.mark.parametrize("failing", range(1, 12))
def test_a_journal_that_breaks_stops_the_writes(tmp_path: Path, clock: VirtualClock, failing: int) -> None:
    """No PATCH leaves without its intent on the disk: before the first line, nothing at all is sent."""
    world = _world(tmp_path, clock)
    calls = 0

    def fsync(file: int) -> None:
        nonlocal calls
        calls += stat.S_ISREG(os.fstat(file).st_mode)
        if calls >= failing:
            raise OSError(5, "Input/output error")

    world.fsync = fsync
    if failing <= FSYNCS_BEFORE_THE_FIRST_INTENT:
        with pytest.raises(Refused, match="journal"):
            world.apply()
        assert _patches(world) == 0
        return
    outcome = world.apply(max_concurrency=3)
    assert _codes(outcome) == ["journal-broken"]
    assert _patches(world) == world.committed_by_api() == outcome.counts[Status.APPLIED] < failing
    assert outcome.counts[Status.NOT_TRIED] == 30 - outcome.counts[Status.APPLIED]
    world.fsync = lambda _: None
    assert world.apply().is_complete


def test_a_canary_goes_first_and_is_read_again(tmp_path: Path, clock: VirtualClock) -> None:
    """One of each team, alone; a listing proves them; then everybody else."""
    world = _world(tmp_path, clock)
    assert world.apply(canary=CanarySize(3)).is_complete
    sent = world.sent()
    first = [line for line in sent[: sent.index("GET /api/v2/agents", 3)] if line.startswith("PATCH")]
    assert sorted(first) == [f"PATCH /api/v2/agents/id-{name}" for name in NAMES[:3]]


@pytest.mark.parametrize("kind", [Kind.ECHO_ONLY, Kind.NO_CHANGE, Kind.STATUS])
def test_a_canary_that_fails_keeps_everybody_else_unwritten(tmp_path: Path, clock: VirtualClock, kind: Kind) -> None:
    """Also when the tenant says that it wrote and did not."""
    world = _world(tmp_path, clock)
    world.app.faults.add(Fault(kind, "PATCH", "*/id-a01", status=400, times=None))
    outcome = world.apply(canary=CanarySize(10, is_percentage=True))
    assert _codes(outcome) == ["canary"]
    assert outcome.counts[Status.NOT_TRIED] == 27
    assert world.committed_by_api() == 2


def test_a_tenant_that_shows_writes_late_is_looked_at_again(tmp_path: Path, clock: VirtualClock) -> None:
    """Readings that lag a few seconds make no write unknown."""
    world = _world(tmp_path, clock)
    world.app.faults.add(Fault(Kind.STALE_READ, "GET", "/api/v2/agents", nth=2, times=2, seconds=3600.0))
    outcome = world.apply()
    assert outcome.is_complete
    assert outcome.is_verified


def test_the_tries_of_a_whole_run_are_bounded(tmp_path: Path, clock: VirtualClock) -> None:
    """A storm on everybody costs about twice the writes, not five times."""
    world = _world(tmp_path, clock)
    world.app.faults.add(Fault(Kind.STATUS, "PATCH", status=409, times=None))
    outcome = world.apply()
    assert world.committed_by_api() == 0
    assert outcome.counts[Status.CONFLICT] == 30
    assert _patches(world) <= 30 + 30 + 20
