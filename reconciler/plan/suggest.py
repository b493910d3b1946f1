"""Did you mean: the nearest of the names that exist."""

from collections.abc import Iterable
from difflib import get_close_matches

# Above this many names the search would be felt; people with that many get no suggestion rather than a pause.
_MOST_NAMES = 20_000
_LIKENESS = 0.6


def nearest(word: str, names: Iterable[str], *, most: int = 3) -> list[str]:
    """Give up to `most` of `names` that look like `word`, the likeliest first, without regard to case.

    E-mail addresses of one company share most of their letters: only what stands before the `@` is compared.
    """
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(_key(name), name)
    if len(by_key) > _MOST_NAMES:
        return []
    return [by_key[key] for key in get_close_matches(_key(word), by_key, n=most, cutoff=_LIKENESS)]


def _key(name: str) -> str:
    return name.casefold().partition("@")[0]


def did_you_mean(word: str, names: Iterable[str], otherwise: str) -> str:
    """Make a hint: the nearest names, or else `otherwise`."""
    found = nearest(word, names)
    if not found:
        return otherwise
    return "did you mean " + " or ".join(f"`{name}`" for name in found) + "?"
