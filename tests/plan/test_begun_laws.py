"""What `--timed` writes: what overrides began and ended by themselves, as the tests' own count has it, and no more."""

import asyncio
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.scope import Filters
from tests.plan.test_timed import HOURS, LIVES, Live, held_live, made
from tests.plan.timetable import AGENTS, SKILLS, TIMETABLES, Timetable, Value, after, moment

TIMED = Filters(timed=True)
_CLEAR = TIMETABLES.filter(lambda table: table.is_clear)
_ALLOWED = frozenset({"coverage-floor", "agent-empty"})
# What happened to each assignment behind everybody's back: nothing, or it got that value.
_EDITS = st.dictionaries(
    st.tuples(st.sampled_from(AGENTS), st.sampled_from(SKILLS)),
    st.one_of(st.none(), st.tuples(st.integers(0, 5), st.booleans())),
    max_size=4,
)


def _asked(table: Timetable, name: str, skill: str, hour: int) -> set[Value | None] | None:
    """Give every value that the files ask for, by overrides that have begun; None where none is about it."""
    lasting = table.lasting[name].get(skill)
    begun = [
        each
        for each in table.overrides
        if each.about(name) and skill in each.skills and (each.start is None or each.start <= hour)
    ]
    return {lasting, *(after(each.skills[skill], lasting) for each in begun)} if begun else None


def _expected(table: Timetable, live: Live, hour: int) -> dict[str, dict[str, Value]]:
    """Give what is live afterwards."""
    expected = {name: dict(live[name]) for name in AGENTS}
    for name, skill in _everything():
        asked = _asked(table, name, skill, hour)
        if asked is None or live[name].get(skill) not in asked or skill in table.held(name, hour):
            continue
        expected[name].pop(skill, None)
        if (value := table.wanted(name, hour).get(skill)) is not None:
            expected[name][skill] = value
    return expected


def _everything() -> Iterator[tuple[str, str]]:
    return ((name, skill) for name in AGENTS for skill in SKILLS)


def _edited(live: Live, edits: Mapping[tuple[str, str], Value | None]) -> dict[str, dict[str, Value]]:
    edited = {name: dict(live[name]) for name in AGENTS}
    for (name, skill), value in edits.items():
        edited[name].pop(skill, None)
        if value is not None:
            edited[name][skill] = value
    return edited


@settings(max_examples=60)
@given(table=_CLEAR, before=HOURS, hour=HOURS, edits=_EDITS)
def test_it_writes_what_began_and_ended_and_leaves_alone_what_somebody_edited(
    tmp_path_factory: pytest.TempPathFactory,
    table: Timetable,
    before: int,
    hour: int,
    edits: Mapping[tuple[str, str], Value | None],
) -> None:
    """Live is as the files were at some hour, but for edits; those are named; a second run writes nothing."""
    live = _edited({name: table.wanted(name, before) for name in AGENTS}, edits)
    world = made(tmp_path_factory, table, live, moment(hour))
    plan = world.plan(TIMED)
    told = {each.message.split(":")[0] for each in plan.findings if each.code == "timed-edited"}
    assert told == {
        f"`{name}@example.com`, `{skill}`"
        for name, skill in _everything()
        if (asked := _asked(table, name, skill, hour)) is not None
        and live[name].get(skill) not in asked
        and skill not in table.held(name, hour)
    }
    world.apply(TIMED, allowed=_ALLOWED)
    assert held_live(world) == _expected(table, live, hour)
    written = len(world.tenant.commits)
    world.apply(TIMED, allowed=_ALLOWED)
    assert len(world.tenant.commits) == written


@settings(max_examples=60)
@given(table=_CLEAR, live=LIVES, hour=HOURS)
def test_whatever_is_live_it_writes_a_part_of_what_a_full_apply_would(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live, hour: int
) -> None:
    world = made(tmp_path_factory, table, live, moment(hour))

    def lines(filters: Filters) -> set[tuple[object, ...]]:
        changes = world.plan(filters).changes
        return {(each.agent.id, line.skill.id, line.before, line.after) for each in changes for line in each.skills}

    assert lines(TIMED) <= lines(Filters())
    world.apply(TIMED, allowed=_ALLOWED)
    assert held_live(world) == _expected(table, live, hour)


@settings(max_examples=40)
@given(table=_CLEAR)
def test_run_at_every_moment_of_the_calendar_it_leaves_what_a_full_apply_would(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable
) -> None:
    """From a tenant that is as the files say, what is held too."""
    world = made(tmp_path_factory, table, {name: table.wanted(name, 0) for name in AGENTS}, moment(0))
    for hour in table.turns():
        asyncio.run(world.clock.sleep((moment(hour) - world.clock.now()).total_seconds()))
        world.apply(TIMED, allowed=_ALLOWED)
        for name in AGENTS:
            held = table.held(name, hour)
            there, wanted = held_live(world)[name], table.wanted(name, hour)
            assert {skill for skill in SKILLS if there.get(skill) != wanted.get(skill)} <= held
        assert world.plan().changes == ()
