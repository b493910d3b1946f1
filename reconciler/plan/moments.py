"""Moments as people say them, in the offset that the file wrote."""

from datetime import datetime, timedelta

# Not by `%b`, which speaks the language of the process.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(when: datetime, now: datetime | None = None) -> str:
    """Write `1 Dec 00:00 −05:00`, with the year where it is not that of `now`."""
    is_this_year = now is not None and when.year == now.astimezone(when.tzinfo).year
    year = "" if is_this_year else f" {when.year}"
    seconds = f":{when.second:02}" if when.second else ""
    return f"{when.day} {_MONTHS[when.month - 1]}{year} {when:%H:%M}{seconds} {_offset(when)}"


def _offset(when: datetime) -> str:
    offset = when.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'−' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"
