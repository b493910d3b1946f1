"""What `--timed` leaves alone, one thing at a time: drift, edits, who is gone, what is held, what others own."""

from pathlib import Path

import pytest

from reconciler.diagnostics import Severity
from reconciler.plan.scope import Filters
from reconciler.simulator import Assignment
from tests.conftest import VirtualClock
from tests.world import World, agent

TIMED = Filters(timed=True)
SURGE = """\
overrides:
  - {from: 2026-11-22T13:00:00Z, until: 2026-11-22T15:00:00Z, agents: [ana@example.com, bo@example.com],
     skills: {Sales: 70}}
"""


def _surging(folder: Path) -> World:
    """One hour into the surge: ana is as the files last, bo was edited, and both have drifted elsewhere."""
    world = World(folder, VirtualClock(), (agent("ana", Billing=1), agent("bo", Billing=1, Sales=5)))
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60}")
    world.write("surge.yaml", SURGE)
    return world


def test_every_other_skill_of_an_agent_is_carried_over(tmp_path: Path) -> None:
    world = _surging(tmp_path)
    world.apply(TIMED)
    assert world.live("ana") == {"skill-billing": (1, True), "skill-sales": (70, True)}
    assert world.live("bo") == {"skill-billing": (1, True), "skill-sales": (5, True)}


def test_what_is_still_to_begin_is_no_reason_yet(tmp_path: Path) -> None:
    """Somebody gave the skill early: that is drift like any other."""
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60, Sales=70),))
    world.write_agents(ana="{Billing: 60}")
    world.write("surge.yaml", SURGE.replace("13:00", "14:01").replace(", bo@example.com", ""))
    plan = world.plan(TIMED)
    assert (plan.changes, plan.findings) == ((), ())


def test_what_somebody_edited_is_told_at_the_line_of_the_override_and_blocks_nothing(tmp_path: Path) -> None:
    plan = _surging(tmp_path).plan(TIMED)
    (finding,) = [each for each in plan.findings if each.code == "timed-edited"]
    assert finding.message.startswith("`bo@example.com`, `Sales`: live is 5, which the files ask for neither")
    assert str(finding.position) == "surge.yaml:3:15"
    assert finding.severity is Severity.WARN
    assert not plan.is_blocked


@pytest.mark.parametrize(
    ("narrowed", "changed", "edited"),
    [
        (Filters(agents=("ana@example.com",), timed=True), ["ana@example.com"], 0),
        (Filters(agents=("bo@example.com",), timed=True), [], 1),
        (Filters(teams=("Testers",), skills=("Sales",), timed=True), ["ana@example.com"], 1),
        (Filters(skills=("Billing",), timed=True), [], 0),
    ],
    ids=["ana", "bo", "team-and-skill", "another-skill"],
)
def test_other_filters_narrow_it_further(tmp_path: Path, narrowed: Filters, changed: list[str], edited: int) -> None:
    plan = _surging(tmp_path).plan(narrowed)
    assert [each.agent.ref for each in plan.changes] == changed
    assert [each.code for each in plan.findings].count("timed-edited") == edited
    assert plan.filters == narrowed


def test_without_removals_what_a_surge_gave_stays_when_it_ends(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60, Sales=70, Chat=9),))
    world.write_agents(ana="{Billing: 60, Chat: 4}")
    ended = "until: 2026-11-22T13:00:00Z, agents: [ana@example.com]"
    world.write("surge.yaml", f"overrides: [{{{ended}, skills: {{Sales: 70, Chat: 9}}}}]\n")
    world.apply(Filters(no_removals=True, timed=True))
    assert world.live("ana") == {"skill-billing": (60, True), "skill-sales": (70, True), "skill-chat": (4, True)}
    world.apply(TIMED)
    assert "skill-sales" not in world.live("ana")


def test_of_an_override_that_has_ended_whoever_or_whatever_is_gone_is_nothing_to_do(tmp_path: Path) -> None:
    """A skill that the tenant no longer has, and an agent, even where missing agents block."""
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60, Sales=70),))
    world.write("tenant.yaml", "version: 1\ntenant: {name: acme, api: simulator}\npolicies: {missing_agents: block}\n")
    world.write_agents(ana="{Billing: 60}", gone="{Billing: 60}")
    window = "from: 2026-11-22T12:00:00Z, until: 2026-11-22T13:00:00Z"
    world.write("surge.yaml", f"overrides: [{{{window}, teams: [Testers], skills: {{Fax: 1, Sales: 70}}}}]\n")
    world.apply(TIMED)
    assert world.live("ana") == {"skill-billing": (60, True)}


def test_who_is_missing_from_an_override_in_force_is_judged_as_ever(tmp_path: Path) -> None:
    world = _surging(tmp_path)
    world.write("tenant.yaml", "version: 1\ntenant: {name: acme, api: simulator}\npolicies: {missing_agents: block}\n")
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60}", cy="{}")
    assert not world.plan(TIMED).is_blocked
    world.write("surge.yaml", SURGE.replace("bo@", "cy@"))
    assert [each.code for each in world.plan(TIMED).findings if each.severity is Severity.BLOCK] == ["agent-missing"]


def test_what_a_hold_leaves_alone_is_shown_as_held_and_not_as_edited(tmp_path: Path) -> None:
    world = _surging(tmp_path)
    world.write("hold.yaml", "holds: [{agents: [bo@example.com], until: 2026-12-02T00:00:00Z}]\n")
    plan = world.plan(TIMED)
    assert "timed-edited" not in {each.code for each in plan.findings}
    (held,) = plan.held
    assert [line.skill.name for line in held.skills] == ["Sales"]


def test_it_does_not_say_who_is_managed(tmp_path: Path) -> None:
    """The record is of whole applies: an agent that was dropped from the files is named until one of them was."""
    world = _surging(tmp_path)
    world.apply()
    world.write_agents(ana="{Billing: 60}")
    world.write("surge.yaml", SURGE.replace(", bo@example.com", ""))
    world.apply(TIMED)
    assert "no-longer-managed" in {each.code for each in world.plan().findings}


def test_what_others_own_is_neither_written_nor_called_edited(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60, WFI_Break=7),))
    world.write_agents(ana="{Billing: 60}")
    ended = "until: 2026-11-22T13:00:00Z, agents: [ana@example.com]"
    world.write("surge.yaml", f'overrides: [{{{ended}, skills: {{"skill-wfi break": 3}}}}]\n')
    plan = world.plan(TIMED)
    assert plan.changes == ()
    assert {each.code for each in plan.findings} == {"override-ended"}


def test_a_value_of_two_halves_is_what_the_files_asked_for_as_a_whole(tmp_path: Path) -> None:
    """An override of availability alone keeps what lasts of the proficiency: another one was edited."""
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60), agent("bo", Billing=(61, False))))
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60}")
    until = "until: 2026-11-22T15:00:00Z, teams: [Testers]"
    world.write("surge.yaml", f"overrides: [{{{until}, skills: {{Billing: {{available: false}}}}}}]\n")
    world.apply(TIMED)
    held = {name: world.tenant.agents[f"id-{name}"].skills["skill-billing"] for name in ("ana", "bo")}
    assert held == {"ana": Assignment(60, False), "bo": Assignment(61, False)}
