"""The calendar as text and JSON: moment by moment what begins and ends, and who can take what then."""

import json
from collections.abc import Iterator
from datetime import datetime

import msgspec

from reconciler.plan.calendar import Calendar
from reconciler.plan.change import CoverageRow, Entry, Event
from reconciler.plan.coverage import worst_first
from reconciler.render.coming_json import entry_part
from reconciler.render.coming_words import actions_words, event_words, floor_words, row_label
from reconciler.render.escape import terminal
from reconciler.render.messages import counted, place
from reconciler.render.moments import distance, moment
from reconciler.render.style import PLAIN, Style


def calendar_as_text(calendar: Calendar, folder: str = "", style: Style = PLAIN) -> str:
    """Write the moments; the last line counts them."""
    now, entries = calendar.now, calendar.entries
    parts = [_entry(entry, now, folder, style) for entry in entries]
    if entries and not calendar.is_counted:
        parts.append("Who can take what then is not known: the tenant's list does not say it.\n")
    many = counted(len(entries), "moment") if entries else "nothing begins or ends by itself"
    return "\n".join(
        [
            *parts,
            f"{style.bold(terminal(calendar.tenant))}: {many} until {moment(calendar.end.replace(second=0), now)}.\n",
        ]
    )


def _entry(entry: Entry, now: datetime, folder: str, style: Style) -> str:
    lines = [f"{style.bold(moment(entry.at, now))}, {distance(entry.at, now)}"]
    lines += [f"    {line}" for event in entry.events for line in _event(event, folder, style)]
    lines.append(f"    {_effect(entry)}")
    rows = worst_first(entry.coverage)
    names = [terminal(row_label(row)) for row in rows]
    width = max(map(len, names), default=0)
    lines += [
        f"        {_painted(f'{name:<{width}}  {row.before} -> {row.after}{floor_words(row, entry)}', row, style)}"
        for name, row in zip(names, rows, strict=True)
    ]
    return "\n".join(lines) + "\n"


def _event(event: Event, folder: str, style: Style) -> Iterator[str]:
    yield f"{terminal(event_words(event))}  {style.dim(place(event.source, folder))}"


def _effect(entry: Entry) -> str:
    """Say what an apply from then on changes."""
    if not entry.agents_changed:
        return "no agent changes by it"
    verb = "changes" if entry.agents_changed == 1 else "change"
    what = "; agents who can take them:" if entry.coverage else ""
    return f"{counted(entry.agents_changed, 'agent')} {verb}; skills: {actions_words(entry)}{what}"


def _painted(text: str, row: CoverageRow, style: Style) -> str:
    return style.red(text) if row.is_left or row.is_below else text


def calendar_as_json(calendar: Calendar) -> str:
    """Write the same as one document, `format_version` 1; times are RFC 3339."""
    document = {
        "format_version": 1,
        "tenant": calendar.tenant,
        "now": calendar.now.isoformat(),
        "until": calendar.end.isoformat(),
        "counted": calendar.is_counted,
        "entries": [msgspec.to_builtins(entry_part(entry)) for entry in calendar.entries],
    }
    return json.dumps(document, indent=2) + "\n"
