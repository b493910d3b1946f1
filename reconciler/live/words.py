"""Words that a tenant sent, made fit to stand in a message: one line, cut, freed of control characters and secrets."""

import re

from reconciler.model.redactor import Redactor

LONGEST = 200
# What a hostile body may cost us before it is cut.
_LONGEST_LOOKED_AT = 20_000
_BLANKS = re.compile(r"\s+")


class Quoter:
    """Quotes a tenant's words in messages; whatever `redactor` hides comes out as `***`."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def quote(self, text: str) -> str:
        """Make one line of at most about 200 characters of it."""
        looked_at = self._redactor.mask_words(text[:_LONGEST_LOOKED_AT])
        if len(text) > _LONGEST_LOOKED_AT:
            # The cut may have gone through a secret, which then was not recognised.
            looked_at = looked_at[: max(0, len(looked_at) - self._redactor.longest_in_words)]
        plain = "".join(char if char.isprintable() else " " for char in looked_at)
        line = _BLANKS.sub(" ", plain).strip()
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
