"""The calendar as text and JSON: moment by moment what begins and ends, and who can take what then."""

import json
from collections.abc import Iterator
from datetime import datetime

from reconciler.plan.calendar import Calendar, Entry, Event
from reconciler.plan.change import Action, CoverageRow
from reconciler.plan.coverage import worst_first
from reconciler.render.escape import terminal
from reconciler.render.messages import counted, place, source_as_dict
from reconciler.render.moments import distance, moment
from reconciler.render.style import PLAIN, Style

_VERBS = {Action.ADD: "added", Action.CHANGE: "changed", Action.REMOVE: "removed"}


def calendar_as_text(calendar: Calendar, folder: str = "", style: Style = PLAIN) -> str:
    """Write the moments; the last line counts them."""
    now, entries = calendar.now, calendar.entries
    parts = [_entry(entry, now, folder, style) for entry in entries]
    if entries and not calendar.is_counted:
        parts.append("Who can take what then is not known: the tenant's list does not say it.\n")
    many = counted(len(entries), "change") if entries else "nothing begins or ends by itself"
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
    names = [terminal(_label(row)) for row in rows]
    width = max(map(len, names), default=0)
    lines += [
        f"        {_painted(f'{name:<{width}}  {row.before} -> {row.after}{_floor(row, entry)}', row, style)}"
        for name, row in zip(names, rows, strict=True)
    ]
    return "\n".join(lines) + "\n"


def _event(event: Event, folder: str, style: Style) -> Iterator[str]:
    why = ", ".join(word for word in (event.reason, event.ticket) if word)
    said = f"{event.kind} {event.turn}: {event.subject}" + (f" ({why})" if why else "")
    yield f"{terminal(said)}  {style.dim(place(event.source, folder))}"


def _effect(entry: Entry) -> str:
    """Say what an apply from then on changes."""
    if not entry.agents_changed:
        return "no agent changes by it"
    verb = "changes" if entry.agents_changed == 1 else "change"
    counted_by = [(entry.actions.get(action, 0), word) for action, word in _VERBS.items()]
    counts = ", ".join(f"{number} {word}" for number, word in counted_by if number)
    what = "; agents who can take them:" if entry.coverage else ""
    return f"{counted(entry.agents_changed, 'agent')} {verb}; skills: {counts}{what}"


def _label(row: CoverageRow) -> str:
    return f"{row.skill.name}, from {row.min_proficiency} on" if row.min_proficiency else row.skill.name


def _floor(row: CoverageRow, entry: Entry) -> str:
    if row.floor is None:
        return ""
    if not row.is_below:
        return f", floor {row.floor}"
    return f", BELOW its floor of {row.floor}" + (", waived" if row.skill.id in entry.waived else "")


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
        "entries": [_as_dict(entry) for entry in calendar.entries],
    }
    return json.dumps(document, indent=2) + "\n"


def _as_dict(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at.isoformat(),
        "events": [
            {
                "kind": event.kind.value,
                "turn": event.turn.value,
                "subject": event.subject,
                "reason": event.reason,
                "ticket": event.ticket,
                "source": source_as_dict(event.source),
            }
            for event in entry.events
        ],
        "agents_changed": entry.agents_changed,
        "assignments": {word: entry.actions.get(action, 0) for action, word in _VERBS.items()},
        "coverage": [
            {
                "skill": {"id": row.skill.id, "name": row.skill.name},
                "min_proficiency": row.min_proficiency,
                "before": row.before,
                "after": row.after,
                "floor": row.floor,
                "waived": row.skill.id in entry.waived,
            }
            for row in worst_first(entry.coverage)
        ],
    }
