"""Time in the middle of an apply, in a saved plan, and in a rollback."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.errors import InvalidInput, Refused
from reconciler.plan.change import Plan
from reconciler.plan.outcome import Status
from reconciler.render.plan_json import plan_as_json, read_plan
from reconciler.simulator import Assignment, Behaviour
from tests.conftest import VirtualClock
from tests.world import TENANT_YAML, World, agent

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
SURGE = """\
overrides:
  - {from: 2026-11-22T13:00:00Z, until: 2026-11-22T15:00:00Z, agents: [ana@example.com], skills: {Sales: 70}}
"""
HOLD = "holds: [{agents: [ana@example.com], skills: [Billing], until: 2026-11-22T15:00:00Z, reason: trial}]\n"


def make_world(tmp_path: Path, timed: str) -> World:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=40), agent("bo", Sales=10)))
    world.write_agents(ana="{Billing: 60}", bo="{Sales: 20}")
    world.write("timed.yaml", timed)
    return world


def held(world: World, name: str) -> dict[str, Assignment]:
    return dict(world.tenant.agents[f"id-{name}"].skills)


def refused(world: World, **how: object) -> list[str]:
    with pytest.raises(Refused) as caught:
        world.apply(**how)  # type: ignore[arg-type] # as `World.apply` takes them
    assert world.tenant.commits == []
    return [each.code for each in caught.value.diagnostics]


def pass_time(world: World, hours: float) -> None:
    world.clock._elapsed_s += hours * 3600


def test_what_ends_while_the_question_stands_is_not_written(tmp_path: Path) -> None:
    world = make_world(tmp_path, SURGE)
    assert refused(world, while_asked=lambda: pass_time(world, 1)) == ["plan-outlasted"]
    world.apply()
    assert "skill-sales" not in held(world, "ana")


def test_an_answer_in_time_is_in_time(tmp_path: Path) -> None:
    world = make_world(tmp_path, SURGE)
    world.apply(while_asked=lambda: pass_time(world, 0.9))
    assert held(world, "ana")["skill-sales"] == Assignment(70)


def saved(plan: Plan, at: datetime) -> Plan:
    return read_plan(plan_as_json(plan, f"{at:%Y-%m-%dT%H:%M:%SZ}").encode(), "plan.json").plan


def test_a_plan_for_another_time_is_never_applied(tmp_path: Path) -> None:
    """Even where it would be the same now."""
    world = make_world(tmp_path, SURGE)
    for at in (NOW, NOW + timedelta(days=1)):
        ahead = world.plan(at=at)
        assert saved(ahead, NOW).at == at
        claim = read_plan(plan_as_json(ahead, "2026-11-22T14:00:00Z").encode(), "plan.json")
        assert "plan-other-time" in refused(world, claim=claim)
    claim = read_plan(plan_as_json(world.plan(), "2026-11-22T14:00:00Z").encode(), "plan.json")
    assert world.apply(claim=claim).is_complete


def test_a_saved_plan_whose_moment_has_passed_is_not_what_is_desired_any_more(tmp_path: Path) -> None:
    world = make_world(tmp_path, SURGE)
    claim = read_plan(plan_as_json(world.plan(), "2026-11-22T14:00:00Z").encode(), "plan.json")
    pass_time(world, 1)
    assert refused(world, claim=claim) == ["plan-stale", "files-moved"]


def test_a_rollback_leaves_alone_what_is_held_by_now(tmp_path: Path) -> None:
    """And puts back all else; once the hold is over it goes back too."""
    world = make_world(tmp_path, "{}\n")
    world.write("timed.yaml", "holds: []\n")
    world.apply()
    world.write("timed.yaml", HOLD)
    world.rollback()
    assert held(world, "ana") == {"skill-billing": Assignment(60)}
    assert held(world, "bo") == {"skill-sales": Assignment(10)}
    reasons = [each for each in world.confirmed[-1].findings if each.code == "rollback-skipped"]
    assert len(reasons) == 1
    assert "timed.yaml:1:9" in reasons[0].message
    run = next(iter(sorted((tmp_path / "state" / "runs").glob("*.jsonl")))).stem
    pass_time(world, 2)
    world.rollback(run)
    assert held(world, "ana") == {"skill-billing": Assignment(40)}


def test_an_apply_that_takes_longer_than_its_plan_holds_starts_no_write_after_that(tmp_path: Path) -> None:
    """The rest is told as not tried; the next apply plans for its own moment."""
    names = [f"a{number}" for number in range(250)]
    clock = VirtualClock()
    world = World(tmp_path, clock, tuple(agent(name) for name in names), behaviour=Behaviour(limit=None))
    world.write_agents(**dict.fromkeys(names, "{}"))
    world.write("timed.yaml", "overrides: [{until: 2026-11-22T14:01:30Z, teams: [Testers], skills: {Sales: 70}}]\n")
    outcome = world.apply()
    until = 90.0
    assert [each.code for each in outcome.stopped_by] == ["plan-outlasted"]
    late = [commit for commit in world.tenant.commits if commit.at > until]
    assert late == []
    assert 0 < len(world.tenant.commits) < len(names)
    statuses = {each.status for each in outcome.agents}
    assert statuses == {Status.APPLIED, Status.NOT_TRIED}
    world.apply()
    assert not any(held(world, name) for name in names)


HELD_AGENT = "holds: [{agents: [ana@example.com], skills: [Billing], until: 2026-11-22T15:00:00Z}]\n"


def test_a_rollback_keeps_to_a_hold_whose_agent_has_another_address_by_now(tmp_path: Path) -> None:
    world = make_world(tmp_path, "holds: []\n")
    world.apply()
    world.write("timed.yaml", HELD_AGENT)
    world.tenant.agents["id-ana"] = replace(world.tenant.agents["id-ana"], email="other@example.com")
    world.rollback()
    assert held(world, "ana") == {"skill-billing": Assignment(60)}
    assert held(world, "bo") == {"skill-sales": Assignment(10)}


def test_a_rollback_is_refused_where_nobody_knows_what_a_hold_leaves_alone(tmp_path: Path) -> None:
    world = make_world(tmp_path, "holds: []\n")
    world.apply()
    before = len(world.tenant.commits)
    world.write("timed.yaml", HELD_AGENT.replace("Billing", "Biling"))
    with pytest.raises(InvalidInput) as caught:
        world.rollback()
    assert [each.code for each in caught.value.diagnostics] == ["skill-unknown"]
    assert len(world.tenant.commits) == before


def test_a_rollback_is_asked_for_its_moment_too(tmp_path: Path) -> None:
    """A floor whose waiver ends while the question stands holds again."""
    world = make_world(tmp_path, "holds: []\n")
    world.apply()
    floor = "{skill: Sales, min_available: 1, waive_until: 2026-11-22T15:00:00Z, reason: trial}"
    world.write("tenant.yaml", f"{TENANT_YAML}policies:\n  coverage: [{floor}]\n")
    with pytest.raises(Refused) as caught:
        world.rollback(while_asked=lambda: pass_time(world, 2))
    assert [each.code for each in caught.value.diagnostics] == ["plan-outlasted"]


def test_doctor_writes_nobody_of_whom_something_is_held(tmp_path: Path) -> None:
    import asyncio  # noqa: PLC0415

    from reconciler import pipeline  # noqa: PLC0415
    from reconciler.pipeline.asking import _choose  # noqa: PLC0415 - behind the door

    world = make_world(tmp_path, HOLD)
    desired = pipeline.load_one(world.context, None).desired
    state = asyncio.run(pipeline.survey(world.context, desired))
    chosen = _choose(desired, state, NOW)
    assert chosen is not None
    assert chosen.id == "id-bo"
    everyone = replace(desired, holds=tuple(replace(each, selection=type(each.selection)()) for each in desired.holds))
    assert _choose(everyone, state, NOW) is None
