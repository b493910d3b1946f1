"""No skill is ever short of cover on the way (P12), whatever the order in which writes end, and whichever fail."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange, Part, Step
from reconciler.plan.cover import Cover
from reconciler.plan.order import order_writes, part_of, union_of
from tests.plan.changes import Execution, change, has_every_step_once, moving, ordered, plans
from tests.plan.fewest import fewest_unions, random_swaps

CHANCE = st.randoms(use_true_random=False)
IN_FLIGHT = st.integers(1, 6)


@given(plans())
def test_at_every_prefix_of_the_order_each_skill_has_its_cover(changes: tuple[AgentChange, ...]) -> None:
    """One write after the other, exactly as ordered; in the end every agent is as planned."""
    order = order_writes(changes)
    assert has_every_step_once(changes, order)
    execution = Execution(changes, order, Random(1))
    for step in order:
        execution._start(step)
        execution._end(step)
    assert execution.sets == [each.after for each in changes]


@given(plans(), CHANCE, IN_FLIGHT)
def test_while_writes_succeed_nobody_waits_for_ever(
    changes: tuple[AgentChange, ...], chance: Random, most_in_flight: int
) -> None:
    """Several at once, ending in any order: all are written, none held back, each skill covered at every moment."""
    execution = Execution(changes, order_writes(changes), chance, most_in_flight=most_in_flight)
    execution._hold_back = lambda: pytest.fail("stands still")  # type: ignore[method-assign] # must never be asked
    execution.run()
    assert execution.sets == [each.after for each in changes]


@given(plans(), CHANCE, IN_FLIGHT)
def test_whatever_fails_each_skill_keeps_its_cover(
    changes: tuple[AgentChange, ...], chance: Random, most_in_flight: int
) -> None:
    """Failed or unknown: the rest goes on as far as it may, and what is held back is still forbidden at the end."""
    execution = Execution(
        changes, order_writes(changes), chance, lambda _: chance.choice([True, True, False, None]), most_in_flight
    )
    execution.run()
    assert all(execution.cover.forbidding(step) for step in execution.held_back)


@given(plans())
def test_a_union_takes_nothing_and_its_rest_gives_nothing(changes: tuple[AgentChange, ...]) -> None:
    """The two steps meet in the union, carry each line of the change once between them, and remove only at the end."""
    for each in changes:
        first, last = part_of(each, Part.UNION), part_of(each, Part.FINAL)
        assert part_of(each, Part.WHOLE) == each
        assert (first.before, first.after, last.before, last.after) == (
            each.before,
            union_of(each),
            union_of(each),
            each.after,
        )
        assert sorted([*first.skills, *last.skills], key=lambda line: line.skill.id) == list(each.skills)
        assert each.before.keys() <= first.after.keys()
        assert all(line.coverage_shift >= 0 for line in first.skills)
        assert all(line.coverage_shift <= 0 for line in last.skills)
        for part in (first, last):
            differing = {
                skill for skill in {*part.before, *part.after} if part.before.get(skill) != part.after.get(skill)
            }
            assert differing == {line.skill.id for line in part.skills}


def test_a_union_keeps_what_is_made_unavailable_as_it_was() -> None:
    """The version of the tenant moves with the first step, so the second has none."""
    before = {"a": Assignment(50, True), "b": Assignment(10, False), "c": Assignment(5, True)}
    after = {"a": Assignment(60, False), "c": Assignment(6, True), "d": Assignment(9, True)}
    each = change("ana", before, after)
    union = {"a": Assignment(50, True), "b": Assignment(10, False), "c": Assignment(6, True), "d": Assignment(9, True)}
    assert union_of(each) == union
    assert [line.skill.id for line in part_of(each, Part.FINAL).skills] == ["a", "b"]
    assert (part_of(each, Part.UNION).version, part_of(each, Part.FINAL).version) == ("7", None)


@pytest.mark.parametrize(
    ("law", "changes", "order"),
    [
        ("what only gives comes before what takes", (moving("x", "a", ""), moving("y", "", "a")), "y x"),
        ("a swap goes whole where a third agent gives", (moving("x", "a", "b"), moving("y", "", "a")), "y x"),
        ("a chain unwinds from the agent who leaves no gap", (moving("x", "a", "b"), moving("y", "c", "a")), "y x"),
        ("a swap with nobody else takes one union", (moving("x", "a", "b"), moving("y", "b", "a")), "x+ y x-"),
        (
            "one union unlocks a ring, however long",
            (moving("x", "a", "b"), moving("y", "b", "c"), moving("z", "c", "a")),
            "x+ y z x-",
        ),
        (
            "giving and taking comes before taking, and the second halves last",
            (moving("x", "a", "b"), moving("y", "b", "a"), moving("z", "c", "")),
            "x+ y z x-",
        ),
        (
            "what nobody misses is taken before what is scarce",
            (moving("v", "a", "b"), moving("w", "b", "a"), moving("x", "c", "b"), moving("y", "b", "")),
            "x w v y",
        ),
        (
            "of what only takes, what has most to spare goes first",
            (moving("w", "a", ""), moving("x", "c", ""), moving("y", "", "c"), moving("z", "", "c")),
            "y z x w",
        ),
        (
            "the agent whose union helps most is split",
            (moving("x", "a", "b"), moving("y", "b", "ac"), moving("z", "c", "b")),
            "y+ x z y-",
        ),
        (
            "an inactive agent covers nothing: it neither waits nor helps",
            (moving("x", "a", "b", is_active=False), moving("y", "b", "a")),
            "x y",
        ),
    ],
)
def test_the_order(law: str, changes: tuple[AgentChange, ...], order: str) -> None:
    assert ordered(changes) == order, law


def test_removals_that_relied_on_a_failed_addition_are_held_back() -> None:
    """Only those: who relied on another addition goes on."""
    changes = (moving("ann", "", "a"), moving("bo", "a", ""), moving("cy", "", "b"), moving("di", "b", ""))
    execution = Execution(changes, order_writes(changes), Random(1), lambda step: step.change != 0)
    execution.run()
    assert execution.held_back == [Step(1, Part.WHOLE)]
    assert [skill.name for skill in execution.cover.forbidding(Step(1, Part.WHOLE))] == ["a"]
    assert execution.sets[3] == changes[3].after


@pytest.mark.parametrize("outcome", [False, None])
def test_the_second_half_waits_until_the_first_is_proved(outcome: bool | None) -> None:
    """Even where others give enough cover: it would be written over a set that nobody knows."""
    changes = (moving("x", "a", "b"), moving("y", "b", "a"), moving("z", "", "a"))
    cover = Cover(changes)
    cover.end(Step(2, Part.WHOLE), is_committed=True)
    union, final = Step(0, Part.UNION), Step(0, Part.FINAL)
    assert [skill.id for skill in cover.forbidding(final)] == ["a"]
    cover.begin(union)
    cover.end(union, is_committed=outcome)
    assert cover.forbidding(final)
    cover.end(union, is_committed=True)
    assert not cover.forbidding(final)


def test_what_is_unknown_stays_lost_and_gives_nothing() -> None:
    """Whether such a write happened shows later, if ever: both must be safe."""
    changes = (moving("x", "a", "b"), moving("y", "a", "b"), moving("z", "b", ""), moving("v", "", "a"))
    cover = Cover(changes)
    cover.end(Step(3, Part.WHOLE), is_committed=True)
    assert [cover.room_of(skill) for skill in "ab"] == [2, 0]
    cover.begin(Step(0, Part.WHOLE))
    cover.end(Step(0, Part.WHOLE), is_committed=None)
    assert [cover.room_of(skill) for skill in "ab"] == [1, 0]
    cover.begin(Step(1, Part.WHOLE))
    cover.end(Step(1, Part.WHOLE), is_committed=False)
    assert [cover.room_of(skill) for skill in "ab"] == [1, 0]


def test_hardly_more_unions_than_there_must_be() -> None:
    """Each costs a request: over many small, hard plans at most a quarter more than the fewest of any order."""
    hard = [random_swaps(Random(seed)) for seed in range(150)]
    unions = sum(step.part is Part.UNION for changes in hard for step in order_writes(changes))
    fewest = sum(fewest_unions(changes) for changes in hard)
    assert fewest > 50
    assert fewest <= unions <= 1.25 * fewest


@pytest.mark.timeout(20)
def test_twenty_thousand_swaps_are_ordered_in_a_moment() -> None:
    """Looking at everybody who waits after every write would take minutes."""
    half = 10_000
    changes = [moving(f"x{number}", "ab", "c") for number in range(half)]
    changes += [moving(f"y{number}", "c", "ab") for number in range(half)]
    order = order_writes(changes)
    assert len(order) == 2 * half + 1
