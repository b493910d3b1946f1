"""Broken variants of what holds for a time: windows, overrides, holds, and the calendar of them."""

from tests.mutants.mutant import Mutant

_HALF_OPEN = "plan/test_timed.py::test_a_window_is_half_open_to_the_second_whatever_the_clocks_on_the_wall_do"
_HELD = "plan/test_timed.py::test_a_hold_keeps_what_live_says_and_what_it_lacks"

WINDOW_MUTANTS = (
    Mutant(
        "lets a surge last a moment too long",
        "model/overrides.py",
        "and now < self.until",
        "and now <= self.until",
        "P2",
        "plan/test_calendar.py::test_it_looks_as_far_ahead_as_asked",
    ),
    Mutant(
        "begins a surge a moment late",
        "model/overrides.py",
        "return self.start is None or self.start <= now",
        "return self.start is None or self.start < now",
        "P2",
        _HALF_OPEN,
    ),
    Mutant(
        "makes available what an override leaves alone",
        "model/overrides.py",
        "else before is None or before.available",
        "else True",
        "P2",
        "model/test_overrides.py",
    ),
    Mutant(
        "writes over what is held",
        "plan/diff.py",
        "before.get(number) != wanted.get(number) and is_held(number)",
        "before.get(number) != wanted.get(number) and is_held is None",
        "P2",
        _HELD,
    ),
    Mutant(
        "removes what is held",
        "plan/diff.py",
        "    return after | {number: before[number] for number in differing if number in before}, differing",
        "    return after, differing",
        "P2",
        _HELD,
    ),
    Mutant(
        "keeps to a hold that is over",
        "plan/timed.py",
        "for found in self.holds if found.hold.window.is_open(now)",
        "for found in self.holds if found.hold.window.until",
        "P2",
        "plan/test_calendar.py::test_it_lists_exactly_the_moments_at_which_desired_state_changes",
    ),
    Mutant(
        "lets two overrides fight over one assignment",
        "plan/timed.py",
        "if one.override is other.override or not one.override.window.overlaps(other.override.window):",
        "if one.override is not other.override:",
        "P5",
        "desired/test_faults.py",
    ),
    Mutant(
        "rolls back over what is held",
        "plan/inverse.py",
        "return None if row is None else self.holds.hold_on(row, number)",
        "return None if row is None else self.holds.hold_on(-1, number)",
        "P2",
        "pipeline/test_timed.py",
    ),
    Mutant(
        "applies a plan that was made for another time",
        "plan/claim.py",
        "    if saved.at is not None:\n",
        "    if saved.at is None and not saved.tenant:\n",
        "P11",
        "pipeline/test_timed.py",
    ),
    Mutant(
        "writes a surge that ended while the question stood",
        "plan/claim.py",
        "fresh.valid_until is not None and fresh.valid_until <= now",
        "fresh.valid_until is not None and fresh.valid_until <= fresh.valid_until.min.replace(tzinfo=now.tzinfo)",
        "P2",
        "pipeline/test_timed.py",
    ),
    Mutant(
        "takes a surge for what lasts",
        "desired/writing/timed.py",
        "or _surging(each, teams, now)",
        "",
        "P2",
        "desired/test_pulling_timed.py",
    ),
)
