"""The calendar lists exactly the moments at which desired state changes, and what an apply at each of them does."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from reconciler import pipeline
from reconciler.pipeline.calendar import look_ahead
from reconciler.plan.calendar import Calendar
from reconciler.simulator import Behaviour
from tests.conftest import VirtualClock
from tests.plan.test_laws import able
from tests.plan.test_timed import LIVES, LateClock, Live, made
from tests.plan.timetable import TIMETABLES, Timetable, moment
from tests.world import World, agent


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
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES)
def test_what_it_says_of_a_moment_is_what_an_apply_then_does(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live
) -> None:
    """One apply now, and one at each moment: agents, assignments and coverage as the tenant counts them."""
    world = made(tmp_path_factory, table, live)
    found = calendar_of(world)
    allowed = frozenset({"coverage-floor"})
    world.apply(allowed=allowed)
    for entry in found.entries:
        before = able(world)
        at(world, entry.at)
        plan = world.plan()
        assert plan.summary.agents_changed == entry.agents_changed
        assert Counter(line.action for change in plan.changes for line in change.skills) == Counter(entry.actions)
        world.apply(allowed=allowed)
        after = able(world)
        moved = {skill for skill in before | after if before[skill] != after[skill]}
        assert {(row.skill.name, row.before, row.after) for row in entry.coverage} == {
            (skill, before[skill], after[skill]) for skill in moved
        }


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
