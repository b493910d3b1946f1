"""A text with its lines, and pieces of it that are replaced."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n")
_REST_IN_FLOW = re.compile(r"[ \t]*(?P<comma>,)?[ \t]*(?:#[^\n]*)?\r?\n")


class OddLayoutError(Exception):
    """Legal, but laid out in a way that is not edited; says in words what it is."""


class Splice(NamedTuple):
    """The text that takes the place of `start:end`."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a file with the line ends that it has; `head` goes before it, and `tail` is not the file's own."""

    text: str
    head: bytes = b""
    tail: str = ""

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Make it of a file; its last line ends, as the others do."""
        head = BOM_UTF8 if data.startswith(BOM_UTF8) else b""
        text = data[len(head) :].decode()
        tail = "" if text.endswith("\n") else _first_break(text)
        return cls(text + tail, head, tail)

    def spliced(self, splices: Iterable[Splice]) -> bytes:
        """Make the file with pieces of its text replaced."""
        parts: list[str] = []
        done = 0
        for start, end, text in sorted(splices):
            parts += (self.text[done:start], text)
            done = end
        return self.head + "".join([*parts, self.text[done:]]).removesuffix(self.tail).encode()

    def line_start(self, at: int) -> int:
        """Find where the line begins."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Find where the next line begins."""
        return self.text.index("\n", at) + 1

    def begins_line(self, at: int) -> bool:
        """Whether nothing stands before it on its line."""
        return not self.text[self.line_start(at) : at].strip(" \t")

    def is_alone(self, start: int, end: int) -> bool:
        """Whether nothing but a comment shares its lines."""
        return self.begins_line(start) and _REST_OF_LINE.match(self.text, end) is not None

    def is_alone_in_flow(self, start: int, end: int) -> bool:
        """Whether nothing but its comma and a comment share its lines."""
        return self.begins_line(start) and _REST_IN_FLOW.match(self.text, end) is not None

    def has_comma(self, end: int) -> bool:
        """Whether the comma of what ends here follows on the same line, and nothing else."""
        rest = _REST_IN_FLOW.match(self.text, end)
        return rest is not None and rest["comma"] is not None

    def without_lines(self, start: int, end: int) -> Splice:
        """Take out whole lines."""
        return Splice(self.line_start(start), self.line_end(end))

    def with_lines(self, at: int, lines: Sequence[str]) -> Splice:
        """Put lines below the one of `at`, which end as it does."""
        end, line_break = self.line_end(at), self.line_break(at)
        return Splice(end, end, "".join(f"{line}{line_break}" for line in lines))

    def line_break(self, at: int) -> str:
        """Give how the line ends."""
        return "\r\n" if self.text.endswith("\r\n", 0, self.line_end(at)) else "\n"


def _first_break(text: str) -> str:
    first, found, _ = text.partition("\n")
    return "\r\n" if found and first.endswith("\r") else "\n"
