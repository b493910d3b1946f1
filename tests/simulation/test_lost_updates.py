"""Lost updates: with versions none, without them none that a look could have shown."""

from collections import Counter

import pytest

from tests.simulation.run import play_all, report
from tests.simulation.writing import IN_THE_WINDOW, LATE, REPORTED

_SCHEDULES, _CHUNK = 100, 25


@pytest.mark.parametrize("first", range(0, _SCHEDULES, _CHUNK))
def test_with_versions_no_edit_is_ever_lost(first: int) -> None:
    """20 % 409, 20 % 5xx, 10 % timeouts, and somebody who edits all the time: nothing of theirs is overwritten."""
    tally = play_all("lost-updates", range(first, first + _CHUNK))
    assert not tally.violations, report("lost-updates", tally)
    assert tally.lost == Counter()


@pytest.mark.parametrize("first", range(0, _SCHEDULES, _CHUNK))
def test_without_versions_only_what_no_look_can_show_is_lost(first: int) -> None:
    """The window between a look and a write remains; every loss that a look shows is prevented or reported."""
    tally = play_all("lost-updates-without-versions", range(first, first + _CHUNK))
    assert not tally.violations, report("lost-updates-without-versions", tally)
    assert tally.lost.keys() <= {REPORTED, IN_THE_WINDOW, LATE}
