"""Whole outputs, held by files that a person has read."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reconciler import pipeline
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.position import SourcePosition
from reconciler.model.tenant import RateLimit
from reconciler.pipeline.calendar import look_ahead
from reconciler.plan.change import AgentName, Plan
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.render import MESSAGE_FORMATS
from reconciler.render.calendar import calendar_as_json, calendar_as_text
from reconciler.render.markdown import plan_as_markdown
from reconciler.render.messages import messages_as_github, messages_as_json, messages_as_log, messages_as_text
from reconciler.render.outcome import outcome_as_json, outcome_as_text
from reconciler.render.plan_json import plan_as_json, read_plan
from reconciler.render.plan_text import plan_as_text
from reconciler.render.style import Style
from reconciler.render.view import View
from reconciler.simulator import Skill
from tests.conftest import VirtualClock
from tests.world import SKILLS, TENANT_YAML, World, agent

Golden = Callable[[str, str], None]
CREATED_AT = "2026-11-22T14:00:00Z"


def small_plan(tmp_path: Path, clock: VirtualClock) -> Plan:
    """Make a plan with an agent who gains, changes and loses, and one who is not there."""
    world = World(tmp_path, clock, (agent("ana", Billing=40, Chat=30, Email=50), agent("bo", Sales=10), agent("cy")))
    world.write_agents(
        ana="{Billing: 60, Chat: {proficiency: 35, available: false}, Sales: 70}",
        bo="{Sales: {proficiency: 10, available: false}}",
        zoe="{Sales: 1}",
    )
    return world.plan()


def test_plan_as_text(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    golden("plan.txt", plan_as_text(small_plan(tmp_path, clock), "desired-state", RateLimit()))


def test_plan_with_colours(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    """Colours change nothing but colours."""
    plan = small_plan(tmp_path, clock)
    painted = plan_as_text(plan, "desired-state", RateLimit(), Style(has_color=True))
    golden("plan-colours.txt", painted)
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        painted = painted.replace(code, "")
    assert painted == plan_as_text(plan, "desired-state", RateLimit())


def test_plan_as_json(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    golden("plan.json", plan_as_json(small_plan(tmp_path, clock), CREATED_AT))


def _timed_world(tmp_path: Path, clock: VirtualClock) -> World:
    """Make a world with overrides in force, to come and over, and with two holds, of which one is over."""
    world = World(tmp_path, clock, (agent("ana", Billing=40, Chat=30, Email=50), agent("bo", Sales=10), agent("cy")))
    world.write_agents(ana="{Billing: 60, Chat: 30}", bo="{Sales: 20, Chat: 5}", cy="{}")
    world.write(
        "surge.yaml",
        """\
overrides:
  - reason: Black Friday surge
    ticket: OPS-1234
    from: 2026-11-20T06:00:00-05:00
    until: 2026-11-25T00:00:00-05:00
    teams: [Testers]
    skills: {Sales: 70, Chat: {available: false}}
  - reason: the morning after
    from: 2026-11-25T05:00:00Z
    until: 2027-01-02T00:00:00+05:30
    agents: [cy@example.com]
    skills: {Billing: 10}
  - until: 2026-11-01T00:00:00Z
    agents: [ana@example.com]
    skills: {Gone: 1}
holds:
  - agents: [bo@example.com]
    skills: [Sales]
    until: 2026-12-02T00:00:00Z
    reason: supervised trial
  - teams: [Testers]
    until: 2026-11-21T00:00:00Z
""",
    )
    return world


def timed_plan(tmp_path: Path, clock: VirtualClock) -> Plan:
    """Plan in that world."""
    return _timed_world(tmp_path, clock).plan()


def test_plan_with_what_holds_for_a_time(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    plan = timed_plan(tmp_path, clock)
    golden("plan-timed.txt", plan_as_text(plan, "desired-state", RateLimit()))
    golden("plan-timed.md", plan_as_markdown(plan, View(CREATED_AT, "desired-state")))
    saved = plan_as_json(plan, CREATED_AT)
    golden("plan-timed.json", saved)
    again = read_plan(saved.encode(), "plan.json").plan
    assert plan_as_json(again, CREATED_AT) == saved
    assert plan_as_text(replace(again, now=plan.now), "desired-state") == plan_as_text(plan, "desired-state")


def test_the_calendar(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    """Of what the plan above is made of, and of a floor whose waiver ends."""
    world = _timed_world(tmp_path, clock)
    floor = "{skill: Sales, min_available: 2, waive_until: 2026-11-30T00:00:00Z, reason: migration}"
    world.write("tenant.yaml", f"{TENANT_YAML}policies:\n  coverage: [{floor}]\n")
    chosen = pipeline.load_one(world.context, None)
    coming = asyncio.run(look_ahead(world.context, chosen.desired, 60))
    golden("calendar.txt", calendar_as_text(coming, "desired-state"))
    golden("calendar.json", calendar_as_json(coming))
    painted = calendar_as_text(coming, "desired-state", Style(has_color=True))
    assert "\x1b[31m" in painted
    golden("calendar-empty.txt", calendar_as_text(replace(coming, entries=())))


def test_plan_with_two_writes_for_one_agent(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    """Said under the agent's name, with whatever its skills are called, and counted."""
    more = (Skill("skill-odd", "\u202edO\x1b[2J\n"), Skill("skill-loans", "Loans"), Skill("skill-mail", "Mail"))
    world = World(tmp_path, clock, (agent("ana", odd=1), agent("bo", Sales=1), agent("cy")), (*SKILLS, *more))
    world.write_agents(ana="{Sales: 1}", bo="{skill-odd: 1}")
    golden("plan-union.txt", plan_as_text(world.plan(), "desired-state", RateLimit()))
    swapping = (agent("ana", Chat=1, Email=1, loans=1, mail=1), agent("bo", Billing=1, Sales=1))
    world = World(tmp_path, clock, swapping, (*SKILLS, *more))
    world.write_agents(ana="{Billing: 1, Sales: 1}", bo="{Chat: 1, Email: 1, Loans: 1, Mail: 1}")
    golden("plan-union-of-many.txt", plan_as_text(world.plan(), "desired-state", RateLimit()))


def blocked_plan(tmp_path: Path, clock: VirtualClock) -> Plan:
    """Make a plan that breaks floors and a limit."""
    live = (agent("ana", Billing=60, Chat=40), agent("bo", Billing=40, Sales=9), agent("cy", Billing=20), agent("di"))
    world = World(tmp_path, clock, live)
    policies = """policies:
  max_agents_changed: 2
  empty_agents: block
  missing_agents: block
  coverage:
    - {skill: Billing, min_available: 2}
    - {skill: Billing, min_available: 2, min_proficiency: 40}
    - {skill: Sales, min_available: 1, waive_until: 2026-12-01T00:00:00-05:00, reason: moving house}
    - {skill: Email, min_available: 1, severity: warn}
"""
    world.write("tenant.yaml", TENANT_YAML + policies)
    world.write_agents(ana="{Chat: 40}", bo="{}", di="{Chat: 1}", zoe="{Sales: 1}")
    return world.plan()


def test_plan_that_policies_forbid(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    """Everything is there that a plan without policies shows; with the floors, and what they forbid."""
    plan = blocked_plan(tmp_path, clock)
    golden("plan-blocked.txt", plan_as_text(plan, "desired-state", RateLimit()))
    golden("plan-blocked.json", plan_as_json(plan, CREATED_AT))
    golden("plan-blocked.md", plan_as_markdown(plan, View(CREATED_AT, "desired-state")))
    assert read_plan(plan_as_json(plan, CREATED_AT).encode(), "plan.json").plan.coverage == plan.coverage


def test_plan_beyond_the_limits_of_a_team_and_of_a_skill(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    """Each finding says of whom, how many of how many, which rule that breaks and where it stands."""
    names = [f"{team}{number}" for team in ("east", "west") for number in range(12)]
    world = World(tmp_path, clock, tuple(agent(name, Billing=60, Chat=40) for name in names))
    policies = """policies:
  max_agents_changed: 40%
  max_agents_changed_per_team: 50%
  max_assignments_removed: 20%
  max_assignments_removed_per_team: 25%
  max_assignments_removed_per_skill: 30%
"""
    world.write("tenant.yaml", TENANT_YAML + policies)
    for file, head in (("east", "team: East @coast <b>\n"), ("west", "")):
        sets = ("{Billing: 60}" if int(name[4:]) < 8 - 4 * (file == "west") else "{Billing: 60, Chat: 40}"
                for name in names if name.startswith(file))  # fmt: skip
        lines = "".join(f"  {file}{number}@example.com: {{skills: {held}}}\n" for number, held in enumerate(sets))
        world.write(f"{file}.yaml", f"{head}agents:\n{lines}")
    plan = world.plan()
    golden("plan-limits.txt", plan_as_text(plan, "desired-state", RateLimit()))
    golden("plan-limits.md", plan_as_markdown(plan, View(CREATED_AT, "desired-state")))


def test_a_plan_of_an_older_version_has_no_lowest_point(tmp_path: Path, clock: VirtualClock) -> None:
    document = json.loads(plan_as_json(small_plan(tmp_path, clock), CREATED_AT))
    for row in document["coverage"]:
        del row["lowest"], row["min_proficiency"]
    read = read_plan(json.dumps(document).encode(), "plan.json").plan
    assert {(row.lowest, row.min_proficiency) for row in read.coverage} == {(None, 0)}
    assert "    Chat        1       0       -\n" in plan_as_text(read)


def test_plan_without_changes(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    world = World(tmp_path, clock, (agent("ana", Billing=60), agent("bo")))
    world.write_agents(ana="{Billing: 60}")
    golden("no-changes.txt", plan_as_text(world.plan(), "desired-state", RateLimit()))


def test_plan_with_hostile_names(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    """What a tenant calls its agents and skills cannot move the cursor, paint, or start a CI command."""
    evil = replace(agent("ana", Billing=1), email="\x1b[2Jana\n::error::@example.com", user_name="ana\u202e")
    twins = (Skill("skill-twin-1", "\u202eniwT\x07"), Skill("skill-twin-2", "\u202eniwT\x07"))
    evil = replace(evil, skills={**evil.skills, **{each.id: evil.skills["skill-billing"] for each in twins}})
    world = World(tmp_path, clock, (evil,), (*SKILLS, *twins))
    world.write("agents.yaml", "agents:\n  id-ana: {skills: {}}\n")
    golden("hostile-names.txt", plan_as_text(world.plan(), "desired-state", RateLimit()))


def _name(name: str) -> AgentName:
    return AgentName(f"id-{name}", f"{name}@example.com", f"user.{name}", f"{name}@example.com")


def _outcome(**changes: object) -> Outcome:
    agents = (
        AgentOutcome(_name("ana"), Status.APPLIED),
        AgentOutcome(_name("bo"), Status.CONFLICT, "somebody else changed `Billing` meanwhile"),
        AgentOutcome(_name("cy"), Status.FAILED, "the tenant refused it: Invalid skill ID (HTTP 400)"),
        AgentOutcome(_name("di"), Status.NOT_TRIED, "not written: the run was interrupted before its turn"),
        AgentOutcome(_name("ed"), Status.UNKNOWN, "no answer within 30 s"),
    )
    whole = Outcome("20261122T140000Z-00abcd", "acme", "sha256:1", agents, 12, 1, 3.25, is_verified=False)
    return replace(whole, **changes)  # type: ignore[arg-type] # the fields of Outcome, by their names


def test_outcome_with_troubles(golden: Golden) -> None:
    golden("outcome-troubles.txt", outcome_as_text(_outcome()))
    golden("outcome-troubles.json", outcome_as_json(_outcome()))


def test_outcome_complete(golden: Golden) -> None:
    done = (AgentOutcome(_name("ana"), Status.APPLIED), AgentOutcome(_name("bo"), Status.ALREADY_DONE))
    golden("outcome-complete.txt", outcome_as_text(_outcome(agents=done, is_verified=True)))


MESSAGES = (
    Diagnostic("proficiency", "85.0 is not a whole number", "write 85", SourcePosition("agents/a.yaml", 3, 9)),
    Diagnostic("odd", "100%, first\n::second, \x1b[31mred", None, SourcePosition("a,b:c.yaml", 1, 1), Severity.WARN),
    Diagnostic("note", "by the way", severity=Severity.INFO),
)


def test_every_place_in_a_message_stands_below_the_folder() -> None:
    """Each whole and once, though one begins as another does, and nothing that only looks like one."""
    places = ("a.yaml:2:3", "a.yaml:2:31", "b/a.yaml:2:3", "a.yaml")
    message = "a.yaml goes, first at a.yaml:2:3, then (a.yaml:2:31), b/a.yaml:2:3 and c/a.yaml:2:3"
    shown = "x/a.yaml goes, first at x/a.yaml:2:3, then (x/a.yaml:2:31), x/b/a.yaml:2:3 and c/a.yaml:2:3"
    diagnostic = Diagnostic("code", message, related=places)
    for write in (messages_as_text, messages_as_json, messages_as_log, messages_as_github):
        assert shown in write([diagnostic], "x")
        assert message in write([diagnostic])


def test_messages_in_every_format(golden: Golden) -> None:
    golden("messages.txt", messages_as_text(MESSAGES, "desired-state"))
    for name, write in MESSAGE_FORMATS.items():
        golden(f"messages.{name}", write(MESSAGES, "desired-state"))
