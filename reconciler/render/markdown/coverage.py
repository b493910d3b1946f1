"""The verdict of a plan, and who can take each skill before and after it, worst first."""

from reconciler.diagnostics import Severity
from reconciler.plan.change import CoverageRow, Plan
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
    left = [labels.of(row.skill) for row in rows if _is_left(row)]
    below = [labels.of(row.skill) for row in rows if _is_below(row) and not _is_left(row)]
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
    return sorted((row for row in plan.coverage if row.before != row.after), key=_badness)


def _badness(row: CoverageRow) -> tuple[bool, bool, float, str, str]:
    gain = (row.after - row.before) / row.before if row.before else float("inf")
    return (not _is_left(row), not _is_below(row), gain, row.skill.name, row.skill.id)


def _is_left(row: CoverageRow) -> bool:
    return row.after == 0 < row.before


def _is_below(row: CoverageRow) -> bool:
    return row.floor is not None and row.after < row.floor


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
    return f"| {code(labels.of(row.skill))} | {before} | {after} | {_note(row)} |"


def _note(row: CoverageRow) -> str:
    floor = "" if row.floor is None else f" {row.floor:,}"
    if _is_left(row):
        return "**nobody left**" + (f", floor{floor}" if floor else "")
    if _is_below(row):
        return f"**below its floor of{floor}**"
    by = row.after - row.before
    return f"{by:+,}" + (f" ({by / row.before:+.0%})" if row.before else "")
