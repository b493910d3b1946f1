"""How far away a moment is, and until when something holds, as people say it."""

from datetime import datetime

from reconciler.plan.change import Until
from reconciler.plan.moments import moment

__all__ = ["distance", "moment", "until_words"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def distance(when: datetime, now: datetime) -> str:
    """Write `in 3 days`, `in 40 min`, `2 h ago`; to the nearest whole."""
    seconds = (when - now).total_seconds()
    span = _span(abs(seconds))
    return f"in {span}" if seconds >= 0 else f"{span} ago"


def until_words(until: Until, now: datetime | None) -> str:
    """Write `until 1 Dec 00:00 −05:00, in 3 days`; without the distance where nobody knows from when."""
    words = f"until {moment(until.until, now)}"
    return words if now is None else f"{words}, {distance(until.until, now)}"


def _span(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"
