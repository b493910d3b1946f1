"""A sentence in pieces: what was quoted in it is shown as a name."""

import re
from dataclasses import dataclass

_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a sentence; `is_name` where they were quoted in it."""

    text: str
    is_name: bool


def pieces(sentence: str) -> tuple[Piece, ...]:
    """Take a sentence apart at its quoted names; none for an empty one."""
    parts = enumerate(_QUOTED.split(sentence))
    return tuple(Piece(text, is_name=number % 2 == 1) for number, text in parts if text)
