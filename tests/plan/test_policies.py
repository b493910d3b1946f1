"""The other policies: limits with their shares, agents left without work, and values that look like a slip."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.writing import ALLOWABLE
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import Assignment
from reconciler.model.policies import NO_POLICIES, Limit, Policies, Weight
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentChange, Plan
from reconciler.plan.claim import ALLOW_OLD, check_blocked
from reconciler.plan.coverage import Shifts
from reconciler.plan.order import order_writes
from reconciler.plan.policies import BLOCKING, Facts, Managed, Rules, judge
from reconciler.plan.policies.managed import Group
from tests.plan.changes import change, moving
from tests.render.hand_made import plan_of

AT = SourcePosition("tenant.yaml", 4, 3)
AGENTS = Limit(25, is_share=True, position=AT)


def judged(
    changes: Sequence[AgentChange], policies: Policies = NO_POLICIES, managed: int = 100, held: int = 0, before: int = 9
) -> list[Diagnostic]:
    shifts = Shifts(changes, order_writes(changes))
    counts = dict.fromkeys(shifts.net, before)
    return list(judge(Facts(Rules(policies), changes, shifts, counts, Managed(Group(managed, held)))))


def codes(found: Iterable[Diagnostic]) -> list[tuple[str, Severity]]:
    return [(each.code, each.severity) for each in found]


def stripped(agents: int) -> list[AgentChange]:
    return [moving(f"agent{number}", "ab", "a") for number in range(agents)]


@pytest.mark.parametrize(
    ("limit", "changed", "managed", "is_blocked"),
    [
        ("25%", 5, 20, False),
        ("25%", 6, 20, True),
        ("25%", 3, 10, True),
        ("25%", 2, 10, False),
        ("25%", 9, 9, False),
        ("0%", 1, 10, True),
        ("100%", 10, 10, False),
        ("5", 5, 1000, False),
        ("5", 6, 1000, True),
        ("5", 6, 6, True),
        ("0", 1, 1, True),
        ("0", 0, 1, False),
    ],
)
def test_a_share_counts_from_ten_agents_on_and_a_count_always(
    limit: str, changed: int, managed: int, is_blocked: bool
) -> None:
    rule = Limit(int(limit.removesuffix("%")), limit.endswith("%"), AT)
    for policies, code, held in (
        (Policies(max_agents_changed=rule), "max-agents-changed", 0),
        (Policies(max_assignments_removed=rule), "max-assignments-removed", managed),
    ):
        found = judged(stripped(changed), policies, managed, held, before=99)
        assert codes(found) == ([(code, Severity.BLOCK)] if is_blocked else [])
        for finding in found:
            assert finding.position == AT
            assert f"{changed}" in finding.message
            assert limit in finding.message
            assert f"--allow {code}" in f"{finding.hint}"


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 100), st.integers(0, 40))
def test_a_limit_never_lets_more_through_than_less(fewer: int, more: int, percent: int, managed: int) -> None:
    fewer, more = sorted((fewer, more))
    policies = Policies(max_agents_changed=replace(AGENTS, most=percent), max_assignments_removed=Limit(7, False, AT))
    less, rest = (codes(judged(stripped(count), policies, managed, before=99)) for count in (fewer, more))
    assert set(less) <= set(rest)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (Weight.BLOCK, [("agent-empty", Severity.BLOCK)]),
        (Weight.WARN, [("agent-empty", Severity.WARN)]),
        (Weight.ALLOW, []),
    ],
)
def test_an_agent_left_without_work_is_named(weight: Weight, expected: list[object]) -> None:
    held, paused = {"a": Assignment(50, True)}, {"a": Assignment(50, False)}
    policies = Policies(empty_agents=weight, empty_agents_position=AT)
    for after in ({}, paused):
        assert codes(judged([change("ana", held, after)], policies)) == expected


def test_who_had_no_work_before_or_is_not_there_is_not_named() -> None:
    policies = Policies(empty_agents=Weight.BLOCK)
    paused = {"a": Assignment(50, False)}
    assert judged([change("ana", paused, {}), moving("bo", "a", "", is_active=False)], policies) == []


@pytest.mark.parametrize(("before", "is_named"), [(3, False), (2, True), (1, False)])
def test_a_skill_that_falls_to_one_agent_is_named(before: int, is_named: bool) -> None:
    found = judged([moving("ana", "ab", "b")], before=before)
    assert codes(found) == ([("single-agent", Severity.WARN)] if is_named else [])


def test_a_skill_that_rises_to_one_agent_is_not_named() -> None:
    assert judged([moving("ana", "b", "ab")], before=0) == []


def valued(*pairs: tuple[int, int]) -> list[AgentChange]:
    return [
        change(f"agent{number}", {"a": Assignment(before, True)}, {"a": Assignment(after, True)})
        for number, (before, after) in enumerate(pairs)
    ]


SLIPS = {
    "scale": ([(100, 20), (90, 18), (85, 17), (72, 14), (61, 12)], {"proficiency-scale", "proficiency-factor"}),
    "scale, few": ([(100, 20), (90, 18), (85, 17), (72, 14)], set()),
    "scale, one higher": ([(100, 21), (90, 19), (85, 11), (72, 1), (61, 13)], set()),
    "scale, low before": ([(19, 20), (18, 17), (16, 17), (12, 14), (10, 12)], set()),
    "turned": ([(90, 10), (80, 20), (70, 30), (60, 41), (55, 56)], {"proficiency-inverted"}),
    "half turned": ([(90, 10), (80, 20), (70, 33), (60, 44), (55, 56), (54, 46)], set()),
    "factor": ([(40, 20), (60, 30), (80, 40), (90, 91), (30, 31)], {"proficiency-factor"}),
    "a raise for all": ([(50, 60)] * 6, set()),
    "just so": ([(40, 45), (61, 70), (83, 81), (90, 91), (30, 31)], set()),
}


@pytest.mark.parametrize(("pairs", "expected"), SLIPS.values(), ids=SLIPS.keys())
def test_values_that_look_like_a_slip_are_a_warning(pairs: list[tuple[int, int]], expected: set[str]) -> None:
    found = judged(valued(*pairs))
    assert {each.code for each in found} == expected
    assert all(each.severity is Severity.WARN for each in found)


def blocked_by(*names: str) -> Plan:
    return plan_of([], findings=[Diagnostic(name, "text", severity=Severity.BLOCK) for name in names])


def test_an_override_overrides_what_it_names_and_nothing_else() -> None:
    """P11."""
    plan = blocked_by("coverage-floor", "coverage-floor", "agent-empty")
    (refusal,) = check_blocked(plan, frozenset())
    assert refusal.code == "plan-blocked"
    assert "agent-empty, coverage-floor (2)" in refusal.message
    assert f"{refusal.hint}".endswith("--allow agent-empty --allow coverage-floor")
    (refusal,) = check_blocked(plan, frozenset({"agent-empty", "old-plan", "max-agents-changed"}))
    assert f"{refusal.hint}".endswith(": --allow coverage-floor")
    assert "agent-empty" not in refusal.message
    assert list(check_blocked(plan, frozenset({"agent-empty", "coverage-floor"}))) == []


def test_what_only_warns_blocks_nothing() -> None:
    plan = plan_of([], findings=[Diagnostic("coverage-floor", "text", severity=Severity.WARN)])
    assert list(check_blocked(plan, frozenset())) == []


def test_all_that_blocks_can_be_allowed_and_an_old_plan() -> None:
    assert set(ALLOWABLE) == {*BLOCKING, ALLOW_OLD}
