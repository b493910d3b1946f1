"""Words that a tenant sent, made fit to stand in a message: cut, freed of control characters and of our secrets."""

import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LONGEST = 200
# What a hostile body may cost us before it is cut.
_LONGEST_LOOKED_AT = 20_000
# A fragment of base64 that is shorter than this would match ordinary words.
_SHORTEST_ENCODED = 8
_MASK = "***"
_BLANKS = re.compile(r"\s+")


def _encoded(secret: str) -> Iterator[str]:
    """Each form in which somebody else's message might repeat `secret`."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield quote(raw, safe="")
    yield quote_plus(raw, safe="")
    # Inside a longer text base64 depends on where the secret starts, modulo 3; the characters at the edges mix with
    # the neighbours' bits.
    for offset in range(3):
        whole = b64encode(b"\0" * offset + raw).decode("ascii").rstrip("=")
        inner = whole[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6]
        if len(inner) >= _SHORTEST_ENCODED:
            yield inner
            yield inner.translate({ord("+"): "-", ord("/"): "_"})
    if len(raw) * 2 >= _SHORTEST_ENCODED:
        yield raw.hex()


class Quoter:
    """Quotes a tenant's words in messages; whatever was told to `hide` comes out as `***`, in any usual encoding."""

    def __init__(self) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._hidden: set[str] = set()
        self._longest = 0

    def hide(self, *secrets: str) -> None:
        """Never let these be quoted."""
        before = len(self._hidden)
        for secret in filter(None, secrets):
            self._hidden.update(_encoded(secret))
        if len(self._hidden) > before:
            longest_first = sorted(self._hidden, key=lambda form: (-len(form), form))
            self._longest = len(longest_first[0])
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def quote(self, text: str) -> str:
        """Make one line of at most about 200 characters of it."""
        looked_at = text[:_LONGEST_LOOKED_AT]
        if self._pattern is not None:
            looked_at = self._pattern.sub(_MASK, looked_at)
        if len(text) > _LONGEST_LOOKED_AT:
            # The cut may have gone through a secret, which then was not recognised.
            looked_at = looked_at[: max(0, len(looked_at) - self._longest)]
        plain = "".join(char if char.isprintable() else " " for char in looked_at)
        line = _BLANKS.sub(" ", plain).strip()
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
