"""deepdiff describes; what it says agrees with what equality decided."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.assignments import Assignment
from reconciler.plan.change import FieldChange
from reconciler.plan.describe import describe

ASSIGNMENTS = st.builds(Assignment, st.integers(0, 100), st.booleans())


@given(ASSIGNMENTS, ASSIGNMENTS)
def test_every_field_that_differs_is_described_and_no_other(before: Assignment, after: Assignment) -> None:
    """Also where deepdiff's defaults would be tempted: 1 against True, 0 against False."""
    expected = tuple(
        FieldChange(name, getattr(before, name), getattr(after, name))
        for name in Assignment._fields
        if getattr(before, name) != getattr(after, name)
    )
    assert describe(before, after) == expected
