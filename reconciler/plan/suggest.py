"""Did you mean: the nearest of the names that exist."""

from collections.abc import Iterable
from difflib import get_close_matches

# Above this many names the search would be felt; people with that many get no suggestion rather than a pause.
_MOST_NAMES = 20_000


def nearest(word: str, names: Iterable[str], *, most: int = 3) -> list[str]:
    """Give up to `most` of `names` that look like `word`, the likeliest first, without regard to case.

    E-mail addresses of one company share most of their letters: they have to be far more alike.
    """
    cutoff = 0.85 if "@" in word else 0.6
    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(name.casefold(), name)
    if len(by_folded) > _MOST_NAMES:
        return []
    return [by_folded[folded] for folded in get_close_matches(word.casefold(), by_folded, n=most, cutoff=cutoff)]


def did_you_mean(word: str, names: Iterable[str], otherwise: str) -> str:
    """Make a hint: the nearest names, or else `otherwise`."""
    found = nearest(word, names)
    if not found:
        return otherwise
    return "did you mean " + " or ".join(f"`{name}`" for name in found) + "?"
