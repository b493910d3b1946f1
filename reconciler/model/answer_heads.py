"""What the head of an answer says about the tenant, beside what was asked for: its clock, its limit, its token."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Announced:
    """The rate limit as a tenant tells it: `limit` requests, in `window_s` seconds where it says so.

    `remaining` are left; `resets_in_s` is how long until it is more of them.
    """

    limit: int
    window_s: float | None = None
    remaining: int | None = None
    resets_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """One answer. `asked_at` and `answered_at` are by our clock, `told_at` by the tenant's, None where it says nothing.

    `grants` when it gives a token; `lifetime_s` is what it says of that one, None where that is no number.
    """

    is_token: bool
    status: int
    asked_at: datetime
    answered_at: datetime
    told_at: datetime | None = None
    announced: Announced | None = None
    grants: bool = False
    lifetime_s: float | None = None
