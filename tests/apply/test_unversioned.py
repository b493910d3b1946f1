"""A tenant without versions: every write follows its reading at once, however much the rate limit binds."""

from pathlib import Path

import pytest

from reconciler.plan.outcome import Status
from reconciler.simulator import App, Behaviour, Fault, Kind
from tests.conftest import VirtualClock
from tests.world import World, agent

NAMES = tuple(f"a{number:02}" for number in range(12))


def _world(tmp_path: Path, clock: VirtualClock, limit: int) -> World:
    """Make twelve agents to write, at a tenant that lets so many requests through in a minute."""
    behaviour = Behaviour(versioned=False, limit=limit)
    world = World(tmp_path, clock, tuple(agent(name) for name in NAMES), behaviour=behaviour)
    tenant = f"{{name: acme, api: simulator, rate_limit: {{requests: {limit}, per_seconds: 60}}}}"
    world.write("tenant.yaml", f"version: 1\ntenant: {tenant}\n")
    world.write_agents(**dict.fromkeys(NAMES, "{Billing: 60}"))
    return world


def _waits_s(app: App) -> list[float]:
    """Give for each write how long ago its agent was read."""
    read_at: dict[str, float] = {}
    waits = []
    for request in app.requests:
        if request.method == "GET":
            read_at[request.path] = request.at
        elif request.method == "PATCH":
            waits.append(request.at - read_at[request.path])
    return waits


@pytest.mark.parametrize("limit", [2, 3, 7, 10, 100])
@pytest.mark.parametrize("width", [1, 4])
def test_no_write_waits_after_its_reading(tmp_path: Path, clock: VirtualClock, limit: int, width: int) -> None:
    """Both take their slots at once: nothing that somebody changed meanwhile is overwritten after a minute's wait."""
    world = _world(tmp_path, clock, limit)
    outcome = world.apply(max_concurrency=width)
    assert outcome.is_complete
    assert outcome.throttled == 0
    waits = _waits_s(world.app)
    assert len(waits) == len(NAMES)
    assert max(waits) <= 2


def test_where_no_window_holds_both_nothing_is_written_blindly(tmp_path: Path, clock: VirtualClock) -> None:
    """One request a minute: whoever would have to wait a minute between the two is not written, and told so."""
    world = _world(tmp_path, clock, 1)
    outcome = world.apply(max_concurrency=2)
    assert world.committed_by_api() == 0
    assert {each.status for each in outcome.agents} == {Status.NOT_TRIED}
    assert "the rate limit leaves no room" in outcome.agents[0].message


def test_a_write_that_was_refused_by_the_limit_looks_again(tmp_path: Path, clock: VirtualClock) -> None:
    """It had to wait after all: what it read before that is too old."""
    world = _world(tmp_path, clock, 100)
    world.app.faults.add(
        Fault(Kind.STATUS, "PATCH", "*/id-a03", status=429, headers=(("retry-after", "30"),), body=b"{}")
    )
    assert world.apply().is_complete
    lines = [line for line in world.sent() if line.endswith("id-a03")]
    assert lines == ["GET /api/v2/agents/id-a03", "PATCH /api/v2/agents/id-a03"] * 2
