"""Where values come from, in whole outputs that a person has read."""

from asyncio import run
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from reconciler import pipeline
from reconciler.model.commits import NO_HISTORY, Commit, History
from reconciler.plan.explanation import Explanation
from reconciler.plan.scope import Filters
from reconciler.render.style import PLAIN, Style
from reconciler.render.why_json import why_as_json
from reconciler.render.why_text import why_as_text
from reconciler.simulator import Skill
from tests.conftest import VirtualClock
from tests.world import SKILLS, World, agent

Golden = Callable[[str, str], None]
PROFILES = """\
profiles:
  everyone:
    skills: {Email: 50, Chat: {proficiency: 40, available: false}}
  tier-1:
    extends: [everyone]
    skills:
      Billing: 40
      Email: 55
"""
AGENTS = """\
team: Billing EMEA
agents:
  ana@example.com:
    profiles: [tier-1]
    skills:
      Billing: 60
      Email: absent
overrides:
  - reason: Black Friday surge
    ticket: OPS-1234
    from: 2026-11-20T06:00:00-05:00
    until: 2026-12-01T00:00:00-05:00
    teams: [Billing EMEA]
    skills: {Billing: 70, Chat: {available: true}}
  - reason: Summer
    until: 2026-09-01T00:00:00+02:00
    agents: [ana@example.com]
    skills:
      Billing: 20
  - reason: Christmas
    from: 2026-12-24T00:00:00Z
    until: 2027-01-02T00:00:00Z
    agents: [ana@example.com]
    skills: {Billing: absent, Fraud: 30}
holds:
  - {agents: [ana@example.com], skills: [Billing], until: 2026-11-25T00:00:00Z, reason: supervised trial}
  - {agents: [ana@example.com], until: 2026-11-01T00:00:00Z}
"""
ANA = Commit("abc1234" + "0" * 33, "Ana Silva", date(2026, 11, 3), "Billing: Ana passed the exam")
OLD = Commit("def5678" + "0" * 33, "Bo Ito", date(2025, 1, 31), "Import " + "everybody and everything " * 9, True)
HISTORY = History(
    {
        ("profiles.yaml", 7): OLD,
        ("profiles.yaml", 3): Commit("0" * 39 + "1", "", None, ""),
        ("agents.yaml", 6): ANA,
        ("agents.yaml", 7): ANA,
        ("agents.yaml", 14): None,
    }
)


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """One agent with every kind of link."""
    live = (agent("ana", Billing=40, Chat=(40, False), Voice=5, WFI_Break=1),)
    world = World(tmp_path, clock, live, (*SKILLS, Skill("skill-voice", "Voice"), Skill("skill-fraud", "Fraud")))
    world.write("profiles.yaml", PROFILES)
    world.write("agents.yaml", AGENTS)
    return world


def _why(
    world: World, skill: str | None = None, at: datetime | None = None, *, is_offline: bool = False
) -> Explanation:
    chosen = pipeline.load_one(world.context, None)
    question = pipeline.Question("ana@example.com", skill, at, is_offline=is_offline)
    return run(pipeline.why(world.context, chosen.desired, question))


@pytest.mark.parametrize("skill", [None, "Billing", "Email", "Voice", "WFI Break", "Fraud", "Sales"])
def test_text(world: World, golden: Golden, skill: str | None) -> None:
    name = "all" if skill is None else skill.lower().replace(" ", "-")
    golden(f"why-{name}.txt", why_as_text(_why(world, skill), "desired-state", HISTORY))


def test_colours_add_nothing_but_colours(world: World, golden: Golden) -> None:
    text = why_as_text(_why(world, "Billing"), "desired-state", HISTORY, Style(has_color=True))
    golden("why-colours.txt", text)
    plain = why_as_text(_why(world, "Billing"), "desired-state", HISTORY, PLAIN)
    for code in ("1", "2", "31", "32", "33", "0"):
        text = text.replace(f"\x1b[{code}m", "")
    assert text == plain


def test_offline(world: World, golden: Golden) -> None:
    texts = [why_as_text(_why(world, skill, is_offline=True), "", NO_HISTORY) for skill in (None, "Email")]
    golden("why-offline.txt", "\n".join(texts))


def test_another_moment(world: World, golden: Golden) -> None:
    """Said at the top; what is coming now is in force then."""
    golden("why-at.txt", why_as_text(_why(world, "Billing", datetime(2026, 12, 25, tzinfo=UTC))))


def test_a_hold_stands_where_a_plan_says_it_does(world: World) -> None:
    """At its entry, and not at the skill that it names."""
    (chain,) = _why(world, "Billing").chains
    plan = run(pipeline.plan(world.context, pipeline.load_one(world.context, None).desired, Filters()))
    held = [each.hold for agent in plan.held for each in agent.skills if each.skill.name == "Billing"]
    assert chain.hold is not None
    assert [chain.hold.position] == [each.source for each in held if each is not None]


def test_values_stand_in_one_column(world: World) -> None:
    """However long the names of profiles, the lines of one skill are a table within the width."""
    parent, child = "everyone-in-" * 3, "first-line-" * 4
    world.write(
        "profiles.yaml", f"profiles:\n  {parent}: {{skills: {{Sales: 1}}}}\n  {child}: {{extends: [{parent}]}}\n"
    )
    world.write("agents.yaml", f"agents:\n  ana@example.com: {{profiles: [{child}], skills: {{Sales: 9}}}}\n")
    lines = [line for line in why_as_text(_why(world, "Sales")).splitlines() if line.startswith("  ")]
    ends = {len(line) for line in lines if line.endswith((" 1", " 9"))}
    assert len(ends) == 1
    assert max(ends) <= 80


def test_json(world: World, golden: Golden) -> None:
    golden("why.json", why_as_json(_why(world, "Billing"), "desired-state", HISTORY))


def test_lines_fit_a_narrow_terminal(world: World) -> None:
    """Where places are short; a subject is cut to what is left."""
    for skill in ("Billing", "Email"):
        text = why_as_text(_why(world, skill), "", HISTORY)
        assert max(map(len, text.splitlines()[:-1])) <= 80


def test_hostile_words_are_shown_and_not_obeyed(tmp_path: Path, clock: VirtualClock) -> None:
    """Names of skills, reasons, authors, subjects: each on its line, with nothing that a terminal would obey."""
    evil = "\x1b]0;evil\x07\u202e\nSpanish"
    world = World(tmp_path, clock, (agent("ana"),), (Skill("evil", evil),))
    world.write("a.yaml", "agents:\n  ana@example.com:\n    skills:\n      evil: 5\n")
    history = History({("a.yaml", 4): Commit("\x1b[31m" * 8, evil, date(2026, 1, 1), evil)})
    for skill in (None, "evil"):
        text = why_as_text(_why(world, skill), "\x1b", history)
        assert text.replace("\n", "").isprintable()
        assert "Spanish" in text
        assert not any(line.startswith("Spanish") for line in text.splitlines())
    assert why_as_json(_why(world), "", history).isascii()
