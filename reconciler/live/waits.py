"""How long to wait: `Retry-After` and what is left of a rate, in all their spellings; backoff with full jitter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from reconciler.model.answer_heads import Announced

# Longer than this nobody waits for one request: the run stops and says how to go on.
LONGEST_RETRY_AFTER_S = 120.0
_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 30.0
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_COUNT = re.compile(r"[0-9]{1,15}")
# Gateways agree on the words and not on the spelling; the first family that makes sense is taken.
_FAMILIES = ("X-RateLimit", "RateLimit", "X-Rate-Limit")
_GRANTS = tuple((f"{family}-Remaining", f"{family}-Reset") for family in _FAMILIES)
# A limit, and perhaps policies behind it that name the window: `100`, or `100, 100;w=60`.
_LIMIT = re.compile(r"([0-9]{1,15})\s*(?:[,;].*)?")
_WINDOW = re.compile(r";\s*w=([0-9]{1,9})(?![0-9])")
# Some say when, in seconds since the epoch, instead of how long: nobody means a pause of thirty years.
_EPOCH_FROM_S = 1e9
_EPOCH_UNTIL_S = 1e11


@dataclass(frozen=True, slots=True)
class Grant:
    """What the tenant still lets through: `remaining` requests within the next `resets_in_s` seconds."""

    remaining: int
    resets_in_s: float


def backoff_s(attempt: int, random: Random) -> float:
    """Draw the wait after failed attempt number `attempt` (from 1), evenly from zero to a bound that doubles."""
    return random.uniform(0, min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2.0 ** min(attempt, 30)))


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def told_at(headers: Mapping[str, str]) -> datetime | None:
    """When the answer left, by the tenant's own clock; None where it does not say."""
    text = headers.get("Date", "")
    return _moment(text) if text else None


def _answered_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When the answer left, by the tenant's own clock, so that a wrong one on our side does no harm; else `now`."""
    return told_at(headers) or now


def stated_s(expires_in: object) -> float | None:
    """Read a token's `expires_in` as seconds; None for what is no number."""
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,18}", expires_in):
        expires_in = int(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return None
    return expires_in


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read `Retry-After` as seconds, whole or not; None when it is absent, nonsense, zero or in the past."""
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text) or None
    until = _moment(text) if text else None
    if until is None:
        return None
    seconds = (until - _answered_at(headers, now)).total_seconds()
    return seconds if seconds > 0 else None


def grant_in(headers: Mapping[str, str], now: datetime) -> Grant | None:
    """Read `X-RateLimit-Remaining` and `-Reset`, in any of their spellings; None when they are absent or nonsense."""
    for remaining_name, reset_name in _GRANTS:
        remaining, reset = headers.get(remaining_name, "").strip(), headers.get(reset_name, "").strip()
        if not _COUNT.fullmatch(remaining) or not _SECONDS.fullmatch(reset):
            continue
        seconds = float(reset)
        if seconds >= _EPOCH_FROM_S:
            seconds = seconds - _answered_at(headers, now).timestamp() if seconds < _EPOCH_UNTIL_S else 0.0
        if seconds > 0:
            return Grant(int(remaining), seconds)
    return None


def announced_in(headers: Mapping[str, str], now: datetime) -> Announced | None:
    """Read the limit that a tenant announces, in any of its spellings; None when there is none."""
    for family in _FAMILIES:
        text = headers.get(f"{family}-Limit", "").strip()
        if (limit := _LIMIT.fullmatch(text)) is None:
            continue
        window = _WINDOW.search(text) or _WINDOW.search(headers.get(f"{family}-Policy", ""))
        grant = grant_in(headers, now)
        return Announced(
            limit=int(limit[1]),
            window_s=float(window[1]) if window and int(window[1]) else None,
            remaining=grant.remaining if grant else None,
            resets_in_s=grant.resets_in_s if grant else None,
        )
    return None
