"""Adopt: afterwards the plan is empty for what was adopted, all else differs as before, and the tenant is only read."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import pipeline
from reconciler.errors import InvalidInput, ReconcileError
from reconciler.pipeline.adopting import Adoption, _check, adopt, differences
from reconciler.plan.scope import Filters
from reconciler.simulator import Agent, Assignment, Behaviour, Skill
from tests.conftest import VirtualClock
from tests.desired.layouts import NAMES, Laid, laid
from tests.world import SKILLS, World, agent

PROFILES = """\
profiles:
  tier-1: {skills: {Billing: 60, Email: 50}}
  tier-2: {extends: [tier-1], skills: {Billing: 80, Email: absent}}
"""


def adopted(world: World, filters: Filters = Filters()) -> Adoption:  # noqa: B008 - frozen
    """Adopt, and write what came of it."""
    chosen = pipeline.load_one(world.context, None)
    made = asyncio.run(adopt(world.context, chosen, filters))
    for each in made.files:
        (chosen.path / each.file).write_bytes(each.after)
    return made


def centre(folder: Path, clock: VirtualClock, skills: str, *more: str, **live: int | tuple[int, bool]) -> World:
    """Declare ana, with these lines below her name; `live` is what she holds."""
    world = World(folder, clock, (agent("ana", active=True, **live),))
    lines = "".join(f"    {line}\n" for line in skills.splitlines())
    world.write("agents.yaml", f"team: Testers\nagents:\n  ana@example.com:\n{lines}" + "".join(more))
    world.write("profiles.yaml", PROFILES)
    return world


def text_of(world: World, file: str = "agents.yaml") -> str:
    return (world.context.root / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("declared", "live", "afterwards"),
    [
        pytest.param("skills:\n  Chat: 10  # c", {"Chat": 20}, "skills:\n  Chat: 20  # c", id="a value of its own"),
        pytest.param("skills: {Chat: 10}", {}, "skills: {}", id="a line of its own, and live lacks the skill"),
        pytest.param("skills: {}", {"Chat": (10, False)},
                     "skills:\n  Chat: {proficiency: 10, available: false}", id="a skill more"),
        pytest.param("profiles: [tier-1]", {"Billing": 60, "Email": 1},
                     "profiles: [tier-1]\nskills:\n  Email: 1", id="a value of a profile"),
        pytest.param("profiles: [tier-1]\nskills: {Chat: 5}", {"Billing": 60, "Chat": 5},
                     "profiles: [tier-1]\nskills: {Chat: 5, Email: absent}", id="a profile gives it, live lacks it"),
        pytest.param("profiles: [tier-1]\nskills: {Email: 5}", {"Billing": 60},
                     "profiles: [tier-1]\nskills: {Email: absent}", id="profile and own line give it, live lacks it"),
        pytest.param("profiles: [tier-1, tier-2]\nskills: {Email: 5}", {"Billing": 80},
                     "profiles: [tier-1, tier-2]\nskills: {}", id="the own line gives what a later profile dropped"),
        pytest.param("profiles: [tier-1]\nskills: {Email: absent}", {"Billing": 60, "Email": 50},
                     "profiles: [tier-1]\nskills: {Email: 50}", id="absent, and live holds it"),
        pytest.param("skills: {skill-chat: 10}", {"Chat": 20}, "skills: {skill-chat: 20}", id="named by its id"),
    ],
)  # fmt: skip
def test_the_agents_own_line_says_what_is_live(
    folder: Path,
    clock: VirtualClock,
    declared: str,
    live: dict[str, int | tuple[int, bool]],
    afterwards: str,
) -> None:
    """No profile is edited, for others have it too."""
    world = centre(folder, clock, declared, **live)
    made = adopted(world)
    assert (made.refused, len(made.adopted)) == ((), 1)
    assert text_of(world).endswith("".join(f"    {line}\n" for line in afterwards.splitlines()))
    assert text_of(world, "profiles.yaml") == PROFILES
    assert not world.plan().changes
    assert made.plan == world.plan()


def test_a_skill_whose_name_two_share_is_written_by_its_id(folder: Path, clock: VirtualClock) -> None:
    world = World(folder, clock, (agent("ana", Chat=5),), (*SKILLS, Skill("skill-2", "Chat")))
    world.write_agents(ana="{}")
    adopted(world)
    assert text_of(world).endswith("    skills:\n      skill-chat: 5  # Chat\n")
    assert not world.plan().changes


@pytest.mark.parametrize("name", ["x\n  evil@example.com: {skills: {}}", "a\u202eb", "\x1b[2J", "::error::x"])
def test_no_name_of_the_tenant_writes_more_than_a_name(folder: Path, clock: VirtualClock, name: str) -> None:
    """A line break in it begins no line."""
    world = World(folder, clock, (agent("ana", X=5),), (*SKILLS, Skill("skill-x", name)))
    world.write("agents.yaml", "agents:\n  ana@example.com:\n    skills:\n      Billing: 1\n")
    world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(1), "skill-x": Assignment(5)})
    assert not adopted(world).refused
    assert ("skill-x: 5" in text_of(world)) == (name != "::error::x")
    assert len(text_of(world).splitlines()) == 5
    assert not world.plan().changes


UNTIL = "    until: 2026-12-01T00:00:00Z\n"
UNTIL_PAST = "    until: 2026-11-01T00:00:00Z\n"


OVERRIDE = "overrides:\n  - agents: [ana@example.com]\n" + UNTIL
LEFT = {
    "override": (
        OVERRIDE + "    skills: {Chat: 70}\n",
        {"Chat": 20},
        (
            "`Chat` of `ana@example.com` is not adopted: the override at agents.yaml:9:14 sets it until "
            "1 Dec 2026 00:00 UTC, whatever the agent's own line says"
        ),
    ),
    "override to the same value": (
        OVERRIDE + "    skills: {Chat: 10}\n",
        {"Chat": 20},
        (
            "`Chat` of `ana@example.com` is not adopted: the override at agents.yaml:9:14 sets it until "
            "1 Dec 2026 00:00 UTC, whatever the agent's own line says"
        ),
    ),
    "override to absent": (
        "overrides:\n  - teams: [Testers]\n" + UNTIL + "    skills: {Sales: absent}\n",
        {"Chat": 10, "Sales": 5},
        (
            "`Sales` of `ana@example.com` is not adopted: the override at agents.yaml:9:14 sets it until "
            "1 Dec 2026 00:00 UTC, whatever the agent's own line says"
        ),
    ),
    "hold": (
        "holds:\n  - skills: [Chat]\n" + UNTIL,
        {"Chat": 20},
        (
            "`Chat` of `ana@example.com` is not adopted: the hold at agents.yaml:7:5 leaves it alone until "
            "1 Dec 2026 00:00 UTC"
        ),
    ),
    "inactive skill": (
        "",
        {"Chat": 10, "Old": 5},
        "`Old` of `ana@example.com` is not adopted: it is not active",
    ),
    "inactive skill that a line drops": (
        "      Old: absent\n",
        {"Chat": 10, "Old": 5},
        "`Old` of `ana@example.com` is not adopted: it is not active",
    ),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_a_line_cannot_say_is_left_with_its_reason(folder: Path, clock: VirtualClock, case: str) -> None:
    """Nothing is written for it, and it differs as before."""
    more, live, reason = LEFT[case]
    world = World(
        folder, clock, (agent("ana", active=True, **live),), (*SKILLS, Skill("skill-old", "Old", active=False))
    )
    world.write("agents.yaml", f"team: Testers\nagents:\n  ana@example.com:\n    skills:\n      Chat: 10\n{more}")
    before = world.plan()
    made = adopted(world)
    assert [(each.code, each.message) for each in made.refused] == [("adopt-left", reason)]
    assert (made.files, made.adopted) == ((), ())
    assert differences(world.plan()) == differences(before)


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (Filters(skills=("WFI Break",)), "`WFI Break` is not adopted: `ignore_skills` leaves it to others"),
        (Filters(agents=("bo@example.com",)), "nothing of `bo@example.com` is adopted: it is not on the tenant"),
    ],
)
def test_who_asks_by_name_is_told_why_there_is_nothing(
    folder: Path, clock: VirtualClock, filters: Filters, reason: str
) -> None:
    """Without a name neither differs: both are as the files have it."""
    world = World(folder, clock, (agent("ana", Chat=10, WFI_Break=5),))
    world.write_agents(ana="{Chat: 10}", bo="{}")
    assert [each.message for each in adopted(world, filters).refused] == [reason]
    assert adopted(world).refused == ()


def test_the_others_go_on(folder: Path, clock: VirtualClock) -> None:
    """An agent that cannot be read, a layout that is not edited: they are named, and all else is adopted."""
    world = World(folder, clock, (agent("ana", Chat=5), agent("bo", Chat=5), agent("eve", Chat=101)))
    world.write(
        "agents.yaml",
        "agents:\n  ana@example.com: {skills: {Chat: 1}}\n  eve@example.com: {skills: {}}\n"
        "  bo@example.com:\n    skills:\n      Chat: 5\n      ? Sales\n      : 7\n",
    )
    made = adopted(world)
    assert [each.agent.ref for each in made.adopted] == ["ana@example.com"]
    assert [each.message.partition(" adopted: ")[0] for each in made.refused] == [
        "nothing of `eve@example.com` is",
        "`Sales` of `bo@example.com` is not",
    ]
    assert [change.agent.ref for change in world.plan().changes] == ["bo@example.com"]


def test_what_an_override_left_behind_is_not_adopted_and_what_it_did_not_is(folder: Path, clock: VirtualClock) -> None:
    """It ended, and no apply took it back yet: adopted, the surge would last for ever."""
    ended = "overrides: [{until: 2026-11-22T13:00:00Z, teams: [Testers], skills: {Chat: 90, Email: 90}}]\n"
    world = World(folder, clock, (agent("ana", Chat=90, Email=80),))
    world.write(
        "agents.yaml", "team: Testers\nagents:\n  ana@example.com:\n    skills:\n      Chat: 10\n      Email: 10\n"
    )
    world.write("surge.yaml", ended)
    made = adopted(world)
    (left,) = made.refused
    assert left.code == "adopt-left"
    assert "`Chat`" in left.message
    assert "surge.yaml:1:70" in left.message
    assert [each.change.skill.name for each in made.adopted] == ["Email"]


def test_a_value_below_an_override_that_is_to_come_is_adopted(folder: Path, clock: VirtualClock) -> None:
    """And the override, whose place in the file moves, stands among the others as it did."""
    more = "overrides:\n  - agents: [ana@example.com]\n    from: 2026-11-30T00:00:00Z\n" + UNTIL
    world = centre(folder, clock, "skills: {}", more + "    skills: {Chat: 70}\n", Chat=20)
    world.write("later.yaml", more + "    skills: {Sales: 70}\nholds:\n  - agents: [ana@example.com]\n" + UNTIL_PAST)
    made = adopted(world)
    assert (len(made.adopted), made.refused) == (1, ())
    assert made.plan == replace(world.plan(), coming=())


def test_a_file_that_was_written_to_meanwhile_is_not_written_over(folder: Path, clock: VirtualClock) -> None:
    """Neither one that says something else now, nor one that nobody can read any more."""
    world = centre(folder, clock, "skills: {Chat: 10}", Chat=20)
    chosen = pipeline.load_one(world.context, None)
    for text in (text_of(world).replace("10", "11"), text_of(world) + "x", "agents: ["):
        world.write("agents.yaml", text)
        with pytest.raises(InvalidInput) as caught:
            asyncio.run(adopt(world.context, chosen, Filters()))
        assert [each.code for each in caught.value.diagnostics] == ["adopt-moved"]
        assert text_of(world) == text


def test_files_that_would_not_say_it_are_not_written(folder: Path, clock: VirtualClock) -> None:
    """Neither where what was adopted differs still, nor where something else differs."""
    world = centre(folder, clock, "skills: {Chat: 10}", Chat=20, Email=5)
    before = world.plan()
    first, second = adopted(world).adopted
    after = world.plan()
    _check(before, after, (first, second))
    for plan, taken in ((before, (first,)), (after, (second,)), (after, ())):
        with pytest.raises(ReconcileError) as caught:
            _check(before, plan, taken)
        assert [each.code for each in caught.value.diagnostics] == ["adopt-differs"]


@pytest.mark.parametrize("inline", [True, False])
def test_it_costs_what_a_plan_costs(folder: Path, clock: VirtualClock, inline: bool) -> None:
    """The second plan asks nobody."""
    world = World(folder, clock, (agent("ana", Chat=1),), behaviour=Behaviour(inline_skills=inline))
    world.write_agents(ana="{Chat: 2}")
    world.plan()
    asked = world.sent()
    assert adopted(world).adopted
    assert world.sent() == asked
    assert world.committed_by_api() == 0


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_whatever_the_files_look_like_what_was_adopted_differs_no_more(seed: int) -> None:
    """All else differs as before, and of agents of whom nothing is adopted every byte stays."""
    random = Random(seed)
    file = laid(random)
    with tempfile.TemporaryDirectory() as folder:
        world = drifted(Path(folder), file, random)
        path = world.context.root / "agents.yaml"
        path.write_bytes(file.data())
        before = world.plan()
        filters = some_filters(random, file)
        made = adopted(world, filters)
        left = differences(world.plan())
        taken = {(each.agent.id, each.change.skill.id) for each in made.adopted}
        assert left == {key: each for key, each in differences(before).items() if key not in taken}
        assert {skill for _, skill in differences(made.plan)} <= {"old"}
        assert differences(made.plan).items() <= left.items()
        assert len(made.refused) == len(differences(made.plan))
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n" if file.is_crlf else "\n", "\n")
        for at, piece in enumerate(file.agents):
            if f"id-{at}" not in {agent_id for agent_id, _ in taken}:
                assert piece in text
        assert world.committed_by_api() == 0


def drifted(folder: Path, file: Laid, random: Random) -> World:
    """Make a tenant that holds much of what the file declares, and more."""
    skills = (*(Skill(f"s{at}", name) for at, name in enumerate(NAMES)), Skill("old", "Old", active=False))
    agents = []
    for at, declared in enumerate(file.declared):
        held = {}
        for number, name in enumerate(NAMES):
            code = (declared or {}).get(name, 202)
            if code < 202 and random.random() < 0.6:
                held[f"s{number}"] = Assignment(code >> 1, bool(code & 1))
            elif random.random() < 0.2:
                held[f"s{number}"] = Assignment(random.randrange(101), random.random() < 0.7)
        if random.random() < 0.2:
            held["old"] = Assignment(1)
        agents.append(Agent(f"id-{at}", f"u{at}", f"a{at}@x.org", "F", "L", held))
    return World(folder, VirtualClock(), tuple(agents), skills)


def some_filters(random: Random, file: Laid) -> Filters:
    """Narrow it, now and then."""
    agents = tuple(f"a{at}@x.org" for at in range(len(file.agents)) if random.random() < 0.5)
    skills = (*random.sample(NAMES, 3), "Old") if random.random() < 0.3 else ()
    return Filters(agents=agents if random.random() < 0.3 else (), skills=skills)
