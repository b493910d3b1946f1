"""No skill is short of cover on the way: what the tenant committed, one after the other, is counted."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.plan.outcome import Outcome, Status
from reconciler.simulator import Author, Fault, Kind, SkillSet
from tests.conftest import VirtualClock
from tests.world import World, agent

NAMES = ("ana", "bo", "cy", "dee", "eve", "flo")
SKILLS = ("Billing", "Chat", "Email")


def _yaml(skills: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{skill}: {value}" for skill, value in skills.items()) + "}"


def _world(
    tmp_path: Path, clock: VirtualClock, live: Mapping[str, Mapping[str, int]], desired: Mapping[str, Mapping[str, int]]
) -> World:
    world = World(tmp_path, clock, tuple(agent(name, active=True, **skills) for name, skills in live.items()))
    world.write_agents(**{name: _yaml(skills) for name, skills in desired.items()})
    return world


def _cover(sets: Mapping[str, SkillSet]) -> Counter[str]:
    return Counter(skill for held in sets.values() for skill, value in held.items() if value.available)


def _assert_covered(world: World, before: Mapping[str, SkillSet], after: Mapping[str, SkillSet]) -> None:
    """At every prefix of the commits each skill has at least the lower of before and after."""
    now = dict(before)
    low, high = _cover(before), _cover(after)
    for commit in world.tenant.commits:
        assert commit.author is Author.API
        now[commit.agent_id] = commit.skills_after
        cover = _cover(now)
        short = {skill for skill in {*low, *high} if cover[skill] < min(low[skill], high[skill])}
        assert not short, f"{short} after {commit.agent_id}"


def _statuses(outcome: Outcome) -> dict[str, Status]:
    return {each.agent.user_name.removeprefix("user."): each.status for each in outcome.agents}


def _sets(world: World) -> dict[str, SkillSet]:
    return {each.id: each.skills for each in world.tenant.agents.values()}


def test_two_who_swap_are_written_in_three_steps(tmp_path: Path, clock: VirtualClock) -> None:
    """One write alone would leave a skill without anybody: one agent holds both for a moment."""
    world = _world(
        tmp_path,
        clock,
        {"ana": {"Billing": 50}, "bo": {"Chat": 50}},
        {"ana": {"Chat": 50}, "bo": {"Billing": 50}},
    )
    before = _sets(world)
    plan = world.plan()
    outcome = world.apply()
    assert plan.summary.writes == 3
    assert outcome.is_complete
    assert outcome.is_verified
    assert world.committed_by_api() == 3
    assert world.live("ana") == {"skill-chat": (50, True)}
    assert world.live("bo") == {"skill-billing": (50, True)}
    _assert_covered(world, before, _sets(world))


@pytest.mark.parametrize("status", [400, 500])
def test_a_removal_waits_for_the_addition_that_failed(tmp_path: Path, clock: VirtualClock, status: int) -> None:
    """Bo keeps Billing while ana, who was to take over, could not be given it; the message names the skill."""
    world = _world(tmp_path, clock, {"ana": {}, "bo": {"Billing": 50}}, {"ana": {"Billing": 50}, "bo": {}})
    world.app.faults.add(Fault(Kind.STATUS, "PATCH", "/api/v2/agents/id-ana", status=status, times=None))
    outcome = world.apply()
    assert _statuses(outcome)["bo"] is Status.HELD_BACK
    assert "`Billing`" in outcome.agents[1].message
    assert world.live("bo") == {"skill-billing": (50, True)}
    world.app.faults.clear()
    assert world.apply().is_complete
    assert (world.live("ana"), world.live("bo")) == ({"skill-billing": (50, True)}, {})


def test_others_go_on_while_one_is_held_back(tmp_path: Path, clock: VirtualClock) -> None:
    """Only who relied on the failed addition waits."""
    world = _world(
        tmp_path,
        clock,
        {"ana": {}, "bo": {"Billing": 50}, "cy": {"Chat": 50}, "dee": {"Chat": 50}},
        {"ana": {"Billing": 50}, "bo": {}, "cy": {}, "dee": {"Chat": 60}},
    )
    world.app.faults.add(Fault(Kind.STATUS, "PATCH", "/api/v2/agents/id-ana", status=400, times=None))
    statuses = _statuses(world.apply())
    assert statuses == {
        "ana": Status.FAILED,
        "bo": Status.HELD_BACK,
        "cy": Status.APPLIED,
        "dee": Status.APPLIED,
    }


def test_a_second_step_that_fails_leaves_the_first(tmp_path: Path, clock: VirtualClock) -> None:
    """What the agent gains is there, what it loses is too: held back, and said so; the next run does the rest."""
    world = _world(
        tmp_path,
        clock,
        {"ana": {"Billing": 50}, "bo": {"Chat": 50}},
        {"ana": {"Chat": 50}, "bo": {"Billing": 50}},
    )
    first = world.plan().order[0].change
    name = NAMES[first]
    world.app.faults.add(Fault(Kind.STATUS, "PATCH", f"/api/v2/agents/id-{name}", nth=2, status=400, times=None))
    outcome = world.apply()
    assert _statuses(outcome)[name] is Status.HELD_BACK
    assert "what it gains was written" in outcome.agents[first].message
    assert len(world.live(name)) == 2
    world.app.faults.clear()
    assert world.apply().is_complete
    assert len(world.live(name)) == 1


_SETS = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(SKILLS), st.sampled_from([40, 50]), max_size=3) for name in NAMES}
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(live=_SETS, desired=_SETS, refused=st.sets(st.sampled_from(NAMES), max_size=2), width=st.integers(1, 6))
def test_no_prefix_of_any_run_is_short_of_cover(
    tmp_path_factory: pytest.TempPathFactory,
    live: dict[str, dict[str, int]],
    desired: dict[str, dict[str, int]],
    refused: set[str],
    width: int,
) -> None:
    """Whoever is refused, and however many are under way; without refusals everybody gets there."""
    world = _world(tmp_path_factory.mktemp("world"), VirtualClock(), live, desired)
    before = _sets(world)
    for name in refused:
        world.app.faults.add(
            Fault(Kind.STATUS, "PATCH", f"/api/v2/agents/id-{name}", status=400, times=None, body=name.encode())
        )
    outcome = world.apply(max_concurrency=width)
    after = {f"id-{name}": agent(name, active=True, **skills).skills for name, skills in desired.items()}
    _assert_covered(world, before, after)
    if not refused:
        assert outcome.is_complete
        assert _sets(world) == after
