"""The calendar lists exactly the moments at which desired state changes, and what an apply at each of them does."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import pipeline
from reconciler.pipeline.calendar import look_ahead
from reconciler.plan.calendar import Calendar
from reconciler.plan.scope import Filters
from reconciler.simulator import Behaviour
from tests.conftest import VirtualClock
from tests.plan.test_laws import able
from tests.plan.test_timed import LIVES, LateClock, Live, made
from tests.plan.timetable import TIMETABLES, Timetable, moment
from tests.world import TENANT_YAML, World, agent

SCOPES = (
    Filters(),
    Filters(agents=("ana@example.com",)),
    Filters(teams=("Testers",)),
    Filters(skills=("Billing", "Chat")),
    Filters(agents=("ana@example.com", "bo@example.com"), skills=("Sales",)),
)
WAIVED = (
    "policies: {coverage: [{skill: Billing, min_available: 1, waive_until: 2026-11-23T00:00:00Z, reason: moving}]}\n"
)


def calendar_of(world: World, days: int = 14) -> Calendar:
    """Look ahead once."""
    chosen = pipeline.load_one(world.context, None)
    return asyncio.run(look_ahead(world.context, chosen.desired, days))


@settings(max_examples=60)
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES)
def test_it_lists_exactly_the_moments_at_which_desired_state_changes(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live
) -> None:
    found = calendar_of(made(tmp_path_factory, table, live))
    assert [entry.at for entry in found.entries] == [moment(hour) for hour in table.turns()]


@settings(max_examples=30)
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES, filters=st.sampled_from(SCOPES))
def test_what_a_plan_says_of_a_moment_is_what_an_apply_then_does(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live, filters: Filters
) -> None:
    """One apply now, and one at each moment, of all or of a part: agents with every line, assignments, and coverage.

    Coverage as the tenant itself counts it; of a part of the tenant, only the moments at which that part changes.
    """
    world = made(tmp_path_factory, table, live)
    coming = world.plan(filters).coming
    allowed = frozenset({"coverage-floor"})
    world.apply(filters, allowed=allowed)
    for entry in coming:
        before = able(world)
        at(world, entry.at)
        plan = world.plan(filters)
        assert {(each.agent, each.team, each.source, each.skills) for each in entry.agents} == {
            (each.agent, each.team, each.source, each.skills) for each in plan.changes
        }
        assert plan.summary.agents_changed == entry.agents_changed
        lines = [line for change in plan.changes for line in change.skills]
        assert Counter(line.action for line in lines) == Counter(entry.actions)
        assert {line.skill for line in lines} == {each.skill for each in entry.skills}
        world.apply(filters, allowed=allowed)
        after = able(world)
        moved = {skill for skill in before | after if before[skill] != after[skill]}
        assert {(row.skill.name, row.before, row.after) for row in entry.coverage} == {
            (skill, before[skill], after[skill]) for skill in moved
        }


@settings(max_examples=10)
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES)
def test_what_comes_after_a_plan_is_what_the_calendar_lists(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live
) -> None:
    """And all of it is in the plan of everyone that holds the part: narrowed, nothing is new."""
    world = made(tmp_path_factory, table, live)
    whole = world.plan()
    assert whole.coming == calendar_of(world).entries
    assert whole.coming_later == 0
    for filters in SCOPES:
        part = world.plan(filters).coming
        assert {entry.at for entry in part} <= {entry.at for entry in whole.coming}
        assert {event for entry in part for event in entry.events} <= {
            event for entry in whole.coming for event in entry.events
        }


def test_a_plan_of_a_part_names_only_what_concerns_it(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60), agent("bo", Billing=60)))
    world.write("tenant.yaml", TENANT_YAML + WAIVED)
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60}")
    until = "until: 2026-11-23T00:00:00Z"
    world.write(
        "timed.yaml",
        f"overrides:\n- {{{until}, agents: [ana@example.com], skills: {{Sales: 1}}}}\n"
        f"- {{{until}, agents: [bo@example.com], skills: {{Chat: 1}}}}\n"
        f"holds: [{{{until}, agents: [bo@example.com], skills: [Email]}}]\n",
    )

    def said(filters: Filters) -> list[list[tuple[str, str]]]:
        return [[(event.kind, event.subject) for event in entry.events] for entry in world.plan(filters).coming]

    ana, bo = ("override", "`ana@example.com`"), ("override", "`bo@example.com`")
    hold, waiver = ("hold", "`Email` of `bo@example.com`"), ("waiver", "the floor of `Billing`")
    assert said(Filters()) == [[ana, bo, hold, waiver]]
    assert said(Filters(no_removals=True)) == [[ana, bo, hold, waiver]]
    assert said(Filters(agents=("ana@example.com",))) == [[ana]]
    assert said(Filters(teams=("Testers",))) == [[ana, bo, hold]]
    assert said(Filters(skills=("Chat", "Email"))) == [[bo, hold]]
    assert said(Filters(agents=("ana@example.com",), skills=("Chat",))) == []


def test_of_very_many_moments_the_first_are_listed_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are agents; who loses something is listed before those who do not."""
    world = World(tmp_path, VirtualClock(), (agent("ana", Chat=1), agent("bo"), agent("cy", Chat=1)))
    world.write_agents(ana="{Chat: 1}", bo="{}", cy="{Chat: 1}")
    entries = (
        f"{{from: 2027-01-{day:02}T00:00:00Z, until: 2027-01-{day:02}T12:00:00Z, agents: [{who}], skills: {skills}}}"
        for day in range(1, 29)
        for who, skills in (
            ("ana@example.com, bo@example.com", "{Sales: 1}"),
            ("cy@example.com", "{Chat: {available: false}}"),
        )
    )
    world.write("timed.yaml", f"overrides: [{', '.join(entries)}]\n")
    plan = world.plan()
    assert (len(plan.coming), plan.coming_later) == (50, 6)
    monkeypatch.setattr("reconciler.plan.course.MOST_LISTED", 4)
    first, second, third = world.plan().coming[:3]
    assert [[each.agent.email[:2] for each in entry.agents] for entry in (first, second, third)] == [
        ["an", "bo", "cy"],
        ["an"],
        [],
    ]
    assert [entry.agents_changed for entry in (first, second, third)] == [3, 3, 3]
    monkeypatch.setattr("reconciler.plan.course.MOST_LISTED", 1)
    (lost,) = world.plan().coming[0].agents
    assert lost.agent.email == "cy@example.com"


def at(world: World, when: datetime) -> None:
    """Move the world to a moment; its clock only goes on."""
    world.clock = LateClock(when)


def test_it_costs_what_a_plan_costs(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60), agent("bo")))
    world.write_agents(ana="{Billing: 60}")
    world.write("timed.yaml", "holds: [{teams: [Testers], until: 2026-11-23T00:00:00Z}]\n")
    world.plan()
    plan = len(world.app.requests)
    calendar_of(world)
    assert len(world.app.requests) == 2 * plan


def test_a_tenant_that_does_not_say_who_can_take_what_gives_moments_without_coverage(tmp_path: Path) -> None:
    behaviour = Behaviour(inline_skills=False)
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60), agent("bo")), behaviour=behaviour)
    world.write_agents(ana="{Billing: 60}")
    entry = "until: 2026-11-23T00:00:00Z, teams: [Testers], skills: {Sales: 1}"
    world.write("timed.yaml", f"overrides: [{{{entry}}}]\n")
    found = calendar_of(world)
    assert not found.is_counted
    assert [(each.agents_changed, each.coverage) for each in found.entries] == [(1, ())]


@pytest.mark.parametrize(("days", "count"), [(1, 1), (2, 2), (3, 3)])
def test_it_looks_as_far_ahead_as_asked(tmp_path: Path, days: int, count: int) -> None:
    """The last moment belongs to it."""
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60),))
    world.write_agents(ana="{Billing: 60}")
    entries = (
        f"{{until: 2026-11-{22 + day}T14:00:00Z, agents: [ana@example.com], skills: {{{skill}: 1}}}}"
        for day, skill in enumerate(("Sales", "Chat", "Email"), 1)
    )
    world.write("timed.yaml", f"overrides: [{', '.join(entries)}]\n")
    assert len(calendar_of(world, days).entries) == count
