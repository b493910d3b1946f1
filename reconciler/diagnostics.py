"""The one message type for a person: what is wrong, where, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.position import SourcePosition


class Severity(StrEnum):
    """How much a message weighs: `error` stops the command, `block` the apply, the others nothing."""

    ERROR = "error"
    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message: thing, place and cause in `message`; what to type in `hint`; neither ends in a full stop.

    `related` are the other places that the message names, as it writes them: whoever shows it puts the folder before
    them, as before `position`.
    """

    code: str
    message: str
    hint: str | None = None
    position: SourcePosition | None = None
    severity: Severity = Severity.ERROR
    related: tuple[str, ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """By place, then by code: equal inputs give equal output."""
        at = self.position
        return (at.file, at.line, at.column, self.code, self.message) if at else ("", 0, 0, self.code, self.message)
