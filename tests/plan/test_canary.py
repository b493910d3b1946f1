"""Canaries go before all others, come from different teams, and endanger neither cover nor the order of the rest."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.canary import CanarySize, choose_canary
from reconciler.plan.change import AgentChange, Part
from reconciler.plan.order import order_writes
from tests.plan.changes import Execution, moving, plans


@given(plans(), st.integers(1, 12), st.randoms(use_true_random=False))
def test_canaries_first_and_still_nobody_waits_for_ever(
    changes: tuple[AgentChange, ...], count: int, chance: Random
) -> None:
    """All canaries at once, then the rest in its order: each skill covered at every moment, everything written."""
    order = order_writes(changes)
    chosen = choose_canary(changes, order, count)
    execution = Execution(changes, order, chance)
    execution._hold_back = lambda: pytest.fail("stands still")  # type: ignore[method-assign] # must never be asked
    execution.run(chosen)
    assert execution.sets == [each.after for each in changes]


@given(plans(), st.integers(1, 12), st.randoms(use_true_random=False))
def test_canaries_that_fail_leave_each_skill_its_cover(
    changes: tuple[AgentChange, ...], count: int, chance: Random
) -> None:
    order = order_writes(changes)
    execution = Execution(changes, order, chance, lambda _: chance.choice([True, False, None]))
    execution.run(choose_canary(changes, order, count))


@given(plans(), st.integers(1, 12))
def test_there_is_a_canary_wherever_there_is_a_change(changes: tuple[AgentChange, ...], count: int) -> None:
    """The agent of the first step may always go; never more are chosen than were asked for."""
    order = order_writes(changes)
    chosen = choose_canary(changes, order, count)
    assert len(chosen) <= min(count, len(changes))
    assert bool(chosen) == bool(changes)
    assert choose_canary(changes, order, len(changes)) >= {step.change for step in order[:1]}


def test_teams_take_turns() -> None:
    """Agents without a team count as one team; within a team the order is the plan's."""
    teams = ["one", "one", "one", None, None, "two", "one"]
    changes = [moving(f"a{number}", "", "b", team=team) for number, team in enumerate(teams)]
    order = order_writes(changes)
    chosen = [choose_canary(changes, order, count) for count in range(len(changes) + 1)]
    added = [sorted(more - fewer) for fewer, more in pairwise(chosen)]
    assert added == [[0], [3], [5], [1], [4], [2], [6]]


def test_whoever_would_leave_a_gap_is_passed_over() -> None:
    """The next of the team goes instead: what another canary gives does not count, for it may fail."""
    changes = (
        moving("ann", "a", "", team="one"),
        moving("bo", "", "b", team="one"),
        moving("cy", "", "a", team="two"),
    )
    assert choose_canary(changes, order_writes(changes), 3) == {1, 2}


def test_room_that_the_order_needs_is_not_taken_ahead_of_it() -> None:
    """Ed could give up `a` at once; but then dan and flo, who swap, would wait for each other for ever."""
    changes = (moving("ed", "a", ""), moving("dan", "a", "b"), moving("flo", "b", "a"))
    order = order_writes(changes)
    assert [(step.change, step.part) for step in order] == [(1, Part.WHOLE), (2, Part.WHOLE), (0, Part.WHOLE)]
    assert choose_canary(changes, order, 3) == {1}


def test_of_a_union_the_first_half_goes() -> None:
    changes = (moving("ann", "b", "a"), moving("bo", "a", "b"))
    order = order_writes(changes)
    assert order[0].part is Part.UNION
    assert choose_canary(changes, order, 2) == {order[0].change}


@pytest.mark.parametrize(
    ("text", "changes", "size"),
    [
        ("5", 100, 5),
        ("5", 3, 3),
        ("005", 100, 5),
        ("10%", 100, 10),
        ("10%", 101, 11),
        ("1%", 1, 1),
        ("100%", 7, 7),
        ("33%", 3, 1),
        ("34%", 3, 2),
        ("5", 0, 0),
        ("5%", 0, 0),
    ],
)
def test_a_size_is_a_count_or_a_percentage_rounded_up(text: str, changes: int, size: int) -> None:
    parsed = CanarySize.parse(text)
    assert parsed is not None
    assert parsed.of(changes) == size


@pytest.mark.parametrize(
    "text", ["", "0", "0%", "101%", "-1", "+1", "1.5", "5 %", "%", "five", "\u0665", "5%%", "9" * 5000]
)
def test_whatever_is_no_size_is_none(text: str) -> None:
    assert CanarySize.parse(text) is None
