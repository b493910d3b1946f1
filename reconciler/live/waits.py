"""How long to wait: `Retry-After` in all its spellings, and exponential backoff with full jitter."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

# Longer than this nobody waits for one request: the run stops and says how to go on.
LONGEST_RETRY_AFTER_S = 120.0
_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 30.0
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def backoff_s(attempt: int, random: Random) -> float:
    """Draw the wait after failed attempt number `attempt` (from 1), evenly from zero to a bound that doubles."""
    return random.uniform(0, min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2.0 ** min(attempt, 30)))


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read `Retry-After` as seconds, whole or not; None when it is absent, nonsense, zero or in the past.

    A date is read against the answer's own `Date`, so that a wrong clock on our side does no harm; else against `now`.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text) or None
    until = _moment(text) if text else None
    if until is None:
        return None
    seconds = (until - (_moment(headers.get("Date", "")) or now)).total_seconds()
    return seconds if seconds > 0 else None
