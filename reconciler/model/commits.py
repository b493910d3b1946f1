"""What git knows of a line of a file: the commit that last wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as a person knows it; `date` is its author's, None where it makes no sense.

    `may_be_earlier`: the checkout does not reach further back, so that another one may have written the line.
    """

    id: str
    author: str
    date: date | None
    subject: str
    may_be_earlier: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """The commits of lines, by file and line: None where the line is not committed, no entry where nobody knows.

    `gap` says in words why there are entries missing, if there are, `hint` what to do about it, if anything.
    """

    commits: Mapping[tuple[str, int], Commit | None] = field(default_factory=dict)
    gap: str = ""
    hint: str | None = None


NO_HISTORY = History()
