"""Where a value comes from is found by other means than the value, and both agree, always."""

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired import load
from reconciler.model.assignments import decode, unpack
from reconciler.model.desired import DesiredState
from reconciler.model.skills import Skill, SkillCatalog
from reconciler.plan.match import agent_rows, table_and_row
from reconciler.plan.provenance import Link, LinkKind, Phase, holds_on, trace
from reconciler.plan.resolve import ResolvedState, resolve_skills
from tests.world import SKILLS, TENANT_YAML

CATALOG = SkillCatalog(Skill(each.id, each.name) for each in SKILLS)
NAMES = ("Billing", "Chat", "Email", "Sales")
START = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 6
Document = Mapping[str, object]


def _load(*documents: Document) -> DesiredState:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tenant.yaml").write_text(TENANT_YAML, encoding="utf-8")
        for number, document in enumerate(documents):
            text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in document.items())
            text = text.replace('"absent"', "absent")  # in quotes it is no word of ours
            (Path(folder) / f"{number}.yaml").write_text(text, encoding="utf-8")
        loaded = load(Path(folder))
    state = loaded.tenants[0].state
    assert state is not None, loaded.diagnostics
    return state


def _resolved(desired: DesiredState, now: datetime) -> ResolvedState:
    resolved, errors = resolve_skills(desired, CATALOG, now)
    assert resolved is not None, errors
    return resolved


def _chain(desired: DesiredState, agent: str, skill: str, now: datetime = START) -> tuple[Link, ...]:
    row, (number,) = agent_rows(desired)[agent], CATALOG.numbers_named(skill)
    return trace(_resolved(desired, now), CATALOG, row, now).get(number, ())


def _day(number: float) -> str:
    return (START + timedelta(days=number)).isoformat()


_VALUES = st.one_of(
    st.integers(0, 3),
    st.just("absent"),
    st.builds(lambda proficiency: {"proficiency": proficiency, "available": False}, st.integers(0, 3)),
)
_SETS = st.dictionaries(st.sampled_from(NAMES), _VALUES, max_size=4)
_CHANGES = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(_VALUES, st.just({"available": False})), min_size=1, max_size=3
)


@st.composite
def states(draw: st.DrawFn) -> tuple[Document, ...]:
    """Draw files: profiles that extend earlier ones, agents of two teams, overrides of a day each, and holds."""
    count = draw(st.integers(0, 5))
    profiles = {
        f"p{number}": {
            "extends": draw(st.lists(st.sampled_from([f"p{n}" for n in range(number)]), unique=True, max_size=3))
            if number
            else [],
            "skills": draw(_SETS),
        }
        for number in range(count)
    }
    lists = st.lists(st.sampled_from(list(profiles)), unique=True, max_size=3) if profiles else st.just([])
    agents = {name: {"profiles": draw(lists), "skills": draw(_SETS)} for name in ("ana", "bo")}
    overrides = [
        {
            "reason": f"day {day}",
            "from": _day(day),
            "until": _day(day + 1),
            **draw(st.sampled_from([{"agents": ["ana"]}, {"teams": ["Blue"]}, {"agents": ["bo"], "teams": ["Red"]}])),
            "skills": draw(_CHANGES),
        }
        for day in draw(st.sets(st.integers(0, DAYS - 1)))
    ]
    holds = [
        {"agents": [draw(st.sampled_from(["ana", "bo"]))], "skills": [draw(st.sampled_from(NAMES))], "until": _day(day)}
        for day in draw(st.lists(st.integers(0, DAYS), max_size=3))
    ]
    return (
        {"team": "Red", "agents": {"ana": agents["ana"]}},
        {"team": "Blue", "agents": {"bo": agents["bo"]}},
        {"profiles": profiles} if profiles else {"holds": holds},
        {"overrides": overrides, "holds": holds if profiles else []},
    )


_MOMENTS = st.integers(-1, 4 * DAYS + 1).map(lambda quarter: START + timedelta(hours=6 * quarter))


@given(states(), _MOMENTS)
@settings(max_examples=150)
def test_the_winner_of_each_chain_is_what_the_plan_takes(documents: tuple[Document, ...], now: datetime) -> None:
    """Value and place as the steps have them, and the value as the packed sets do; at most one wins."""
    desired = _load(*documents)
    resolved = _resolved(desired, now)
    chosen = resolved.at(now)
    for row in agent_rows(desired).values():
        table, at = table_and_row(row)
        steps, packed = chosen.steps(table, at), unpack(list(chosen.packed_sets(table))[at])
        traced = trace(resolved, CATALOG, row, now)
        assert packed.keys() <= traced.keys()
        for number, links in traced.items():
            winners = [link for link in links if link.is_winner]
            assert len(winners) <= 1
            if number in packed:
                assert winners[0].value == decode(packed[number])
                assert winners[0].position == steps[number][1]
            else:
                assert not winners or winners[0].value is None


@given(states(), _MOMENTS)
@settings(max_examples=50)
def test_a_hold_is_in_force_in_a_chain_when_a_plan_leaves_live_alone(
    documents: tuple[Document, ...], now: datetime
) -> None:
    desired = _load(*documents)
    in_force = _resolved(desired, now).at(now).in_force
    for row in agent_rows(desired).values():
        holds = holds_on(desired, CATALOG, row, now)
        for number in range(len(CATALOG)):
            phases = [link.phase for link in holds(number)]
            assert (Phase.IN_FORCE in phases) == in_force.is_held(row, number)


DIAMOND: Document = {
    "profiles": {
        "floor": {"skills": {"Email": 10}},
        "left": {"extends": ["floor"], "skills": {"Email": 20}},
        "right": {"extends": ["floor"], "skills": {}},
        "top": {"extends": ["left", "right"], "skills": {"Chat": 5}},
    },
    "agents": {"ana": {"profiles": ["top"], "skills": {"Chat": "absent"}}},
}


def test_what_two_extend_is_laid_where_the_later_one_stands() -> None:
    """So the left one's own line is covered by what the right one brings again, and the way there is told."""
    links = _chain(_load(DIAMOND), "ana", "Email")
    assert [(link.name, link.through, link.is_winner) for link in links] == [
        ("left", ("top",), False),
        ("floor", ("top", "right"), True),
    ]


def test_an_own_line_that_drops_a_skill_wins_with_nothing() -> None:
    links = _chain(_load(DIAMOND), "ana", "Chat")
    assert [(link.kind, link.value, link.is_winner) for link in links] == [
        (LinkKind.PROFILE, (5, True), False),
        (LinkKind.AGENT, None, True),
    ]


def test_profiles_that_extend_each_other_in_all_ways_are_entered_once() -> None:
    """Forty floors of two each: by every way through them it would be a trillion."""
    profiles: dict[str, object] = {"a0": {"skills": {"Email": 1}}, "b0": {"skills": {"Email": 2}}}
    for floor in range(1, 41):
        for name in "ab":
            profiles[f"{name}{floor}"] = {"extends": [f"a{floor - 1}", f"b{floor - 1}"], "skills": {}}
    desired = _load({"profiles": profiles, "agents": {"ana": {"profiles": ["a40"]}}})
    links = _chain(desired, "ana", "Email")
    assert [(link.name, link.is_winner) for link in links] == [("a0", False), ("b0", True)]
    assert links[1].through == tuple(f"b{floor}" for floor in range(20, 0, -1))


def test_what_is_coming_and_what_has_ended_stand_in_the_chain_and_decide_nothing() -> None:
    """Even an override that is over and names a skill that is gone; one that changes nothing does not win."""
    overrides = [
        {"until": _day(-1), "agents": ["ana"], "skills": {"Email": 1, "Gone": 2}},
        {"until": _day(2), "from": _day(1), "agents": ["ana"], "skills": {"Email": {"available": False}}},
        {"until": _day(1), "from": _day(-1), "agents": ["ana"], "skills": {"Email": 50}},
    ]
    desired = _load({"agents": {"ana": {"skills": {"Email": 50}}}, "overrides": overrides})
    links = _chain(desired, "ana", "Email")
    assert [(link.kind, link.value, link.phase, link.is_winner) for link in links] == [
        (LinkKind.AGENT, (50, True), Phase.LASTING, True),
        (LinkKind.OVERRIDE, (1, True), Phase.ENDED, False),
        (LinkKind.OVERRIDE, (50, True), Phase.IN_FORCE, False),
        (LinkKind.OVERRIDE, (50, False), Phase.COMING, False),
    ]
