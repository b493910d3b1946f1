"""The verdict of a plan, and who can take each skill before and after it, worst first."""

from reconciler.diagnostics import Severity
from reconciler.plan.change import CoverageRow, Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.escape import code
from reconciler.render.markdown.fit import fitted
from reconciler.render.markdown.words import SkillLabels, many, named

_HEAD = ("| skill | agents before | agents after | |", "| --- | ---: | ---: | --- |")


def verdict(plan: Plan, labels: SkillLabels) -> str:
    """Say in one line whether the plan may be applied, and what a reviewer should look at first."""
    blocking = [each for each in plan.findings if each.severity is Severity.BLOCK]
    if blocking:
        verb = "forbids" if len(blocking) == 1 else "forbid"
        return f"**Blocked**: {many(len(blocking), 'finding')} {verb} this plan"
    rows = falling_first(plan)
    left = [_label(row, labels) for row in rows if row.is_left]
    below = [_label(row, labels) for row in rows if row.is_below and not row.is_left]
    worries = [f"nobody is left to take {named(left, 'skill')}"] if left else []
    if below:
        worries.append(f"{named(below, 'skill')} {'has' if len(below) == 1 else 'have'} fewer agents than the floor")
    if worries:
        return f"**Take care**: {'; '.join(worries)}"
    if losing := sum(row.after < row.before for row in rows):
        verb = "has" if losing == 1 else "have"
        return f"**Ready**: {many(losing, 'skill')} {verb} fewer agents afterwards, none is left without"
    if not plan.coverage:
        return "**Ready**, but nobody knows how many agents each skill has: the tenant's list does not say it"
    return "**Ready**: no skill has fewer agents afterwards"


def falling_first(plan: Plan) -> list[CoverageRow]:
    """Give the rows that change: left without anybody, then below the floor, then by the part that is lost."""
    return worst_first(row for row in plan.coverage if row.before != row.after)


def coverage_table(plan: Plan, labels: SkillLabels, room: int | None = None) -> str:
    """Write the table; empty when nothing changes. What does not fit into `room` is counted in its last row."""
    changed = falling_first(plan)
    if not changed:
        return ""
    rows = [_row(row, labels) for row in changed]

    def tail(kept: int) -> str:
        left = changed[kept:]
        fewer = sum(row.after < row.before for row in left)
        return f"| and {many(len(left), 'more skill')} | | | {fewer:,} with fewer agents |"

    title = "#### Who can take each skill\n\n"
    head = "\n".join(_HEAD)
    fixed = len(title) + len(head) + 1
    return f"{title}{head}\n" + "\n".join(rows if room is None else fitted(rows, room - fixed, tail))


def _row(row: CoverageRow, labels: SkillLabels) -> str:
    before, after = f"{row.before:,}", f"{row.after:,}"
    if row.after < row.before:
        after = f"**{after}**"
    return f"| {code(_label(row, labels))} | {before} | {after} | {_note(row)} |"


def _label(row: CoverageRow, labels: SkillLabels) -> str:
    name = labels.of(row.skill)
    return f"{name}, from {row.min_proficiency} on" if row.min_proficiency else name


def _note(row: CoverageRow) -> str:
    """Say what changes; the lowest point on the way only where it is below both ends."""
    dips = row.lowest is not None and row.lowest < min(row.before, row.after)
    return _end(row) + (f", {row.lowest:,} on the way" if dips else "")


def _end(row: CoverageRow) -> str:
    floor = "" if row.floor is None else f" {row.floor:,}"
    if row.is_left:
        return "**nobody left**" + (f", floor{floor}" if floor else "")
    if row.is_below:
        return f"**below its floor of{floor}**"
    by = row.after - row.before
    return f"{by:+,}" + (f" ({by / row.before:+.0%})" if row.before else "")
