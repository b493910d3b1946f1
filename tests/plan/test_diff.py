"""Whether to write is decided by plain equality of canonical maps, and a write carries the whole set."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.assignments import decode, encode, pack, unpack
from reconciler.plan.diff import sets_to_write

CODES = st.dictionaries(st.integers(0, 12), st.integers(0, 201), max_size=8)
NUMBERS = st.frozensets(st.integers(0, 12), max_size=5)


@given(CODES)
def test_packing_loses_nothing(codes: dict[int, int]) -> None:
    assert unpack(pack(codes)) == codes


@given(CODES, CODES)
def test_packed_sets_are_equal_exactly_when_the_maps_are(left: dict[int, int], right: dict[int, int]) -> None:
    assert (pack(left) == pack(right)) == (left == right)


@given(st.integers(0, 100), st.booleans())
def test_a_code_holds_both_halves(proficiency: int, available: bool) -> None:
    assert decode(encode(proficiency, available)) == (proficiency, available)


@given(CODES, CODES, NUMBERS)
def test_without_filters_the_set_becomes_what_is_desired(
    live: dict[int, int], desired: dict[int, int], ignored: frozenset[int]
) -> None:
    """Ignored skills keep their live value; every other skill is exactly as desired."""
    desired = {number: code for number, code in desired.items() if number not in ignored}
    sets = sets_to_write(pack(live), pack(desired), ignored, None)
    before, after = sets or (live, live)
    assert before == live
    assert {number: code for number, code in after.items() if number not in ignored} == desired
    assert {number: code for number, code in after.items() if number in ignored} == {
        number: code for number, code in live.items() if number in ignored
    }


@given(CODES, CODES, NUMBERS, NUMBERS)
def test_a_filter_on_skills_leaves_the_others_as_they_are(
    live: dict[int, int], desired: dict[int, int], ignored: frozenset[int], chosen: frozenset[int]
) -> None:
    desired = {number: code for number, code in desired.items() if number not in ignored}
    _, after = sets_to_write(pack(live), pack(desired), ignored, chosen) or (live, live)
    for number in {*live, *desired}:
        side = desired if number in chosen and number not in ignored else live
        assert after.get(number) == side.get(number)


@given(CODES, NUMBERS)
def test_equal_sets_are_never_written(codes: dict[int, int], ignored: frozenset[int]) -> None:
    visible = {number: code for number, code in codes.items() if number not in ignored}
    assert sets_to_write(pack(codes), pack(visible), ignored, None) is None


@given(CODES, CODES, NUMBERS, st.none() | NUMBERS)
def test_without_removals_every_skill_stays_and_the_rest_is_as_it_would_be(
    live: dict[int, int], desired: dict[int, int], ignored: frozenset[int], chosen: frozenset[int] | None
) -> None:
    """Nothing is removed; what is added or changed is the same as with removals; without any, the plan is the same."""
    desired = {number: code for number, code in desired.items() if number not in ignored}
    sides = (pack(live), pack(desired), ignored, chosen)
    full, kept = sets_to_write(*sides), sets_to_write(*sides, no_removals=True)
    _, after_full = full or (live, live)
    _, after_kept = kept or (live, live)
    assert after_kept == live | after_full
    assert (kept is None) == (after_kept == live)
    if live.keys() <= after_full.keys():
        assert kept == full
