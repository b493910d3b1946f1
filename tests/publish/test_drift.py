"""What a scheduled plan tells: an issue while live and files differ, and what happens where it cannot be told."""

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.secret import Secret
from reconciler.plan.change import Plan
from reconciler.publish.conversation import Told
from reconciler.publish.drift import tell_drift
from reconciler.render.marker import Marker, read_marker
from reconciler.render.view import View
from tests.conftest import VirtualClock
from tests.publish.hosts import COMMIT, github_job, work
from tests.publish.lossy import BOT, Lossy
from tests.world import World, agent


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """A tenant with one agent."""
    return World(tmp_path / "world", clock, (agent("ana", Billing=50),))


def _tell(host: Lossy, clock: VirtualClock, plan: Plan, run: str = "12") -> Told:
    job = replace(github_job(), commit=COMMIT, run=run, token=Secret("ghs_another"))
    view = View("", "desired-state")
    return work(
        job,
        host,
        clock,
        lambda forge: tell_drift(forge, job, plan, view, lambda text: text.replace("ana", "***")),
        author=BOT,
    )


def test_drift_is_told_until_there_is_none(world: World, clock: VirtualClock) -> None:
    """One issue with the plan's marker; what must not be shown is masked in it; closed when the plan is empty."""
    host = Lossy()
    world.write_agents(ana="{Billing: 60}")
    drifted = world.plan()
    told = _tell(host, clock, drifted)
    assert (told.text, told.is_done, told.diagnostics) == ("issue 20 opened", True, ())
    [issue] = host.issues
    assert issue["title"] == f"Drift on {drifted.tenant}"
    assert read_marker(f"{issue['body']}") == Marker(drifted.tenant, COMMIT, drifted.digest, "12")
    assert "ana" not in f"{issue['body']}"
    assert _tell(host, clock, drifted).text == "issue 20 says the same already"
    assert host.writes == ["POST"]
    world.write_agents(ana="{Billing: 50}")
    assert _tell(host, clock, world.plan()).text == "issue 20 closed: live and files agree again"
    assert (host.issues, len(host.bodies)) == ([], 1)
    assert _tell(host, clock, world.plan()).text == "live and files agree, and no issue is open"


def test_a_token_that_may_not_open_an_issue_is_told(world: World, clock: VirtualClock) -> None:
    """The command fails, in words."""
    world.write_agents(ana="{Billing: 60}")
    told = _tell(Lossy((403, False)), clock, world.plan())
    assert not told.is_done
    assert [each.code for each in told.diagnostics] == ["forge-denied"]
    assert "issues: write" in f"{told.diagnostics[0].hint}"
