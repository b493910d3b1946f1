"""Floors as a truth table: what happens to the cover, how the rule is weighed, and what its waiver does about it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import Assignment
from reconciler.model.policies import CoverageFloor, Policies, Weight
from reconciler.model.position import SourcePosition
from reconciler.plan.build import in_order
from reconciler.plan.change import AgentChange, SkillName
from reconciler.plan.coverage import Shifts, coverage_rows, shift_of, worst_first
from reconciler.plan.policies import Facts, Managed, Rules
from reconciler.plan.policies.floors import coverage_floors
from reconciler.plan.policies.managed import Group
from tests.plan.changes import change, moving, plans

AT = SourcePosition("tenant.yaml", 5, 7)
NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
FLOOR = 5
# Agents before, and how many more or fewer afterwards.
COVER = {"ok": (7, -1), "at the floor": (6, -1), "broken before": (3, 0), "improved": (3, 1), "worsened": (5, -1),
         "broken and worsened": (3, -1)}  # fmt: skip
WAIVERS = {"live": timedelta(seconds=1), "expired": timedelta(0), "none": None}


def floor(weight: Weight = Weight.BLOCK, until: datetime | None = None, least: int = 0, most: int = FLOOR) -> Rules:
    rule = CoverageFloor("a", most, AT, AT, least, weight, until, "moving house" if until else "")
    return Rules(Policies(coverage=(rule,)), (SkillName("a", "a"),), NOW)


def facts(rules: Rules, changes: Sequence[AgentChange], before: int | None) -> Facts:
    ordered, order = in_order(changes)
    gauges = rules.by_gauge
    counts = None if before is None else dict.fromkeys(gauges, before)
    return Facts(rules, ordered, Shifts(ordered, order, gauges), counts, Managed(Group(100)))


def shifting(by: int) -> list[AgentChange]:
    gives, takes = ("", "a") if by > 0 else ("a", "")
    return [moving(f"agent{number}", gives, takes) for number in range(abs(by))]


def judged(rules: Rules, changes: Sequence[AgentChange], before: int | None) -> list[Diagnostic]:
    return list(coverage_floors(facts(rules, changes, before)))


@pytest.mark.parametrize("waiver", WAIVERS)
@pytest.mark.parametrize("weight", [Weight.BLOCK, Weight.WARN])
@pytest.mark.parametrize("cover", COVER)
def test_a_floor_blocks_only_what_makes_it_worse(cover: str, weight: Weight, waiver: str) -> None:
    """And only while no waiver is live; a waiver that ends now has ended."""
    before, by = COVER[cover]
    left = WAIVERS[waiver]
    found = judged(floor(weight, None if left is None else NOW + left), shifting(by), before)
    if cover in {"ok", "at the floor"}:
        assert found == []
        return
    (finding,) = found
    is_worse = cover in {"worsened", "broken and worsened"}
    blocks = is_worse and weight is Weight.BLOCK and waiver != "live"
    assert (finding.code, finding.position) == ("coverage-floor", AT)
    assert finding.severity is (Severity.BLOCK if blocks else Severity.WARN)
    assert f"{before} agents before and {before + by} after, below its floor of {FLOOR}" in finding.message
    assert ("waived until 22 Nov 2026 14:00:01 UTC (moving house)" in finding.message) is (
        is_worse and waiver == "live"
    )
    assert ("its waiver ended 22 Nov 2026 14:00 UTC" in finding.message) is (is_worse and waiver == "expired")
    assert ("--allow coverage-floor" in (finding.hint or "")) is blocks


@pytest.mark.parametrize("waiver", WAIVERS)
@pytest.mark.parametrize("weight", [Weight.BLOCK, Weight.WARN])
@pytest.mark.parametrize("by", [-1, 0, 1])
def test_where_nobody_can_count_a_loss_is_held_to_be_one_too_many(by: int, weight: Weight, waiver: str) -> None:
    """What takes nothing from the skill cannot break its floor."""
    left = WAIVERS[waiver]
    found = judged(floor(weight, None if left is None else NOW + left), shifting(by), None)
    blocks = weight is Weight.BLOCK and waiver != "live"
    severity = Severity.BLOCK if blocks else Severity.WARN
    assert [(each.code, each.severity) for each in found] == ([("coverage-unknown", severity)] if by < 0 else [])


@pytest.mark.parametrize(("least", "blocks"), [(0, False), (50, False), (51, True), (60, True), (61, False)])
def test_a_proficiency_below_the_floors_counts_as_nobody(least: int, blocks: bool) -> None:
    lowered = change("ana", {"a": Assignment(60, True)}, {"a": Assignment(50, True)})
    found = judged(floor(least=least), [lowered], FLOOR)
    assert [each.severity for each in found] == ([Severity.BLOCK] if blocks else [])
    if blocks:
        assert f"`a` from {least} on" in found[0].message


def test_an_inactive_agent_shifts_nothing() -> None:
    assert judged(floor(), [moving("ana", "a", "", is_active=False)], FLOOR) == []


def test_a_floor_that_is_missed_on_the_way_only_is_a_warning() -> None:
    """The order keeps who can take a skill, at whatever proficiency; who is good at it may dip for a moment."""
    low, high = {"a": Assignment(10, True)}, {"a": Assignment(60, True)}
    found = judged(floor(least=50), [change("ana", high, low), change("bo", low, high)], FLOOR)
    assert [(each.severity, "sinks to 4 on the way" in each.message) for each in found] == [(Severity.WARN, True)]


@given(plans(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 2))
def test_what_removes_more_never_passes_where_less_is_blocked(
    changes: tuple[AgentChange, ...], before: int, most: int, least: int
) -> None:
    """Whoever adds a loss to a plan that is blocked has a plan that is blocked."""
    rules = floor(least=least, most=most)
    more = [*changes, change("extra", {"a": Assignment(2, True)}, {})]

    def is_blocked(given: Sequence[AgentChange]) -> bool:
        return any(each.severity is Severity.BLOCK for each in judged(rules, given, before))

    assert is_blocked(more) or not is_blocked(changes)


@given(plans(), st.integers(0, 2))
def test_the_difference_of_a_row_is_the_sum_of_what_its_agents_do(changes: tuple[AgentChange, ...], least: int) -> None:
    """And its lowest point is neither above either end, nor, where everyone counts, below the lower one."""
    ordered, order = in_order(changes)
    gauges = {("a", least): 3}
    counts = {(skill, 0): 9 for skill in "abcde"} | {("a", least): 9}
    names = {skill: skill for skill in "abcde"}
    for row in coverage_rows(counts, Shifts(ordered, order, gauges), names, gauges, every_skill=True):
        effects = [
            shift_of(each, row.min_proficiency)
            for agent in changes
            for each in agent.skills
            if agent.is_active and each.skill.id == row.skill.id
        ]
        assert row.after - row.before == sum(effects)
        assert row.lowest is not None
        assert row.lowest <= min(row.before, row.after)
        assert row.min_proficiency or row.lowest == min(row.before, row.after)


def test_rows_are_worst_first() -> None:
    """Nobody left, then below the floor, then by the part that is lost; gains at the end."""
    counts = {(name, 0): before for name, before in {"a": 1, "b": 9, "c": 10, "d": 2, "e": 0}.items()}
    lost = [moving("one", "abcd", "e"), moving("two", "b", "")]
    ordered, order = in_order(lost)
    rows = coverage_rows(counts, Shifts(ordered, order), {name: name for name in "abcde"}, {("c", 0): 10})
    assert [row.skill.name for row in worst_first(rows)] == ["a", "c", "d", "b", "e"]
