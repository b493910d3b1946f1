"""The findings of a plan for the page: what stops first, a long list cut and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.render.html.sentence import Piece, pieces
from reconciler.render.markdown.findings import by_weight
from reconciler.render.markdown.words import many

_MOST = 500
_WORDS = {Severity.ERROR: "error", Severity.BLOCK: "blocked", Severity.WARN: "warning", Severity.INFO: "note"}


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding; `hint` has no pieces where there is none."""

    tone: str
    word: str
    code: str
    place: str
    message: tuple[Piece, ...]
    hint: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Notices:
    """What is shown, and what is said of the rest."""

    shown: tuple[Notice, ...]
    left_out: str


def notices_of(findings: Sequence[Diagnostic], folder: str) -> Notices:
    """Give what stops first, at most 500."""
    ordered = by_weight(findings)
    left = len(ordered) - _MOST
    return Notices(
        tuple(_notice(each, folder) for each in ordered[:_MOST]),
        f"and {many(left, 'more finding')}" if left > 0 else "",
    )


def _notice(finding: Diagnostic, folder: str) -> Notice:
    at = finding.position
    where = "" if at is None else f"{f'{folder}/' if folder else ''}{at.file}:{at.line}"
    hint = pieces(finding.hint or "")
    tone = str(finding.severity)
    return Notice(tone, _WORDS[finding.severity], finding.code, where, pieces(finding.message), hint)
