"""How tenants differ from one another, as options."""

from dataclasses import dataclass
from enum import StrEnum


class RetryAfter(StrEnum):
    """How a 429 says when to come back: whole seconds (rounded up), a fraction, an HTTP date, or not at all."""

    SECONDS = "seconds"
    FRACTION = "fraction"
    DATE = "date"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One kind of tenant; the default is the contract at its kindest.

    `limit` requests are let through in any `window_s`; None means no limit. `retry_after` is a style, or any other
    text to send as it stands. `count_refused` makes a request that was answered 429 use up the window all the same:
    off by default, since a gateway that did so would never let in a client that keeps knocking. `rate_headers` makes
    every answer say what is left of the limit: `X-RateLimit-Limit`, `-Remaining` and `-Reset`, the last in seconds.
    """

    max_page_size: int = 500
    versioned: bool = True
    inline_skills: bool = True
    names_in_assignments: bool = True
    extra_fields: bool = False
    token_lifetime_s: int = 3600
    limit: int | None = 100
    window_s: float = 60.0
    count_refused: bool = False
    retry_after: RetryAfter | str = RetryAfter.SECONDS
    rate_headers: bool = False
