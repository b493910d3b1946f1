"""What is said about one file while it is read: problems, gathered with their places."""

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.position import pack_position, unpack_position
from reconciler.plan.suggest import nearest

_SHOWN_CHARACTERS = 40
# Nobody mistypes a longer one.
_LONGEST_NAME = 256
START = pack_position(1, 1)


class Problem(NamedTuple):
    """What is wrong with a value, before its place is known."""

    code: str
    message: str
    hint: str | None = None


class Report:
    """Gathers the diagnostics of one file; `file` is its path below the root, as shown to the person."""

    __slots__ = ("file", "found")

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def error(
        self, code: str, at: int, message: str, hint: str | None = None, *, related: tuple[str, ...] = ()
    ) -> None:
        """Note an error at the packed position `at`; `related` are other places that the message names."""
        self.found.append(Diagnostic(code, message, hint, unpack_position(self.file, at), related=related))

    def problem(self, at: int, problem: Problem) -> None:
        """Note a problem found in a value that stands at `at`."""
        self.error(problem.code, at, problem.message, problem.hint)

    def whole_file(self, code: str, message: str, hint: str | None = None) -> None:
        """Note an error of the file as such; it is placed at its first character."""
        self.error(code, START, message, hint)

    def warn(self, code: str, message: str, hint: str | None = None) -> None:
        """Note a warning about the file as such."""
        self.found.append(Diagnostic(code, message, hint, unpack_position(self.file, START), Severity.WARN))


def shown(text: str, limit: int = _SHOWN_CHARACTERS) -> str:
    """Quote foreign text for a message: one line, cut after `limit` characters, odd characters as escapes."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return f"`{plain}`"


def did_you_mean(word: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """Make the hint `did you mean …?`, or give `otherwise` when nothing is close."""
    match = close_to(word, known)
    return f"did you mean {shown(match)}?" if match else otherwise


def close_to(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that was probably meant."""
    found = nearest(word[:_LONGEST_NAME], known, most=1)
    return found[0] if found else None


def listed(words: Iterable[str]) -> str:
    """Write `words` as `a`, `b` and `c`."""
    quoted = [shown(word) for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
