"""Who can take each skill before the plan, after it, and at the lowest point on the way: worst first, as a table."""

from collections import Counter
from collections.abc import Sequence

from reconciler.plan.change import CoverageRow, Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.escape import terminal
from reconciler.render.style import PLAIN, Style

_HEAD = ("before", "after", "lowest", "floor")


def coverage_as_text(plan: Plan, style: Style = PLAIN, *, shows_every_skill: bool = False) -> str:
    """Write the table of the skills whose agents change, or of all that the plan knows of; empty where none is."""
    rows = worst_first(row for row in plan.coverage if shows_every_skill or row.before != row.after)
    if not rows:
        return ""
    names = _labels(rows)
    has_floors = any(row.floor is not None for row in rows)
    width = max(map(len, names))
    table = [("", *(_HEAD if has_floors else _HEAD[:-1]))]
    table += [(name, *_numbers(row, has_floors=has_floors)) for name, row in zip(names, rows, strict=True)]
    lines = [f"    {name:<{width}}" + "".join(f"  {cell:>6}" for cell in cells) for name, *cells in table]
    painted = (
        style.red(line) if row.is_left or row.is_below else line for line, row in zip(lines[1:], rows, strict=True)
    )
    return "".join(f"{line}\n" for line in ("Active agents who can take a skill:", style.dim(lines[0]), *painted))


def _numbers(row: CoverageRow, *, has_floors: bool) -> tuple[str, ...]:
    """Give the cells after the name; a plan of an older version does not know its lowest point."""
    numbers = (row.before, row.after, row.lowest, *((row.floor,) if has_floors else ()))
    return tuple("-" if number is None else f"{number}" for number in numbers)


def _labels(rows: Sequence[CoverageRow]) -> list[str]:
    """Name the skills; where two share a name, their ids tell them apart."""
    uses = Counter(name for _, name in {(row.skill.id, row.skill.name) for row in rows})
    return [terminal(_label(row, is_shared=uses[row.skill.name] > 1)) for row in rows]


def _label(row: CoverageRow, *, is_shared: bool) -> str:
    name = f"{row.skill.name} ({row.skill.id})" if is_shared else row.skill.name
    return f"{name}, from {row.min_proficiency} on" if row.min_proficiency else name
