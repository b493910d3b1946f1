"""Figures, the bars they have to meet, and the table in which a person reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Rule(StrEnum):
    """How a figure is held against its bar."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to meet, in the figure's own unit."""

    rule: Rule
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Whether `value` is good enough."""
        match self.rule:
            case Rule.AT_MOST:
                return value <= self.bound
            case Rule.AT_LEAST:
                return value >= self.bound
            case Rule.EXACTLY:
                return value == self.bound
            case _:
                assert_never(self.rule)


def at_most(bound: float) -> Bar:
    """Ask for no more than `bound`."""
    return Bar(Rule.AT_MOST, bound)


def at_least(bound: float) -> Bar:
    """Ask for no less than `bound`."""
    return Bar(Rule.AT_LEAST, bound)


def exactly(bound: float) -> Bar:
    """Ask for `bound` itself."""
    return Bar(Rule.EXACTLY, bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; None where it could not be had: then `note` says why, and its bar is missed."""

    name: str
    value: float | None
    unit: str = ""
    bar: Bar | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is met; None without a bar."""
        if self.bar is None:
            return None
        return self.value is not None and self.bar.is_met_by(self.value)

    @property
    def verdict(self) -> str:
        """The bar's answer in a word."""
        if self.value is None:
            return "SKIPPED" if self.bar is None else "MISSED"
        return {None: "", True: "ok", False: "MISSED"}[self.is_met]

    def cells(self) -> tuple[str, str, str, str]:
        """Give the columns of the table; a note stands with the name."""
        name = f"{self.name} ({self.note})" if self.note else self.name
        bar = f"{self.bar.rule} {_shown(self.bar.bound, self.unit)}" if self.bar else ""
        return name, "-" if self.value is None else _shown(self.value, self.unit), bar, self.verdict

    def as_json(self, bench: str) -> dict[str, object]:
        """Give the figure as a JSON object."""
        bar = {"rule": self.bar.rule.value, "bound": self.bar.bound} if self.bar else None
        return {
            "bench": bench,
            "figure": self.name,
            "value": self.value,
            "unit": self.unit,
            "bar": bar,
            "is_met": self.is_met,
            "note": self.note,
        }


def table(title: str, figures: Sequence[Figure]) -> str:
    """Write one benchmark's table."""
    rows = [("figure", "measured", "bar", "verdict"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"{n:<{widths[0]}}  {m:>{widths[1]}}  {b:<{widths[2]}}  {v}".rstrip() for n, m, b, v in rows]
    return "\n".join([title, *(f"  {line}" for line in lines), ""])


def tally(figures: Iterable[Figure]) -> str:
    """Write the last line."""
    verdicts = [figure.is_met for figure in figures if figure.is_met is not None]
    return f"{sum(verdicts)} of {len(verdicts)} bars met"


def _shown(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    """Write three digits that count, whole numbers whole."""
    if value == int(value) or abs(value) >= 100:  # noqa: PLR2004 - beyond it fractions say nothing
        return f"{value:,.0f}"
    return f"{value:.3g}"
