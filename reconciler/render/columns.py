"""How wide a text is on a terminal, and texts of a width."""

import unicodedata
from itertools import accumulate


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: none for a combining mark, two for a wide character."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def cut(text: str, width: int) -> str:
    """Shorten to so many columns, with `…` where something is left out."""
    if columns(text) <= width:
        return text
    ends = accumulate(map(columns, text))
    return "".join(char for char, end in zip(text, ends, strict=True) if end < width) + "…"


def padded(text: str, width: int) -> str:
    """Fill up with blanks to so many columns."""
    return text + " " * (width - columns(text))
