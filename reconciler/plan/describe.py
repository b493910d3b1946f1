"""Puts the difference of two assignments, already known to differ, into words; the only room that knows deepdiff.

Nothing is decided here: deepdiff's defaults hide keys that begin with `__`, and equality is settled before.
"""

from functools import cache

from reconciler.model.assignments import Assignment
from reconciler.plan.change import FieldChange


@cache  # there are 202 assignments in all: a tenant of any size needs few comparisons
def describe(before: Assignment, after: Assignment) -> tuple[FieldChange, ...]:
    """List the fields that differ, `proficiency` first."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - heavy, and needed only when something changes

    difference = DeepDiff(before._asdict(), after._asdict(), view="tree", ignore_private_variables=False)
    levels = [level for kind in ("values_changed", "type_changes") for level in difference.get(kind, ())]
    fields = {
        name: FieldChange(name, level.t1, level.t2)
        for level in levels
        for (name,) in [level.path(output_format="list")]
    }
    return tuple(fields[name] for name in Assignment._fields if name in fields)
