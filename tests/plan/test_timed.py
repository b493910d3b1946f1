"""What is desired when: overrides and holds, judged by a count of the tests' own and by the tenant."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired import load
from reconciler.errors import InvalidInput
from reconciler.plan.change import AgentChange, AgentHeld, Plan
from reconciler.plan.scope import Filters
from reconciler.simulator import Assignment
from tests.conftest import VirtualClock
from tests.plan.timetable import AGENTS, SETS, START, TIMETABLES, Timetable, Value, as_yaml, moment
from tests.world import TENANT_YAML, World, agent

HOURS = st.integers(-1, 42)
Live = Mapping[str, Mapping[str, Value]]
LIVES = st.fixed_dictionaries(dict.fromkeys(AGENTS, SETS))


class LateClock(VirtualClock):
    """A clock that starts where a test wants it."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__()
        self._offset = start - START

    def now(self) -> datetime:
        """Give the time of day."""
        return super().now() + self._offset


def agent_skills(sets: Mapping[str, Value]) -> dict[str, Assignment]:
    """Give what a live agent holds, by skill id."""
    return {f"skill-{skill.lower()}": Assignment(*value) for skill, value in sets.items()}


def made(factory: pytest.TempPathFactory, table: Timetable, live: Live, start: datetime = START) -> World:
    agents = tuple(replace(agent(name), skills=agent_skills(live[name])) for name in AGENTS)
    world = World(factory.mktemp("world"), LateClock(start), agents)
    timed, policies = as_yaml(table)
    world.write("tenant.yaml", TENANT_YAML + policies)
    world.write_agents(**{name: _written(table.lasting[name]) for name in AGENTS})
    if timed:
        world.write("timed.yaml", timed)
    return world


def _written(skills: Mapping[str, Value]) -> str:
    parts = (f"{name}: {{proficiency: {level}, available: {str(on).lower()}}}" for name, (level, on) in skills.items())
    return f"{{{', '.join(parts)}}}"


def name_of(each: AgentChange | AgentHeld) -> str:
    """Give the name of the tests for an agent."""
    return each.agent.user_name.removeprefix("user.")


def held_live(world: World, names: Iterable[str] = AGENTS) -> dict[str, dict[str, Value]]:
    """Give what the tenant itself holds."""
    return {
        name: {
            world.tenant.skills[skill].name: (held.proficiency, held.available)
            for skill, held in world.tenant.agents[f"id-{name}"].skills.items()
        }
        for name in names
    }


@settings(max_examples=150)
@given(table=TIMETABLES)
def test_overrides_clash_exactly_where_two_set_one_assignment_at_one_time(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable
) -> None:
    world = made(tmp_path_factory, table, {name: {} for name in AGENTS})
    codes = {each.code for each in load(world.folder / "desired-state").diagnostics}
    assert codes == (set() if table.is_clear else {"override-overlap"})


@settings(max_examples=60)
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES, hour=HOURS)
def test_an_apply_leaves_what_is_desired_at_its_moment_and_leaves_alone_what_is_held(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live, hour: int
) -> None:
    """P2 and P7: by the tenant's own state; the plan after it is empty, and says still what is held."""
    world = made(tmp_path_factory, table, live, moment(hour))
    world.apply(allowed=frozenset({"coverage-floor"}))
    for name in AGENTS:
        wanted, held = table.wanted(name, hour), table.held(name, hour)
        expected = {skill: value for skill, value in wanted.items() if skill not in held}
        expected |= {skill: value for skill, value in live[name].items() if skill in held}
        assert held_live(world)[name] == expected
    after = world.plan()
    assert after.changes == ()
    differing = {
        (name, skill)
        for name in AGENTS
        for skill in table.held(name, hour)
        if live[name].get(skill) != table.wanted(name, hour).get(skill)
    }
    assert {
        (each.agent.user_name.removeprefix("user."), line.skill.name) for each in after.held for line in each.skills
    } == differing


@settings(max_examples=60)
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES, hour=HOURS)
def test_a_plan_for_a_moment_is_the_plan_made_at_that_moment(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live, hour: int
) -> None:
    then = made(tmp_path_factory, table, live, moment(hour)).plan()
    ahead = made(tmp_path_factory, table, live).plan(at=moment(hour))
    assert ahead.at == moment(hour)
    assert then.at is None
    assert replace(ahead, at=None) == then
    assert then.now == ahead.now


@settings(max_examples=60)
@given(table=TIMETABLES.filter(lambda table: table.is_clear), live=LIVES, hour=HOURS)
def test_what_an_override_asks_for_says_until_when_and_all_else_does_not(
    tmp_path_factory: pytest.TempPathFactory, table: Timetable, live: Live, hour: int
) -> None:
    plan = made(tmp_path_factory, table, live, moment(hour)).plan()
    for change in plan.changes:
        name = name_of(change)
        for line in change.skills:
            skill = line.skill.name
            lasting, wanted = table.lasting[name].get(skill), table.wanted(name, hour).get(skill)
            ends = [
                each.until
                for each in table.overrides
                if each.is_open(hour) and each.about(name) and skill in each.skills
            ]
            if lasting == wanted:
                assert line.override is None
            else:
                assert line.override is not None
                assert [line.override.until] == [moment(end) for end in ends]
                assert line.source.file == "timed.yaml"


def _sales_at(folder: Path, window: str, at: datetime) -> tuple[bool, Plan]:
    """Say whether a plan for that moment gives Sales to ana, whom the override of that window is about."""
    world = World(folder, LateClock(at), (agent("ana", Billing=60),))
    world.write_agents(ana="{Billing: 60}")
    world.write("timed.yaml", f"overrides:\n  - {{{window}, agents: [ana@example.com], skills: {{Sales: 70}}}}\n")
    plan = world.plan()
    return any(line.skill.name == "Sales" for change in plan.changes for line in change.skills), plan


# An hour that a wall clock skips, one that it shows twice, and the same where the offset is not whole hours.
WINDOWS = (
    ("2027-03-14T01:30:00-05:00", "2027-03-14T03:30:00-04:00"),
    ("2027-11-07T01:30:00-04:00", "2027-11-07T01:30:00-05:00"),
    ("2027-04-04T02:45:00+10:30", "2027-04-04T02:45:00+10:00"),
    ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
)


@pytest.mark.parametrize(("begin", "end"), WINDOWS, ids=["spring", "fall", "half-an-hour", "new-year"])
def test_a_window_is_half_open_to_the_second_whatever_the_clocks_on_the_wall_do(
    tmp_path: Path, begin: str, end: str
) -> None:
    second = timedelta(seconds=1)
    window = f"from: {begin}, until: {end}"
    first, last = datetime.fromisoformat(begin), datetime.fromisoformat(end)
    for number, (at, is_open) in enumerate(
        ((first - second, False), (first, True), (last - second, True), (last, False))
    ):
        gives, plan = _sales_at(tmp_path / str(number), window, at)
        assert gives is is_open
        assert plan.valid_until == (first if at < first else last if at < last else None)


def test_a_skill_that_is_gone_is_an_error_only_while_its_override_lasts(tmp_path: Path) -> None:
    """A surge that is over must not stop the plan when its skill is removed from the tenant."""
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60),))
    world.write_agents(ana="{Billing: 60}")
    for until, is_over in (("2026-11-22T14:00:00Z", True), ("2026-11-22T14:00:01Z", False)):
        entry = f"until: {until}, agents: [ana@example.com]"
        world.write(
            "timed.yaml", f"overrides: [{{{entry}, skills: {{Fax: 1}}}}]\nholds: [{{{entry}, skills: [Fax]}}]\n"
        )
        if is_over:
            assert {each.code for each in world.plan().findings} == {"override-ended", "hold-expired"}
        else:
            with pytest.raises(InvalidInput) as caught:
                world.plan()
            assert [each.code for each in caught.value.diagnostics] == ["skill-unknown", "skill-unknown"]


def test_two_names_of_one_skill_clash_once_the_tenant_is_asked(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60),))
    world.write_agents(ana="{Billing: 60}")
    entry = "until: 2026-12-22T14:00:00Z, agents: [ana@example.com]"
    world.write(
        "timed.yaml", f"overrides: [{{{entry}, skills: {{Sales: 1}}}}, {{{entry}, skills: {{skill-sales: 2}}}}]\n"
    )
    with pytest.raises(InvalidInput) as caught:
        world.plan()
    assert [each.code for each in caught.value.diagnostics] == ["override-overlap"]


def test_a_hold_keeps_what_live_says_and_what_it_lacks(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60, Email=5),))
    world.write_agents(ana="{Billing: 50, Chat: 5, Sales: 1}")
    world.write("timed.yaml", "holds: [{skills: [Billing, Chat, Email], until: 2026-12-22T14:00:00Z}]\n")
    world.apply()
    assert held_live(world, ("ana",)) == {"ana": {"Billing": (60, True), "Email": (5, True), "Sales": (1, True)}}


def test_a_narrowed_plan_lists_of_what_is_held_only_its_own(tmp_path: Path) -> None:
    world = World(tmp_path, VirtualClock(), (agent("ana", Billing=60), agent("bo", Chat=10)))
    world.write_agents(ana="{Billing: 50, Chat: 5}", bo="{Chat: 20}")
    world.write("timed.yaml", "holds: [{teams: [Testers], until: 2026-12-22T14:00:00Z}]\n")
    assert [each.agent.ref for each in world.plan().held] == ["ana@example.com", "bo@example.com"]
    (only,) = world.plan(Filters(agents=("ana@example.com",), skills=("Chat",))).held
    assert [line.skill.name for line in only.skills] == ["Chat"]
