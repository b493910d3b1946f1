"""What stands in a plan: every difference once, with its place, its skill's name and a reason to believe it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import InvalidInput
from reconciler.model.assignments import Assignment
from reconciler.plan.change import Action, Plan
from reconciler.plan.digest import digest_of
from reconciler.plan.order import order_writes
from reconciler.plan.scope import Filters
from reconciler.simulator import Behaviour, Skill
from tests.conftest import VirtualClock
from tests.world import SKILLS, World, agent


def _rows(plan: Plan) -> list[tuple[str, str, str, object, object]]:
    return [
        (change.agent.email, each.action.value, each.skill.name, each.before, each.after)
        for change in plan.changes
        for each in change.skills
    ]


def _codes(plan: Plan) -> list[str]:
    return [finding.code for finding in plan.findings]


def test_adds_changes_and_removals_are_told_apart(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana", Billing=60, Chat=40, Email=50),))
    world.write_agents(ana="{Billing: 60, Chat: {proficiency: 40, available: false}, Sales: 70}")
    plan = world.plan()
    assert _rows(plan) == [
        ("ana@example.com", "change", "Chat", Assignment(40, True), Assignment(40, False)),
        ("ana@example.com", "remove", "Email", Assignment(50, True), None),
        ("ana@example.com", "add", "Sales", None, Assignment(70, True)),
    ]
    summary = plan.summary
    assert (summary.assignments_added, summary.assignments_changed, summary.assignments_removed) == (1, 1, 1)
    assert (summary.writes, summary.requests, summary.eta_seconds) == (1, 2, 0.6)


def test_every_line_points_at_where_it_was_written(tmp_path: Path, clock: VirtualClock) -> None:
    """Own skills at their line, skills of a profile at the profile's line, removals at the agent."""
    world = World(tmp_path, clock, (agent("ana", Email=50),))
    world.write("profiles.yaml", "profiles:\n  base:\n    skills:\n      Billing: 60\n")
    world.write("team/a.yaml", "agents:\n  ana@example.com:\n    profiles: [base]\n    skills:\n      Chat: 70\n")
    change = world.plan().changes[0]
    assert str(change.source) == "team/a.yaml:2:3"
    assert {each.skill.name: str(each.source) for each in change.skills} == {
        "Billing": "profiles.yaml:4:7",
        "Chat": "team/a.yaml:5:7",
        "Email": "team/a.yaml:2:3",
    }


def test_later_profiles_win_and_own_skills_win_over_all(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana"),))
    world.write(
        "all.yaml",
        "profiles:\n"
        "  one: {skills: {Billing: 10, Chat: 10, Email: 10, Sales: 10}}\n"
        "  two: {extends: [one], skills: {Billing: 20, Email: absent}}\n"
        "  three: {skills: {Chat: 30, Email: 30}}\n"
        "  four: {skills: {Chat: absent}}\n"
        "agents:\n"
        "  ana@example.com: {profiles: [two, three, four], skills: {Sales: 99}}\n",
    )
    after = {skill: value.proficiency for skill, value in world.plan().changes[0].after.items()}
    assert after == {"skill-billing": 20, "skill-email": 30, "skill-sales": 99}


def test_ignored_skills_are_neither_reported_nor_lost(tmp_path: Path, clock: VirtualClock) -> None:
    """Whoever owns `WFI *` finds it unchanged after every write."""
    world = World(tmp_path, clock, (agent("ana", Billing=50, WFI_Break=5), agent("bo", WFI_Break=7)))
    world.write_agents(ana="{Billing: 60}", bo="{}")
    plan = world.plan()
    assert [row[2] for row in _rows(plan)] == ["Billing"]
    world.apply()
    assert world.live("ana") == {"skill-billing": (60, True), "skill-wfi break": (5, True)}
    assert world.live("bo") == {"skill-wfi break": (7, True)}


def test_unmanaged_agents_are_counted_and_left_alone(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana"), agent("bo", Billing=1), agent("cy", Chat=2)))
    world.write_agents(ana="{Billing: 60}")
    outcome = world.apply()
    assert outcome.is_complete
    assert world.confirmed[0].summary.agents_unmanaged == 2
    assert (world.live("bo"), world.live("cy")) == ({"skill-billing": (1, True)}, {"skill-chat": (2, True)})


def test_a_missing_agent_is_a_finding_and_the_others_go_on(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana"),))
    world.write_agents(ana="{Billing: 60}", anna="{Billing: 60}")
    plan = world.plan()
    assert _codes(plan) == ["agent-missing"]
    assert plan.findings[0].hint == "did you mean `ana@example.com`?"
    assert str(plan.findings[0].position) == "agents.yaml:5:3"
    assert (plan.summary.agents_missing, plan.summary.agents_changed) == (1, 1)


def test_an_inactive_agent_is_managed_and_named(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana", active=False),))
    world.write_agents(ana="{Billing: 60}")
    plan = world.plan()
    assert _codes(plan) == ["agent-inactive"]
    assert plan.summary.agents_changed == 1
    assert [(row.before, row.after) for row in plan.coverage] == [(0, 0)]


def test_coverage_counts_every_active_agent(tmp_path: Path, clock: VirtualClock) -> None:
    """Unmanaged agents too; unavailable assignments and inactive agents do not count."""
    live = (
        agent("ana", Billing=50),
        agent("bo", Billing=(50, False)),
        agent("cy", Billing=50),
        agent("di", active=False, Billing=50),
    )
    world = World(tmp_path, clock, live)
    world.write_agents(ana="{Chat: 10}", bo="{Billing: 50}")
    assert [(row.skill.name, row.before, row.after) for row in world.plan().coverage] == [
        ("Billing", 2, 2),
        ("Chat", 0, 1),
    ]


@pytest.mark.parametrize(
    ("skill", "code", "words"),
    [
        ("Biling", "skill-unknown", "did you mean `Billing`?"),
        ("Old", "skill-inactive", "activate it"),
        ("Twin", "skill-ambiguous", "skill-twin-1"),
        ("skill-wfi break", "ignored-skill", "ignore_skills"),
    ],
)
def test_a_skill_that_cannot_be_given_is_an_error_at_its_line(
    tmp_path: Path, clock: VirtualClock, skill: str, code: str, words: str
) -> None:
    """Before any write, and with what to type instead."""
    more = (Skill("skill-old", "Old", active=False), Skill("skill-twin-1", "Twin"), Skill("skill-twin-2", "Twin"))
    world = World(tmp_path, clock, (agent("ana"),), (*SKILLS, *more))
    world.write_agents(ana=f"{{{skill}: 60}}")
    with pytest.raises(InvalidInput) as caught:
        world.plan()
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, str(diagnostic.position)) == (code, "agents.yaml:4:14")
    assert words in f"{diagnostic.hint}"


def test_one_skill_by_name_and_by_id_is_an_error(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana"),))
    world.write_agents(ana="{Billing: 60, skill-billing: 70}")
    with pytest.raises(InvalidInput, match="are one skill"):
        world.plan()


def test_a_skill_by_id_equals_the_skill_by_name(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana", Billing=60), agent("bo", Billing=60)))
    world.write_agents(ana="{skill-billing: 60}", bo="{Billing: 60}")
    assert not world.plan().changes


def test_one_agent_under_two_names_is_an_error_naming_both_places(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana"),))
    world.write("a.yaml", "agents:\n  ANA@example.com: {skills: {}}\n")
    world.write("b.yaml", "agents:\n  id-ana: {skills: {}}\n")
    with pytest.raises(InvalidInput) as caught:
        world.plan()
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, str(diagnostic.position)) == ("agent-declared-twice", "a.yaml:2:3")
    assert "b.yaml:2:3" in diagnostic.message


def test_an_email_of_two_agents_is_an_error_naming_both_ids(tmp_path: Path, clock: VirtualClock) -> None:
    twin = agent("ana")
    world = World(
        tmp_path, clock, (twin, type(twin)("id-other", "other", twin.email, "Ana", "Other", {}, active=False))
    )
    world.write_agents(ana="{}")
    with pytest.raises(InvalidInput) as caught:
        world.plan()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "agent-ambiguous"
    assert "id-ana" in diagnostic.message
    assert "id-other (other, inactive)" in diagnostic.message


def test_filters_narrow_what_is_planned_and_written(tmp_path: Path, clock: VirtualClock) -> None:
    """With `--skill`, the rest of the agent's set stays as it is, although the files say otherwise."""
    world = World(tmp_path, clock, (agent("ana", Chat=10), agent("bo")))
    world.write_agents(ana="{Billing: 60, Email: 50}", bo="{Billing: 60}")
    outcome = world.apply(Filters(agents=("USER.ana",), skills=("Billing",)))
    assert outcome.is_complete
    assert world.live("ana") == {"skill-billing": (60, True), "skill-chat": (10, True)}
    assert world.live("bo") == {}


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(agents=("anna@example.com",)), "ana@example.com"),
        (Filters(teams=("Tester",)), "Testers"),
        (Filters(skills=("billing",)), "Billing"),
    ],
)
def test_a_filter_that_names_nothing_is_an_error(
    tmp_path: Path, clock: VirtualClock, filters: Filters, words: str
) -> None:
    """A typo must not look like `No changes`."""
    world = World(tmp_path, clock, (agent("ana"),))
    world.write_agents(ana="{Billing: 60}")
    with pytest.raises(InvalidInput) as caught:
        world.plan(filters)
    assert words in f"{caught.value.diagnostics[0].hint}"


def test_who_is_no_longer_in_a_file_is_said_and_kept(tmp_path: Path, clock: VirtualClock) -> None:
    """A file gone means unmanaged, never stripped."""
    world = World(tmp_path, clock, (agent("ana"), agent("bo")))
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60}")
    world.apply()
    world.write_agents(ana="{Billing: 60}")
    plan = world.plan()
    assert _codes(plan) == ["no-longer-managed"]
    assert "bo@example.com" in plan.findings[0].message
    assert not plan.changes


def test_agents_whose_skills_are_not_listed_are_asked_one_by_one(tmp_path: Path, clock: VirtualClock) -> None:
    """A missing `skills` key is not an empty list; only managed agents are asked, and coverage is not guessed."""
    world = World(
        tmp_path, clock, (agent("ana", Billing=60), agent("bo", Chat=5)), behaviour=Behaviour(inline_skills=False)
    )
    world.write_agents(ana="{Billing: 60}")
    plan = world.plan()
    assert not plan.changes
    assert plan.coverage == ()
    assert "GET /api/v2/agents/id-ana" in world.sent()


def test_a_swap_of_the_last_two_takes_a_union_and_is_counted_as_three_writes(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """Whoever reviews the plan sees the extra request; with a third agent who can take the skill none is needed."""
    swapping = (agent("ana", Billing=50), agent("bo", Chat=50))
    world = World(tmp_path, clock, swapping)
    world.write_agents(ana="{Chat: 50}", bo="{Billing: 50}")
    plan = world.plan()
    assert plan.order == order_writes(plan.changes)
    assert [(step.change, step.part.value) for step in plan.order] == [(0, "union"), (1, "whole"), (0, "final")]
    assert [change.has_union for change in plan.changes] == [True, False]
    assert (plan.summary.writes, plan.summary.requests, plan.summary.eta_seconds) == (3, 5, 1.8)
    world.write_agents(ana="{Billing: 50, Chat: 50}", bo="{Billing: 50}")
    assert world.plan().summary.writes == 2


def test_an_inactive_agent_needs_no_union(tmp_path: Path, clock: VirtualClock) -> None:
    """It covers nothing, before and after."""
    world = World(tmp_path, clock, (agent("ana", active=False, Billing=50), agent("bo", Chat=50)))
    world.write_agents(ana="{Chat: 50}", bo="{Billing: 50}")
    plan = world.plan()
    assert [change.is_active for change in plan.changes] == [False, True]
    assert plan.summary.writes == 2


def test_without_removals_agents_keep_what_the_files_do_not_give(tmp_path: Path, clock: VirtualClock) -> None:
    """Who has nothing else to change is not in the plan; the plan knows what it was narrowed by."""
    world = World(tmp_path, clock, (agent("ana", Billing=50, Chat=40), agent("bo", Chat=50), agent("cy")))
    world.write_agents(ana="{Billing: 60}", bo="{}", cy="{Sales: 10}")
    plan = world.plan(Filters(no_removals=True))
    assert [row[:3] for row in _rows(plan)] == [
        ("ana@example.com", "change", "Billing"),
        ("cy@example.com", "add", "Sales"),
    ]
    assert plan.changes[0].after["skill-chat"] == Assignment(40, True)
    assert plan.filters == Filters(no_removals=True)
    world.write_agents(ana="{Billing: 60, Chat: 40}", bo="{Chat: 50}", cy="{}")
    assert replace(world.plan(Filters(no_removals=True)), filters=Filters()) == world.plan()


VALUES = st.dictionaries(st.sampled_from(["Billing", "Chat", "Email", "Sales"]), st.integers(0, 100), max_size=4)


@settings(max_examples=25)
@given(live=st.lists(VALUES, min_size=1, max_size=5), desired=st.lists(VALUES, min_size=5, max_size=5))
def test_after_an_apply_the_plan_is_empty(
    tmp_path_factory: pytest.TempPathFactory, live: list[dict[str, int]], desired: list[dict[str, int]]
) -> None:
    """Whatever stood there before, one apply makes it as written, and the digest of nothing is always the same."""
    agents = tuple(agent(f"a{number}", active=True, **skills) for number, skills in enumerate(live))
    world = World(tmp_path_factory.mktemp("world"), VirtualClock(), agents)
    sets = {f"a{number}": str(desired[number]).replace("'", "") for number in range(len(agents))}
    world.write_agents(**sets)
    planned = world.plan()
    assert {change.agent.id for change in planned.changes} == {
        f"id-a{number}" for number in range(len(agents)) if live[number] != desired[number]
    }
    assert world.apply().digest == planned.digest
    again = world.plan()
    assert not again.changes
    assert again.digest == digest_of("acme", ())
    assert all(each.action in Action for change in planned.changes for each in change.skills)


@pytest.mark.parametrize("versioned", [True, False])
def test_a_tenant_without_versions_is_told_what_remains(tmp_path: Path, clock: VirtualClock, versioned: bool) -> None:
    """Said where something is to be written, and only there."""
    world = World(tmp_path, clock, (agent("ana", Billing=60),), behaviour=Behaviour(versioned=versioned))
    world.write_agents(ana="{Billing: 61}")
    assert ("agents-unversioned" in _codes(world.plan())) is not versioned
    world.write_agents(ana="{Billing: 60}")
    assert "agents-unversioned" not in _codes(world.plan())
