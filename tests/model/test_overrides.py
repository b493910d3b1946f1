"""What an override makes of an assignment, and when windows meet."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.model.assignments import encode
from reconciler.model.overrides import OverrideEntry, Window
from reconciler.model.position import SourcePosition

AT = SourcePosition("a.yaml", 1, 1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("proficiency", "available", "is_absent", "before", "after"),
    [
        # The short form, and the whole long one.
        (70, True, False, None, (70, True)),
        (70, True, False, (40, False), (70, True)),
        (70, False, False, (40, True), (70, False)),
        (70, False, False, None, (70, False)),
        # Half of the long form leaves the other half alone.
        (70, None, False, (40, False), (70, False)),
        (70, None, False, (40, True), (70, True)),
        (70, None, False, None, (70, True)),
        (None, False, False, (40, True), (40, False)),
        (None, True, False, (40, False), (40, True)),
        # Availability alone gives nobody a skill.
        (None, True, False, None, None),
        (None, False, False, None, None),
        # Absent.
        (None, None, True, (40, True), None),
        (None, None, True, None, None),
        # Nought is a proficiency.
        (0, None, False, (40, True), (0, True)),
    ],
)
def test_what_an_override_makes_of_an_assignment(
    proficiency: int | None,
    available: bool | None,
    is_absent: bool,
    before: tuple[int, bool] | None,
    after: tuple[int, bool] | None,
) -> None:
    entry = OverrideEntry("Sales", AT, proficiency, available, is_absent)
    code = None if before is None else encode(*before)
    assert entry.over(code) == (None if after is None else encode(*after))


def test_windows_that_touch_do_not_overlap() -> None:
    """Whatever their offsets; one without a beginning overlaps all that begins before its end."""
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    morning, day = Window(NOON - HOUR, elsewhere), Window(NOON, NOON + HOUR)
    assert not morning.overlaps(day)
    assert not day.overlaps(morning)
    assert Window(NOON - HOUR, NOON + timedelta(microseconds=1)).overlaps(day)
    assert Window(None, NOON + HOUR).overlaps(morning)
    assert not Window(None, NOON - HOUR).overlaps(day)
    assert Window(None, NOON).overlaps(Window(None, NOON - HOUR))
