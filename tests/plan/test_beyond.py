"""What is left of a reviewed plan may be applied: never more than a reviewer saw, never with less cover than shown."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.assignments import Assignment
from reconciler.plan.beyond import is_part_of, short_of_cover
from reconciler.plan.change import CoverageRow, Plan, SkillName
from reconciler.plan.claim import check_reviewed
from reconciler.plan.digest import digest_of
from tests.plan.test_moved import TENANTS, made_of

Sides = dict[str, tuple[dict[str, Assignment], dict[str, Assignment]]]
HELD = Assignment(50, available=True)


def plan_of(sides: Sides, **coverage: tuple[int, int]) -> Plan:
    """Make a plan with its true digest, and with coverage before and after."""
    plan = made_of(sides)
    rows = tuple(CoverageRow(SkillName(skill, skill), *counts) for skill, counts in coverage.items())
    return replace(plan, digest=digest_of(plan.tenant, plan.changes), coverage=rows)


def codes(fresh: Plan, reviewed: Plan | None, expect: str) -> list[str]:
    return [each.code for each in check_reviewed(fresh, None, expect, reviewed)]


def rows(plan: Plan) -> set[tuple[object, ...]]:
    return {(each.agent.id, row.skill.id, row.before, row.after) for each in plan.changes for row in each.skills}


@given(TENANTS, TENANTS)
def test_more_than_was_reviewed_is_never_applied(old: Sides, new: Sides) -> None:
    """Every assignment written was seen by a reviewer, from that value to that value; P11."""
    reviewed, fresh = plan_of(old), plan_of(new)
    passes = codes(fresh, reviewed, reviewed.digest) == []
    assert passes == (rows(fresh) <= rows(reviewed))
    assert is_part_of(fresh, reviewed) == passes


@given(TENANTS, st.data())
def test_whatever_part_is_done_already_the_rest_is_applied(old: Sides, data: st.DataObject) -> None:
    """Assignments that live reached meanwhile are left out, one by one; nothing else needs to be reviewed again."""
    reviewed = plan_of(old)
    done = data.draw(st.sets(st.sampled_from(sorted(old)))) if old else set()
    left: Sides = {}
    for name, (before, after) in old.items():
        skills = data.draw(st.sets(st.sampled_from("abc"))) if name in done else set()
        left[name] = ({**before, **{skill: after[skill] for skill in skills & after.keys()}}, after)
        for skill in skills - after.keys():
            left[name][0].pop(skill, None)
    assert codes(plan_of(left), reviewed, reviewed.digest) == []


def test_the_digest_says_which_plan_was_reviewed() -> None:
    """A file that came from elsewhere, however well it fits, is not what a reviewer saw."""
    fresh = plan_of({"x": ({}, {"a": HELD})})
    other = plan_of({"x": ({}, {"a": HELD}), "y": ({}, {"a": HELD})})
    shown = plan_of({"x": ({}, {"b": HELD})})
    assert codes(fresh, other, shown.digest) == ["plan-foreign"]
    assert codes(fresh, other, other.digest) == []
    assert codes(fresh, None, fresh.digest) == []
    assert codes(fresh, shown, fresh.digest) == []  # the plan itself was seen; the file is not needed


@pytest.mark.parametrize(("sides", "expected"), [({}, []), ({"x": ({}, {"a": HELD})}, ["plan-unreviewed"])])
def test_what_nobody_reviewed_is_applied_only_when_it_does_nothing(sides: Sides, expected: list[str]) -> None:
    assert codes(plan_of(sides), None, "") == expected


def test_a_part_for_another_tenant_is_no_part() -> None:
    reviewed = plan_of({"x": ({}, {"a": HELD})})
    assert not is_part_of(replace(reviewed, tenant="other"), reviewed)


@pytest.mark.parametrize(
    ("shown", "left", "is_short"),
    [
        ((6, 6), (6, 5), True),  # who was to gain it has gone, who was to lose it has not
        ((6, 5), (6, 5), False),
        ((6, 4), (6, 5), False),
        ((6, 5), (5, 5), False),  # it is as short as that already, by another hand
        (None, (6, 5), True),
        (None, (5, 6), False),
        ((9, 8), (3, 2), True),
    ],
)
def test_no_skill_is_left_with_fewer_agents_than_the_review_showed(
    shown: tuple[int, int] | None, left: tuple[int, int], is_short: bool
) -> None:
    """A gain that is no longer possible must not leave the loss that relied on it."""
    sides: Sides = {"x": ({"a": HELD}, {}), "y": ({}, {"a": HELD})}
    reviewed = plan_of(sides, **({} if shown is None else {"a": shown}))
    fresh = plan_of({"x": sides["x"]}, a=left)
    assert bool(list(short_of_cover(fresh, reviewed))) == is_short
    assert codes(fresh, reviewed, reviewed.digest) == (["plan-unexpected", "live-moved"] if is_short else [])


def test_from_another_value_it_is_another_change() -> None:
    """What somebody set meanwhile is not overwritten unseen, even on the way to the value that was reviewed; P1."""
    lower = Assignment(10, available=True)
    reviewed, fresh = plan_of({"x": ({"a": lower}, {"a": HELD})}), plan_of({"x": ({}, {"a": HELD})})
    assert not is_part_of(fresh, reviewed)
    assert codes(fresh, reviewed, reviewed.digest)[0] == "plan-unexpected"
