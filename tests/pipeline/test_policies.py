"""Policies at an apply: what they forbid is shown and not written, and nothing overrides it but its own name."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler import pipeline
from reconciler.errors import InvalidInput, Refused
from reconciler.plan.change import Plan
from reconciler.plan.scope import Filters
from reconciler.simulator import Behaviour
from tests.conftest import VirtualClock
from tests.world import TENANT_YAML, World, agent


def ruled(world: World, policies: str) -> None:
    world.write("tenant.yaml", f"{TENANT_YAML}policies:\n  {policies}\n")


def refused(world: World, act: Callable[..., object], **how: object) -> tuple[list[str], list[Plan]]:
    """Give the codes of a refusal and what was shown; nothing may have been asked or sent."""
    shown: list[Plan] = []
    before = world.committed_by_api()
    world.sent()
    with pytest.raises(Refused) as caught:
        act(show=shown.append, **how)
    assert world.committed_by_api() == before
    assert not [line for line in world.sent() if line.startswith(("PATCH", "PUT"))]
    assert world.confirmed == []
    return [each.code for each in caught.value.diagnostics], shown


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """Ana and Bo can take Billing, and so can Cy, whom no file names; Ana is to lose it, Bo to lose Chat, his last."""
    world = World(tmp_path, clock, (agent("ana", Billing=60, Chat=9), agent("bo", Chat=50), agent("cy", Billing=40)))
    world.write_agents(ana="{Chat: 9}", bo="{}")
    return world


FLOOR = "coverage: [{skill: Billing, min_available: 2}]"
BLOCKED = {
    "a floor": (FLOOR, "coverage-floor"),
    "a floor by id": ("coverage: [{skill: skill-billing, min_available: 2}]", "coverage-floor"),
    "a floor from a proficiency on": (
        "coverage: [{skill: Billing, min_available: 1, min_proficiency: 50}]",
        "coverage-floor",
    ),
    "agents": ("max_agents_changed: 1", "max-agents-changed"),
    "removals": ("max_assignments_removed: 1", "max-assignments-removed"),
    "agents of a team": ("max_agents_changed_per_team: 1", "max-agents-changed-per-team"),
    "removals of a team": ("max_assignments_removed_per_team: 1", "max-assignments-removed-per-team"),
    "removals of a skill": ("max_assignments_removed_per_skill: 0", "max-assignments-removed-per-skill"),
    "an agent without work": ("empty_agents: block", "agent-empty"),
}


@pytest.mark.parametrize(("policies", "code"), BLOCKED.values(), ids=BLOCKED.keys())
def test_what_a_policy_forbids_is_shown_in_full_and_not_written(world: World, policies: str, code: str) -> None:
    """P11: an override of anything else changes nothing; that of the code lets it through, and stays in the journal."""
    ruled(world, policies)
    plan = world.plan()
    assert plan.is_blocked
    codes, shown = refused(world, world.apply)
    assert codes == ["plan-blocked"]
    assert shown == [plan]
    others = frozenset({"old-plan", *(other for _, other in BLOCKED.values())} - {code})
    assert refused(world, world.apply, allowed=others)[0] == ["plan-blocked"]
    assert world.apply(allowed=frozenset({code})).is_complete
    (journal,) = (world.folder / "state" / "runs").glob("*.jsonl")
    assert f'"{code}"' in journal.read_text(encoding="utf-8").splitlines()[0]


def test_an_agent_that_is_not_there_blocks_where_that_is_wanted(world: World) -> None:
    """Also where there is nothing else to write."""
    world.write_agents(ana="{Billing: 60, Chat: 9}", zoe="{Chat: 9}")
    assert not world.plan().is_blocked
    ruled(world, "missing_agents: block")
    assert "which `missing_agents` forbids" in world.plan().findings[0].message
    assert refused(world, world.apply)[0] == ["plan-blocked"]
    assert world.apply(allowed=frozenset({"agent-missing"})).is_complete


def test_unmanaged_agents_count_for_a_floor(world: World) -> None:
    ruled(
        world, "coverage: [{skill: Billing, min_available: 1}, {skill: Billing, min_available: 1, min_proficiency: 40}]"
    )
    assert not world.plan().is_blocked
    rows = [(row.skill.name, row.min_proficiency, row.before, row.after, row.lowest, row.floor)
            for row in world.plan().coverage if row.skill.name == "Billing"]  # fmt: skip
    assert rows == [("Billing", 0, 2, 1, 1, 1), ("Billing", 40, 2, 1, 1, 1)]


def test_a_floor_counts_from_its_proficiency_on_over_everyone(world: World) -> None:
    """Whoever is available counts, however many values there are in between; counting them changes nothing else."""
    plain = world.plan().coverage
    floors = ", ".join(f"{{skill: Billing, min_available: 0, min_proficiency: {least}}}" for least in (40, 41, 60, 61))
    ruled(world, f"coverage: [{floors}]")
    rows = world.plan(Filters()).coverage
    assert {row.min_proficiency: (row.before, row.after) for row in rows if row.skill.name == "Billing"} == {
        0: (2, 1), 40: (2, 1), 41: (1, 0), 60: (1, 0), 61: (0, 0),
    }  # fmt: skip
    assert [(row.skill, row.before, row.after) for row in rows if not row.min_proficiency] == [
        (row.skill, row.before, row.after) for row in plain
    ]


def test_coverage_of_every_skill_is_there_for_whoever_asks(world: World) -> None:
    """A plan that shows more is the same plan."""
    ruled(world, "coverage: [{skill: Sales, min_available: 0, min_proficiency: 5}]")
    desired = pipeline.load_one(world.context, None).desired
    everything = asyncio.run(pipeline.plan(world.context, desired, Filters(), every_skill=True))
    assert [(row.skill.name, row.min_proficiency) for row in everything.coverage] == [
        ("Billing", 0), ("Chat", 0), ("Email", 0), ("Sales", 0), ("Sales", 5), ("WFI Break", 0),
    ]  # fmt: skip
    assert everything.digest == world.plan().digest
    assert everything.changes == world.plan().changes


@pytest.mark.parametrize("name", ["Biling", "skill-nothing"])
def test_a_floor_of_a_skill_that_is_not_there_is_an_error_at_its_line(world: World, name: str) -> None:
    """Found before any agent is read, for an apply and for a rollback."""
    world.apply()
    ruled(world, f"coverage:\n    - min_available: 1\n      skill: {name}")
    world.sent()
    for act in (world.plan, world.apply, world.rollback):
        with pytest.raises(InvalidInput) as caught:
            act()
        (diagnostic,) = caught.value.diagnostics
        assert (diagnostic.code, str(diagnostic.position)) == ("skill-unknown", "tenant.yaml:7:14")
    assert not [line for line in world.sent() if "agents" in line]


def test_a_waiver_lets_through_until_its_end_and_the_plan_stays_the_same_plan(world: World) -> None:
    """Frozen clocks: a second before the end, and at it; the digest does not move with time."""
    end = world.clock.now() + timedelta(hours=1)
    ruled(world, "coverage: [{skill: Billing, min_available: 2, reason: moving house, "
                 f"waive_until: {end:%Y-%m-%dT%H:%M:%SZ}}}]")  # fmt: skip
    world.clock._elapsed_s += 3599
    waived = world.plan()
    assert waived == world.plan()
    assert not waived.is_blocked
    world.clock._elapsed_s += 1
    ended = world.plan()
    assert ended.is_blocked
    assert ended.digest == waived.digest
    assert ended.changes == waived.changes


def test_where_the_tenant_lists_no_skills_a_floor_cannot_be_judged_and_blocks(
    tmp_path: Path, clock: VirtualClock
) -> None:
    world = World(tmp_path, clock, (agent("ana", Billing=60, Chat=9),), behaviour=Behaviour(inline_skills=False))
    world.write_agents(ana="{Chat: 9}")
    ruled(world, FLOOR)
    assert [each.code for each in world.plan().findings] == ["coverage-unknown"]
    assert refused(world, world.apply)[0] == ["plan-blocked"]
    assert refused(world, world.apply, allowed=frozenset({"coverage-floor"}))[0] == ["plan-blocked"]
    assert world.apply(allowed=frozenset({"coverage-unknown"})).is_complete


def test_a_rollback_is_judged_by_the_same_policies(world: World) -> None:
    """Ana got Sales and Chat from the run; to take Sales back breaks a floor that was written since."""
    world.write_agents(ana="{Billing: 60, Chat: 9, Sales: 50}", bo="{Chat: 50}")
    world.apply()
    world.confirmed.clear()
    ruled(world, "coverage: [{skill: Sales, min_available: 1, min_proficiency: 50}]")
    codes, shown = refused(world, world.rollback)
    assert codes == ["plan-blocked"]
    (finding,) = (each for each in shown[0].findings if each.code == "coverage-floor")
    # The places of a rollback are lines of the journal, which the rule is not in.
    assert finding.position is None
    assert finding.message.endswith("(tenant.yaml:5:14)")
    assert world.rollback(allowed=frozenset({"coverage-floor"})).is_complete


@pytest.mark.parametrize(("share", "is_blocked"), [("5%", True), ("10%", False)])
def test_the_share_of_a_rollback_is_of_all_managed_agents(
    tmp_path: Path, clock: VirtualClock, share: str, is_blocked: bool
) -> None:
    """Not of those few that the run wrote; nor does a filter make the whole smaller."""
    names = [f"a{number}" for number in range(10)]
    world = World(tmp_path, clock, tuple(agent(name, Billing=5, Chat=5) for name in names))
    same = dict.fromkeys(names, "{Billing: 5, Chat: 5}")
    world.write_agents(**same | {"a0": "{Billing: 5, Chat: 5, Sales: 5, Email: 5}"})
    world.apply()
    ruled(world, f"max_assignments_removed: {share}")
    world.confirmed.clear()
    if is_blocked:
        assert refused(world, world.rollback)[0] == ["plan-blocked"]
    else:
        assert world.rollback().is_complete
    world.write_agents(**same)
    one = Filters(agents=("a0@example.com",))
    assert world.plan(one).is_blocked is is_blocked


PER_TEAM = ("max_agents_changed_per_team", "max_assignments_removed_per_team")


def two_teams(world: World, east: str, *, changed: int, skills: str) -> None:
    """Declare ten agents in each of two files, the first few of the first one with other skills."""
    for file, team in (("east", east), ("west", "West")):
        lines = [f"team: {team}", "agents:"]
        for number in range(10):
            held = skills if file == "east" and number < changed else "{Billing: 5, Chat: 5}"
            lines.append(f"  {file}{number}@example.com: {{skills: {held}}}")
        world.write(f"agents/{file}.yaml", "\n".join([*lines, ""]))


@pytest.fixture
def teams(tmp_path: Path, clock: VirtualClock) -> World:
    """Twenty agents of two teams, who all hold Billing and Chat; an eleventh of East is there that no file names."""
    names = [f"{team}{number}" for team in ("east", "west") for number in range(10)]
    return World(tmp_path, clock, tuple(agent(name, Billing=5, Chat=5) for name in (*names, "east10")))


@pytest.mark.parametrize(
    ("limit", "findings"),
    [
        ("max_agents_changed_per_team: 29%", ["team `East`: 3 of 10 managed agents change"]),
        ("max_agents_changed_per_team: 30%", []),
        ("max_assignments_removed_per_team: 14%", ["team `East`: 3 of 20 held assignments are removed"]),
        ("max_assignments_removed_per_team: 15%", []),
        ("max_assignments_removed_per_skill: 14%", ["`Chat`: 3 of 20 held assignments are removed"]),
        ("max_assignments_removed_per_skill: 15%", []),
    ],
)
def test_the_share_of_a_team_and_of_a_skill_is_of_managed_agents_whatever_the_plan_is_narrowed_to(
    teams: World, limit: str, findings: list[str]
) -> None:
    """Who is not managed is no part of the whole; nor does a filter make it smaller, or a smaller plan forbidden."""
    two_teams(teams, "East", changed=3, skills="{Billing: 5}")
    ruled(teams, limit)
    agents = tuple(f"east{number}@example.com" for number in range(3))
    for filters in (Filters(), Filters(teams=("East",)), Filters(agents=agents), Filters(skills=("Chat",))):
        found = teams.plan(filters).findings
        assert [each.message.partition(", more")[0] for each in found] == findings
    assert not teams.plan(Filters(teams=("West",))).is_blocked
    assert not teams.plan(Filters(agents=agents[:2])).is_blocked


@pytest.mark.parametrize("key", PER_TEAM)
def test_a_rollback_is_judged_by_the_teams_of_today(teams: World, key: str) -> None:
    """A team that was renamed since is not unknown; its limit holds, by its new name, as a share and as a count."""
    two_teams(teams, "East", changed=10, skills="{Billing: 6, Chat: 5, Sales: 1}")
    teams.apply()
    teams.confirmed.clear()
    two_teams(teams, "East Coast", changed=10, skills="{Billing: 6, Chat: 5, Sales: 1}")
    for limit in ("30%", "9"):
        ruled(teams, f"{key}: {limit}")
        codes, (shown,) = refused(teams, teams.rollback)
        assert codes == ["plan-blocked"]
        (finding,) = (each for each in shown.findings if each.code == key.replace("_", "-"))
        assert finding.message.startswith("team `East Coast`: 10 ")
        # What the rollback shows is what the run was about.
        assert {change.team for change in shown.changes} == {"East"}
    assert teams.rollback(allowed=frozenset({key.replace("_", "-")})).is_complete


def test_an_override_of_the_limit_for_all_is_none_of_that_of_a_team_or_skill(teams: World) -> None:
    """P11: each is a code of its own."""
    two_teams(teams, "East", changed=10, skills="{Billing: 5}")
    keys = ("max_assignments_removed", *PER_TEAM, "max_assignments_removed_per_skill")
    ruled(teams, "\n  ".join(f"{key}: 1%" for key in keys))
    needed = [key.replace("_", "-") for key in keys]
    for code in needed:
        assert refused(teams, teams.apply, allowed=frozenset(needed) - {code})[0] == ["plan-blocked"]
    assert teams.apply(allowed=frozenset(needed)).is_complete


def test_policies_that_hold_say_nothing(world: World) -> None:
    world.write_agents(ana="{Billing: 61, Chat: 9}", bo="{Chat: 50}")
    ruled(world, f"max_agents_changed: 1\n  max_assignments_removed: 0\n  empty_agents: block\n  {FLOOR}")
    assert world.plan().findings == ()
    assert world.apply().is_complete
