"""Who can take each skill, as bars: before, after, the floor, and the lowest point while it is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.plan.change import CoverageRow
from reconciler.render.markdown.words import SkillLabels, many

# So many are seen at once, and so many at all; the worst come first.
_MOST_UNFOLDED = 12
_MOST = 500
_NOTHING = "\u2013"


@dataclass(frozen=True, slots=True)
class Bar:
    """One skill. What ends in `_at` is a place on the bar in percent, empty where there is nothing to mark."""

    name: str
    before: int
    after: int
    floor: str
    lowest: str
    note: str
    tone: str
    before_at: str
    after_at: str
    floor_at: str
    lowest_at: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Those that are seen at once, those that are folded away, and what is said of the rest."""

    unfolded: tuple[Bar, ...]
    folded: tuple[Bar, ...]
    left_out: str
    has_floors: bool
    has_dips: bool
    has_lowest: bool


def bars_of(rows: Sequence[CoverageRow], labels: SkillLabels) -> Bars:
    """Draw the rows in their order."""
    bars = tuple(_bar(row, labels) for row in rows[:_MOST])
    left = rows[_MOST:]
    fewer = sum(row.after < row.before for row in left)
    return Bars(
        unfolded=bars[:_MOST_UNFOLDED],
        folded=bars[_MOST_UNFOLDED:],
        left_out=f"and {many(len(left), 'more skill')}, {fewer:,} with fewer agents" if left else "",
        has_floors=any(row.floor is not None for row in rows),
        has_dips=any(bar.lowest_at for bar in bars),
        has_lowest=any(row.lowest is not None for row in rows),
    )


def _bar(row: CoverageRow, labels: SkillLabels) -> Bar:
    most = max(row.before, row.after, row.floor or 0, 1)
    # A dip is shown only where it is lower than both ends.
    dips = row.lowest is not None and row.lowest < min(row.before, row.after)

    def at(number: int | None) -> str:
        return "" if number is None else f"{number / most:.1%}"

    name = labels.of(row.skill)
    return Bar(
        name=f"{name}, from {row.min_proficiency} on" if row.min_proficiency else name,
        before=row.before,
        after=row.after,
        floor=_NOTHING if row.floor is None else f"{row.floor:,}",
        lowest=_NOTHING if row.lowest is None else f"{row.lowest:,}",
        note=_note(row),
        tone=_tone(row),
        before_at=at(row.before),
        after_at=at(row.after),
        floor_at=at(row.floor),
        lowest_at=at(row.lowest) if dips else "",
    )


def _tone(row: CoverageRow) -> str:
    if row.is_left or row.is_below:
        return "bad"
    return "less" if row.after < row.before else "more"


def _note(row: CoverageRow) -> str:
    if row.is_left:
        return "nobody left"
    if row.is_below:
        return "below its floor"
    by = row.after - row.before
    words = f"{by:+,}" + (f" ({by / row.before:+.0%})" if row.before else "") if by else "unchanged"
    return words.replace("-", "\u2212")
