"""Proficiencies that look like a slip of many: a wrong scale, an inversion, one factor over everything."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import MAX_PROFICIENCY
from reconciler.plan.policies.facts import Facts

# Of fewer values nothing can be said.
_FEWEST = 5
# The other scale in use goes from 1 to 20; values this high are not of it.
_SMALL_SCALE, _CLEARLY_LARGE = 20, 80
# A factor shows only where values that differ are changed by it.
_FEWEST_DISTINCT = 3


def odd_proficiencies(facts: Facts) -> Iterator[Diagnostic]:
    """Warn of what all the new values have in common."""
    rows = [each for change in facts.changes for each in change.skills if each.after is not None]
    new = [
        each.after.proficiency
        for each in rows
        if each.after is not None and (each.before is None or each.before.proficiency != each.after.proficiency)
    ]
    pairs = [
        (each.before.proficiency, each.after.proficiency)
        for each in rows
        if each.before is not None and each.after is not None and each.before.proficiency != each.after.proficiency
    ]
    if len(new) < _FEWEST:
        return
    held = max((each.proficiency for change in facts.changes for each in change.before.values()), default=0)
    if max(new) <= _SMALL_SCALE and held >= _CLEARLY_LARGE:
        text = f"all {len(new)} new proficiencies are {_SMALL_SCALE} or less, where these agents have up to {held} now"
        yield Diagnostic(
            "proficiency-scale",
            text,
            f"look whether they are on the scale of 0 to {MAX_PROFICIENCY}",
            severity=Severity.WARN,
        )
    yield from _inverted(pairs)
    yield from _by_one_factor(pairs)


def _inverted(pairs: list[tuple[int, int]]) -> Iterator[Diagnostic]:
    turned = sum(before + after in {MAX_PROFICIENCY, MAX_PROFICIENCY + 1} for before, after in pairs)
    if len({before for before, _ in pairs}) >= _FEWEST_DISTINCT and len(pairs) >= _FEWEST and turned * 2 > len(pairs):
        text = f"{turned} of {len(pairs)} changed proficiencies are turned round (90 becomes 10)"
        yield Diagnostic(
            "proficiency-inverted",
            text,
            "look whether high still means first: a higher one routes first",
            severity=Severity.WARN,
        )


def _by_one_factor(pairs: list[tuple[int, int]]) -> Iterator[Diagnostic]:
    scaled = [(Fraction(after, before), before) for before, after in pairs if before and after]
    if len(pairs) < _FEWEST or not scaled:
        return
    factor, times = Counter(factor for factor, _ in scaled).most_common(1)[0]
    distinct = {before for by, before in scaled if by == factor}
    if len(distinct) >= _FEWEST_DISTINCT and times * 2 > len(pairs):
        text = f"{times} of {len(pairs)} changed proficiencies are changed by one factor, {float(factor):.3g}"
        yield Diagnostic(
            "proficiency-factor",
            text,
            "look whether the new values are on the scale that they should be",
            severity=Severity.WARN,
        )
