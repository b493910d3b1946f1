"""The inverse of a past run: what it changed goes back, what others changed since stays."""

from pathlib import Path

import pytest

from reconciler.errors import InvalidInput, Refused
from reconciler.plan.outcome import Status
from reconciler.simulator import Assignment, Fault, Kind
from tests.conftest import VirtualClock
from tests.world import World, agent


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """Two who swap (one needs two steps), one who gains, and one whom others change."""
    live = (agent("ana", Billing=50), agent("bo", Chat=50), agent("cy"), agent("dee", Email=(30, False)))
    world = World(tmp_path, clock, live)
    world.write_agents(ana="{Chat: 50}", bo="{Billing: 50}", cy="{Sales: 10}", dee="{Email: 70}")
    return world


def _lives(world: World) -> dict[str, object]:
    return {name: world.live(name) for name in ("ana", "bo", "cy", "dee")}


def test_a_rollback_restores_what_was(world: World) -> None:
    """Exactly, and the rollback of the rollback does it once more."""
    before = _lives(world)
    assert world.apply().is_complete
    after = _lives(world)
    assert world.rollback().is_complete
    assert _lives(world) == before
    assert world.rollback().is_complete
    assert _lives(world) == after


def test_what_changed_since_is_skipped_and_listed(world: World) -> None:
    """Nobody's later edit is undone with ours."""
    run = world.apply().run
    world.tenant.edit_skills("id-dee", {"skill-email": Assignment(99)})
    outcome = world.rollback(run)
    assert outcome.is_complete
    assert world.live("dee") == {"skill-email": (99, True)}
    assert world.live("cy") == {}
    findings = world.confirmed[-1].findings
    assert [each.code for each in findings if each.severity == "warn"].count("rollback-skipped") == 1


def test_a_rollback_asks_as_an_apply_does(world: World) -> None:
    world.apply()
    after = _lives(world)
    with pytest.raises(Refused):
        world.rollback(answer=False)
    assert _lives(world) == after


def test_a_rollback_meets_edits_as_an_apply_does(world: World) -> None:
    """The same write protocol: somebody who is quicker is not overwritten."""
    world.apply()
    outcome = world.rollback(while_asked=lambda: world.tenant.edit_skills("id-dee", {"skill-email": Assignment(99)}))
    statuses = {each.agent.user_name: each.status for each in outcome.agents}
    assert statuses["user.dee"] is Status.CONFLICT
    assert world.live("dee") == {"skill-email": (99, True)}


def test_only_what_was_written_is_undone(world: World) -> None:
    """An agent whom the tenant refused is not in the inverse."""
    world.app.faults.add(Fault(Kind.STATUS, "PATCH", "*/id-cy", status=400))
    world.apply()
    world.app.faults.clear()
    assert world.rollback().is_complete
    assert "id-cy" not in {commit.agent_id for commit in world.tenant.commits}


def test_an_unknown_run_is_an_error_that_lists_the_known(world: World) -> None:
    run = world.apply().run
    with pytest.raises(InvalidInput) as caught:
        world.rollback("20200101")
    assert caught.value.diagnostics[0].code == "run-unknown"
    assert run in f"{caught.value.diagnostics[0].hint}"


def test_a_rollback_counts_the_unmanaged_as_an_apply_does(tmp_path: Path, clock: VirtualClock) -> None:
    """A declared agent that is not on the tenant takes no place among those who are."""
    world = World(tmp_path, clock, (agent("ana"), agent("bo"), agent("cy")))
    world.write_agents(ana="{Billing: 50}", gone="{Billing: 50}")
    world.apply()
    world.rollback()
    assert [plan.summary.agents_unmanaged for plan in world.confirmed] == [2, 2]
