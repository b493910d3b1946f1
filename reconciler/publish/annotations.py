"""Which messages become annotations: GitHub shows ten of each kind for a step, and keeps silent on the others."""

from collections.abc import Iterable
from itertools import chain

from reconciler.diagnostics import Diagnostic, Severity

MOST_PER_KIND = 10
# GitHub's kinds: error, warning, notice.
_KINDS = ((Severity.ERROR, Severity.BLOCK), (Severity.WARN,), (Severity.INFO,))
_NOUNS = ("errors", "warnings", "notes")


def at_most_ten(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Keep at most ten of each kind, the worst kind first; where there are more, the last says how many."""
    listed = tuple(diagnostics)
    kinds = (tuple(each for each in listed if each.severity in kind) for kind in _KINDS)
    return tuple(chain.from_iterable(map(_cut, kinds, _NOUNS)))


def _cut(kind: tuple[Diagnostic, ...], noun: str) -> tuple[Diagnostic, ...]:
    if len(kind) <= MOST_PER_KIND:
        return kind
    shown = kind[: MOST_PER_KIND - 1]
    message = f"{len(kind) - len(shown)} more {noun}, which the log of this step has"
    return (*shown, Diagnostic("annotations-cut", message, "reconcile validate", severity=kind[0].severity))
