"""Moments as people say them: in the offset that the file wrote, and how far away that is."""

from datetime import datetime, timedelta

from reconciler.plan.change import Until

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Not by `%b`, which speaks the language of the process.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(when: datetime, now: datetime | None) -> str:
    """Write `1 Dec 00:00 −05:00`, with the year where it is not that of `now`."""
    is_this_year = now is not None and when.year == now.astimezone(when.tzinfo).year
    year = "" if is_this_year else f" {when.year}"
    seconds = f":{when.second:02}" if when.second else ""
    return f"{when.day} {_MONTHS[when.month - 1]}{year} {when:%H:%M}{seconds} {_offset(when)}"


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


def _offset(when: datetime) -> str:
    offset = when.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'−' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"
