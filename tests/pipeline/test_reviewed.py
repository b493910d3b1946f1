"""What was reviewed is what is applied, or nothing: saved plans and digests."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.errors import Refused
from reconciler.plan.change import Plan
from reconciler.plan.scope import Filters
from reconciler.render.plan_json import SavedPlan, plan_as_json, read_plan
from reconciler.simulator import Assignment, Author
from tests.conftest import VirtualClock
from tests.world import How, World, agent


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """Two agents who change."""
    world = World(tmp_path, clock, (agent("ana", Billing=50), agent("bo", Billing=50)))
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60, Chat: 40}")
    return world


def _saved(world: World, filters: Filters = Filters()) -> SavedPlan:  # noqa: B008 - frozen
    """Plan, save, and read it back, as `plan --out` and `apply FILE` do."""
    text = plan_as_json(world.plan(filters), f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}")
    return read_plan(text.encode(), "plan.json")


def _refused(world: World, **how: Unpack[How]) -> list[str]:
    before = world.committed_by_api()
    with pytest.raises(Refused) as caught:
        world.apply(**how)
    assert world.committed_by_api() == before
    assert not any(line.startswith("PATCH") for line in world.sent())
    return [each.code for each in caught.value.diagnostics]


def test_a_plan_that_still_holds_is_applied(world: World) -> None:
    saved = _saved(world)
    outcome = world.apply(claim=saved, expect=saved.plan.digest)
    assert outcome.is_complete
    assert outcome.digest == saved.plan.digest


def test_a_narrowed_plan_is_applied_as_narrow(world: World) -> None:
    """A saved plan says itself what it is about: the other agent is not written."""
    saved = _saved(world, Filters(agents=("ana@example.com",)))
    assert world.apply(saved.plan.filters, claim=saved).is_complete
    assert {commit.agent_id for commit in world.tenant.commits} == {"id-ana"}


def test_a_plan_of_what_began_by_itself_is_applied_as_such(world: World) -> None:
    """What its agents lack beside stays, as it would without the file."""
    until = "until: 2026-12-22T14:00:00Z, agents: [ana@example.com]"
    world.write("surge.yaml", f"overrides: [{{{until}, skills: {{Sales: 70}}}}]\n")
    saved = _saved(world, Filters(timed=True))
    before = dict(world.live("ana"))
    assert world.apply(saved.plan.filters, claim=saved).is_complete
    assert world.live("ana") == {**before, "skill-sales": (70, True)}
    assert {commit.agent_id for commit in world.tenant.commits} == {"id-ana"}


MOVES: dict[str, Callable[[World], object]] = {
    "live": lambda world: world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(55)}),
    "files": lambda world: world.write_agents(ana="{Billing: 61}", bo="{Billing: 60, Chat: 40}"),
    "fewer": lambda world: world.write_agents(bo="{Billing: 60, Chat: 40}"),
    "done": lambda world: world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(60)}),
    "gone": lambda world: world.tenant.delete_agent("id-ana"),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
def test_a_plan_that_moved_is_refused_and_says_what_moved(world: World, move: Callable[[World], object]) -> None:
    """Live or the files, more or less: nothing is written."""
    saved = _saved(world)
    move(world)
    world.tenant.commits.clear()
    world.sent()
    codes = _refused(world, claim=saved)
    assert codes[0] == "plan-stale"
    assert any(code.endswith("-moved") for code in codes[1:])
    assert _refused(world, expect=saved.plan.digest) == ["plan-unexpected"]


def test_an_old_plan_is_refused_unless_that_is_allowed(world: World) -> None:
    saved = _saved(world)
    world.clock._elapsed_s += 24 * 3600 + 60
    assert _refused(world, claim=saved) == ["plan-old"]
    assert world.apply(claim=saved, allowed=frozenset({"old-plan"})).is_complete


def test_the_plan_of_another_tenant_is_refused_before_anything_is_asked(world: World) -> None:
    saved = _saved(world)
    world.write("tenant.yaml", "version: 1\ntenant: {name: other, api: simulator}\n")
    world.sent()
    assert _refused(world, claim=saved) == ["plan-foreign"]
    assert world.sent() == []


def test_without_removals_nothing_is_taken_away(world: World) -> None:
    """And whoever only loses is not written at all."""
    world.write_agents(ana="{Chat: 60}", bo="{}")
    assert world.apply(Filters(no_removals=True)).is_complete
    assert world.live("ana") == {"skill-billing": (50, True), "skill-chat": (60, True)}
    assert world.live("bo") == {"skill-billing": (50, True)}
    assert world.plan(Filters(no_removals=True)).changes == ()


def test_what_is_left_of_a_reviewed_plan_is_applied(world: World) -> None:
    """Somebody did a part of it by hand, or an earlier run did."""
    saved = _saved(world)
    world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(60)})
    outcome = world.apply(expect=saved.plan.digest, reviewed=saved)
    assert outcome.is_complete
    assert {commit.agent_id for commit in world.tenant.commits if commit.author is Author.API} == {"id-bo"}
    assert world.apply(expect=saved.plan.digest, reviewed=saved).agents == ()


def test_what_goes_beyond_the_review_is_refused_and_the_fresh_plan_kept(world: World) -> None:
    """The fresh plan is there for whoever has to review it now."""
    saved, kept = _saved(world), list[Plan]()
    world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(55)})
    world.sent()
    codes = _refused(world, expect=saved.plan.digest, reviewed=saved, planned=kept.append)
    assert codes == ["plan-unexpected", "live-moved"]
    assert [plan.digest for plan in kept] == [world.plan().digest]


def test_a_queue_keeps_the_cover_that_the_review_showed(tmp_path: Path, clock: VirtualClock) -> None:
    """Bo was to take over Billing from Ana, and has been deleted since: Ana keeps it."""
    world = World(tmp_path, clock, (agent("ana", Billing=50), agent("bo", Chat=50)))
    world.write_agents(ana="{Chat: 40}", bo="{Billing: 60, Chat: 50}")
    saved = _saved(world)
    world.tenant.delete_agent("id-bo")
    world.sent()
    assert _refused(world, expect=saved.plan.digest, reviewed=saved) == ["plan-unexpected", "live-moved"]


def test_a_gate_that_is_shut_lets_nothing_be_asked_of_the_tenant(world: World) -> None:
    """An old commit is refused before anything is read, and after every other apply has ended."""

    async def gate() -> None:
        await asyncio.sleep(0)
        raise Refused(Diagnostic("commit-old", "an old commit"))

    assert _refused(world, gate=gate) == ["commit-old"]
    assert world.sent() == []
