"""Why an agent holds what it holds: with the requests of a plan at most, by any name, and offline with none."""

from asyncio import run
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler import pipeline
from reconciler.errors import InvalidInput
from reconciler.plan.change import Action
from reconciler.plan.explanation import Explanation, Reading, Verdict
from reconciler.simulator import Agent, Assignment, Behaviour, Skill
from tests.conftest import VirtualClock
from tests.world import SKILLS, World, agent

HELD = "holds:\n  - {agents: [ana@example.com], skills: [Sales], until: 2026-12-01T00:00:00Z}\n"


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """One agent of whom every verdict is true for some skill, and one who is in no file."""
    live = (
        agent("ana", Billing=40, Chat=50, Sales=10, Voice=5, WFI_Break=1),
        agent("bo", Email=10),
    )
    skills = (*SKILLS, Skill("skill-voice", "Voice"), Skill("skill-fraud", "Fraud"))
    world = World(tmp_path, clock, live, skills)
    world.write_agents(ana="{Billing: 60, Chat: 50, Email: 30, Sales: 20}", gone="{Email: 10}")
    world.write("holds.yaml", HELD)
    return world


def _why(world: World, name: str = "ana@example.com", skill: str | None = None, **how: object) -> Explanation:
    chosen = pipeline.load_one(world.context, None)
    question = replace(pipeline.Question(name, skill), **how)  # type: ignore[arg-type] # the fields by name
    return run(pipeline.why(world.context, chosen.desired, question))


def _verdicts(explanation: Explanation) -> dict[str, Verdict]:
    return {chain.skill.name: chain.verdict for chain in explanation.chains}


def test_every_skill_that_is_asked_for_or_held_has_its_verdict(world: World) -> None:
    explanation = _why(world)
    assert explanation.reading is Reading.READ
    assert _verdicts(explanation) == {
        "Billing": Verdict.CHANGE,
        "Chat": Verdict.SAME,
        "Email": Verdict.ADD,
        "Sales": Verdict.HELD,
        "Voice": Verdict.REMOVE,
        "WFI Break": Verdict.IGNORED,
    }


def test_the_verdicts_are_what_a_plan_does(world: World) -> None:
    (change,) = world.plan().changes
    planned = {each.skill.name: each.action for each in change.skills}
    verdicts = _verdicts(_why(world))
    assert {name: verdict.value for name, verdict in verdicts.items() if verdict.value in set(Action)} == planned
    assert [each.skill.name for each in world.plan().held[0].skills] == ["Sales"]


@pytest.mark.parametrize("name", ["ana@example.com", "ANA@Example.com", "user.ana", "id-ana", "ID-ANA"])
def test_any_name_of_the_agent_finds_it(world: World, name: str) -> None:
    assert _why(world, name).agent.ref == "ana@example.com"


def test_one_skill_is_found_by_name_or_id_though_nobody_asks_for_it(world: World) -> None:
    for skill in ("Fraud", "skill-fraud"):
        (chain,) = _why(world, skill=skill).chains
        assert (chain.skill.name, chain.links, chain.verdict) == ("Fraud", (), Verdict.SAME)


def test_a_skill_that_only_the_agent_holds_is_found(tmp_path: Path, clock: VirtualClock) -> None:
    """The tenant's own list lacks it."""
    live = Agent("id-ana", "user.ana", "ana@example.com", "Ana", "Test", {"ghost": Assignment(5)}, True)
    world = World(tmp_path, clock, (live,))
    world.write_agents(ana="{}")
    (chain,) = _why(world, skill="ghost").chains
    assert (chain.live, chain.verdict) == ((5, True), Verdict.REMOVE)


@pytest.mark.parametrize(
    ("name", "skill", "code", "words"),
    [
        ("ana@exmaple.com", None, "agent-unmanaged", "no file declares the agent `ana@exmaple.com`"),
        ("bo@example.com", None, "agent-unmanaged", "(id-bo on the tenant): what it holds is left alone"),
        ("", None, "agent-unmanaged", "no file declares the agent ``"),
        ("ana@example.com", "Biling", "skill-unknown", "there is no skill `Biling`"),
        ("ana@example.com", "", "skill-unknown", "there is no skill ``"),
    ],
)
def test_a_name_that_means_nothing_is_an_error(world: World, name: str, skill: str, code: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        _why(world, name, skill)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert words in diagnostic.message
    assert diagnostic.hint


def test_a_near_name_is_suggested(world: World) -> None:
    for name, skill, meant in (("anna@example.com", None, "ana@example.com"), ("user.ana", "Biling", "Billing")):
        with pytest.raises(InvalidInput) as caught:
            _why(world, name, skill)
        assert caught.value.diagnostics[0].hint == f"did you mean `{meant}`?"


def test_a_name_that_two_agents_have_is_an_error(tmp_path: Path, clock: VirtualClock) -> None:
    """As in a plan where the files use it; and where only the question does."""
    live = [agent("ana"), agent("bo")]
    twins = [Agent(each.id, "twin", each.email, each.first_name, each.last_name, {}, True) for each in live]
    world = World(tmp_path, clock, tuple(twins))
    world.write_agents(ana="{}", bo="{}")
    with pytest.raises(InvalidInput, match="`twin` names 2 agents of the tenant"):
        _why(world, "twin")


def test_an_agent_declared_twice_is_an_error_here_too(world: World) -> None:
    world.write("again.yaml", "agents:\n  id-ana:\n    skills: {}\n")
    with pytest.raises(InvalidInput, match="is agent id-ana, and so is"):
        _why(world)


def test_an_agent_that_is_not_on_the_tenant_is_explained_all_the_same(world: World) -> None:
    explanation = _why(world, "gone@example.com")
    assert explanation.reading is Reading.MISSING
    assert _verdicts(explanation) == {"Email": Verdict.UNKNOWN}


def test_what_makes_no_sense_is_told_and_not_compared(tmp_path: Path, clock: VirtualClock) -> None:
    world = World(tmp_path, clock, (agent("ana", Billing=400),))
    world.write_agents(ana="{Billing: 60}")
    explanation = _why(world)
    assert explanation.reading is Reading.UNREADABLE
    assert "proficiency" in explanation.unreadable
    assert _verdicts(explanation) == {"Billing": Verdict.UNKNOWN}


def test_another_moment_has_other_winners(world: World) -> None:
    override = "{agents: [ana@example.com], from: 2026-12-24T00:00:00Z, until: 2026-12-25T00:00:00Z, skills: {Chat: 9}}"
    world.write("override.yaml", f"overrides:\n  - {override}\n")
    (now,), (then,) = (_why(world, skill="Chat", at=at).chains for at in (None, datetime(2026, 12, 24, 12, tzinfo=UTC)))
    assert (now.verdict, now.desired) == (Verdict.SAME, (50, True))
    assert (then.verdict, then.desired) == (Verdict.CHANGE, (9, True))


def test_it_costs_what_a_plan_costs_and_only_reads(tmp_path: Path, clock: VirtualClock) -> None:
    """Less where others are missing, which makes a plan list everybody again."""
    live = tuple(agent(f"agent{number}") for number in range(23))
    world = World(tmp_path, clock, live, behaviour=Behaviour(max_page_size=5))
    world.write_agents(agent3="{}", gone="{}")
    _why(world, "agent3@example.com")
    assert world.sent() == ["POST /oauth/token", "GET /api/v2/skills", *["GET /api/v2/agents"] * 5]
    world.plan()
    assert len(world.sent()) > 7


@pytest.mark.parametrize(("name", "skill"), [("ana@example.com", None), ("ana@example.com", "Billing"), ("who", None)])
def test_offline_nothing_is_sent(world: World, name: str, skill: str | None) -> None:
    """Names are those of the files then."""
    if name == "who":
        with pytest.raises(InvalidInput, match="no file declares the agent `who`"):
            _why(world, name, skill, is_offline=True)
    else:
        explanation = _why(world, name, skill, is_offline=True)
        assert explanation.reading is Reading.OFFLINE
        assert set(_verdicts(explanation).values()) == {Verdict.UNKNOWN}
        assert explanation.chains[0].desired == (60, True)
    assert world.sent() == []
