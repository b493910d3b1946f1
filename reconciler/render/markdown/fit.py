"""How long a text is to those who limit it, and lists that fit into what room there is."""

from collections.abc import Callable, Sequence


def length(text: str) -> int:
    """Count as UTF-16 does: a character beyond the basic plane is two, and no host counts more."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def total(lines: Sequence[str]) -> int:
    """How long lines are, each with its break."""
    return sum(length(line) + 1 for line in lines)


def fitted(lines: Sequence[str], room: int, tail: Callable[[int], str]) -> list[str]:
    """Give the lines if they fit when joined; else as many as leave room for `tail`, which says what follows so many.

    The tail is never longer for more lines that stand before it. It stands even where there is no room for it.
    """
    if total(lines) - 1 <= room:
        return list(lines)
    left = room - length(tail(0))
    kept = 0
    while (left := left - length(lines[kept]) - 1) >= 0:
        kept += 1
    return [*lines[:kept], tail(kept)]


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """Share room out: nobody gets more than is wanted, and what one does not need goes to those who want more."""
    given = [0] * len(wanted)
    left = max(room, 0)
    for rank, index in enumerate(sorted(range(len(wanted)), key=lambda each: wanted[each])):
        given[index] = min(wanted[index], left // (len(wanted) - rank))
        left -= given[index]
    return given
