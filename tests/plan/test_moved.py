"""A saved plan is a claim: checked against tenant, clock and a fresh plan; and what moved since is said in words."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentChange, AgentName, AssignmentChange, Plan, SkillName, Summary
from reconciler.plan.claim import check_claim, check_reviewed
from reconciler.plan.moved import moved
from reconciler.render.plan_json import plan_as_json, read_plan
from reconciler.simulator import Assignment as Held
from tests.conftest import VirtualClock
from tests.world import World, agent

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def saved(world: World) -> Plan:
    """Plan, and read it back from what a file would hold."""
    return read_plan(plan_as_json(world.plan(), "2026-11-22T14:00:00Z").encode(), "plan.json").plan


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """One agent with a change, an add and a removal to come."""
    made = World(tmp_path, clock, (agent("ana", Billing=40, Sales=10, Chat=5), agent("bo", Billing=1)))
    made.write_agents(ana="{Billing: 60, Email: 70, Chat: 5}", bo="{Billing: 1}")
    return made


def words(found: tuple[Diagnostic, ...]) -> list[str]:
    """Say it shorter."""
    return [f"{each.code}: {each.message.replace('@example.com', '')}" for each in found]


def hold(world: World, name: str, skill: str, proficiency: int, *, available: bool = True) -> None:
    """Change live, as an outsider."""
    world.tenant.edit_skills(f"id-{name}", {f"skill-{skill.lower()}": Held(proficiency, available)})


def test_nothing_moved_nothing_to_say(world: World) -> None:
    assert moved(saved(world), world.plan()) == ()
    assert check_reviewed(world.plan(), saved(world), world.plan().digest) == ()


def edit_both(world: World) -> None:
    """Let live and the files move."""
    hold(world, "ana", "Billing", 50)
    world.write_agents(ana="{Billing: 65, Email: 70, Chat: 5}", bo="{Billing: 1}")


MOVES: dict[str, tuple[Callable[[World], object], str]] = {
    "live": (
        lambda world: hold(world, "ana", "Billing", 50, available=False),
        "live-moved: `ana`, `Billing`: the saved plan says 40 -> 60, but live moved to 50 (not available)",
    ),
    "live, to what was planned": (
        lambda world: hold(world, "ana", "Email", 70),
        "live-moved: `ana`, `Email`: the saved plan says absent -> 70, but live moved to 70",
    ),
    "live, to what nobody planned": (
        lambda world: hold(world, "ana", "Chat", 6),
        "plan-moved: `ana`, `Chat`: not in the saved plan; now 6 -> 5: live or the files moved",
    ),
    "files": (
        lambda world: world.write_agents(ana="{Billing: 65, Email: 70, Chat: 5}", bo="{Billing: 1}"),
        "files-moved: `ana`, `Billing`: the saved plan says 40 -> 60, but the files moved to 65",
    ),
    "files, to what is live": (
        lambda world: world.write_agents(ana="{Billing: 60, Email: 70, Chat: 5, Sales: 10}", bo="{Billing: 1}"),
        "files-moved: `ana`, `Sales`: the saved plan says 10 -> absent, but the files moved to 10",
    ),
    "both": (
        edit_both,
        "plan-moved: `ana`, `Billing`: the saved plan says 40 -> 60, but live moved to 50 and the files to 65",
    ),
    "another agent": (
        lambda world: hold(world, "bo", "Billing", 2),
        "plan-moved: `bo`: not in the saved plan; now there is 1 change to make: live or the files moved",
    ),
    "an agent less": (
        lambda world: world.write_agents(bo="{Billing: 1}"),
        "plan-moved: `ana`: only in the saved plan, with 3 changes; nothing to do now: live or the files moved",
    ),
}


@pytest.mark.parametrize(("move", "expected"), MOVES.values(), ids=MOVES.keys())
def test_what_moved_is_named_with_its_values(world: World, move: Callable[[World], object], expected: str) -> None:
    """Agent, skill, what the saved plan says, and where live or the files are now."""
    before = saved(world)
    move(world)
    fresh = world.plan()
    assert words(moved(before, fresh)) == [expected]
    reasons = check_reviewed(fresh, before, None)
    assert reasons[0].code == "plan-stale"
    assert words(reasons[1:]) == [expected]
    # A plan that does nothing is what every reviewer saw.
    unexpected = ["plan-unexpected"] if fresh.changes else []
    assert [each.code for each in check_reviewed(fresh, None, before.digest)] == unexpected


SETS = st.dictionaries(st.sampled_from("abc"), st.builds(Assignment, st.integers(0, 2), st.booleans()), max_size=3)
TENANTS = st.dictionaries(st.sampled_from(["x", "y"]), st.tuples(SETS, SETS), max_size=2)


def made_of(tenant: dict[str, tuple[dict[str, Assignment], dict[str, Assignment]]]) -> Plan:
    """Make a plan of live and desired sets."""
    changes = []
    for name, (before, after) in tenant.items():
        rows = tuple(
            AssignmentChange(
                Action.CHANGE, SkillName(skill, skill), before.get(skill), after.get(skill), SourcePosition("a", 1, 1)
            )
            for skill in sorted({*before, *after})
            if before.get(skill) != after.get(skill)
        )
        if rows:
            ref = AgentName(name, name, name, name)
            changes.append(AgentChange(ref, None, SourcePosition("a", 1, 1), rows, before, after, None))
    nothing = Summary(*[0] * len(fields(Summary)))
    return Plan("acme", "sha256:0", nothing, tuple(changes))


@given(TENANTS, TENANTS)
def test_something_is_said_exactly_when_something_moved(
    old: dict[str, tuple[dict[str, Assignment], dict[str, Assignment]]],
    new: dict[str, tuple[dict[str, Assignment], dict[str, Assignment]]],
) -> None:
    before, fresh = made_of(old), made_of(new)

    def rows(plan: Plan) -> set[tuple[object, ...]]:
        return {(each.agent.id, row.skill.id, row.before, row.after) for each in plan.changes for row in each.skills}

    assert bool(moved(before, fresh)) == (rows(before) != rows(fresh))


def test_a_long_list_ends_in_how_many_more_there_are() -> None:
    """About a screen: who changed all of a tenant is not helped by a hundred thousand lines."""
    sets: dict[str, tuple[dict[str, Assignment], dict[str, Assignment]]]
    sets = {f"agent-{number:04}": ({}, {"a": Assignment(1, available=True)}) for number in range(1000)}
    found = moved(made_of({}), made_of(sets))
    assert len(found) == 21
    assert found[0].message.startswith("`agent-0000`")
    assert found[-1] == Diagnostic("plan-moved", "and 980 more")


def claimed(saved_at: str, tenant: str = "acme", allowed: frozenset[str] = frozenset()) -> list[str]:
    return [each.code for each in check_claim(made_of({}), saved_at, tenant, NOW, allowed)]


@pytest.mark.parametrize(
    ("age", "codes"),
    [
        (timedelta(), []),
        (timedelta(hours=24), []),
        (timedelta(hours=24, seconds=1), ["plan-old"]),
        (timedelta(days=4000), ["plan-old"]),
        (-timedelta(minutes=5), []),
        (-timedelta(minutes=5, seconds=1), ["plan-future"]),
    ],
)
def test_a_claim_has_an_age(age: timedelta, codes: list[str]) -> None:
    """A day: longer ago nobody remembers what was reviewed. A plan from the future is one whose age is not known."""
    assert claimed(f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}") == codes


def test_an_old_plan_may_be_allowed_and_nothing_else() -> None:
    """P11: an override overrides what it names."""
    old, future = "2026-11-20T00:00:00Z", "2026-11-23T00:00:00Z"
    assert claimed(old, allowed=frozenset({"old-plan"})) == []
    assert claimed(old, allowed=frozenset({"plan-old", "all"})) == ["plan-old"]
    assert claimed(future, allowed=frozenset({"old-plan"})) == ["plan-future"]
    assert claimed(old, "bravo", frozenset({"old-plan"})) == ["plan-foreign"]
    assert claimed(old, "bravo") == ["plan-foreign", "plan-old"]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22T14:00:00", "2026-11-22", "0001-01-01T00:00:00+14:00"])
def test_a_plan_that_does_not_say_when_is_damaged(text: str) -> None:
    """The digest does not cover the time: it is checked for itself."""
    assert claimed(text) == ["plan-damaged"]


def test_an_offset_counts() -> None:
    assert claimed("2026-11-22T09:00:00-05:00") == []
    assert claimed("2026-11-22T14:00:00-05:00") == ["plan-future"]


def test_every_refusal_says_what_to_type() -> None:
    plan = replace(made_of({"x": ({}, {"a": Assignment(1, available=True)})}), tenant="bravo")
    found = check_claim(plan, "2026-11-20T00:00:00Z", "acme", NOW, frozenset())
    found += check_reviewed(plan, replace(plan, digest="sha256:1"), "sha256:2")
    assert [each.code for each in found] == ["plan-foreign", "plan-old", "plan-unexpected", "plan-stale"]
    assert all(each.hint for each in found)
    assert "62 h ago" in found[1].message
