"""What became of a comment or an issue."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.diagnostics import Diagnostic


class Happened(StrEnum):
    """What was sent: `unchanged` and `nothing` are nothing at all, the first since it is there already."""

    CREATED = "created"
    EDITED = "edited"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Published:
    """What happened, the same in words for a person, and what there is to warn of."""

    happened: Happened
    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
