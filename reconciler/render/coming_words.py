"""The words of a coming moment, foreign as they are: whoever shows them escapes them."""

from math import ceil

from reconciler.plan.change import Action, CoverageRow, Entry, Event, Plan

_DAY_S = 86400
# The furthest that `reconcile calendar` looks.
_MOST_DAYS = 3660


def event_words(event: Event) -> str:
    """Write `override begins: team X (why)`."""
    why = ", ".join(word for word in (event.reason, event.ticket) if word)
    return f"{event.kind} {event.turn}: {event.subject}" + (f" ({why})" if why else "")


def row_label(row: CoverageRow) -> str:
    """Name a skill, and from which proficiency on it is counted."""
    return f"{row.skill.name}, from {row.min_proficiency} on" if row.min_proficiency else row.skill.name


def floor_words(row: CoverageRow, entry: Entry) -> str:
    """Say how a row stands to its floor, with a comma before; empty where it has none."""
    if row.floor is None:
        return ""
    if not row.is_below:
        return f", floor {row.floor:,}"
    if row.skill.id in entry.blocked:
        return f", below its floor of {row.floor:,}: the apply would be refused"
    return f", below its floor of {row.floor:,}" + (", waived" if row.skill.id in entry.waived else "")


def actions_words(entry: Entry) -> str:
    """Write `2 added, 1 removed`; empty where no assignment changes."""
    verbs = {Action.ADD: "added", Action.CHANGE: "changed", Action.REMOVE: "removed"}
    return ", ".join(f"{entry.actions[action]:,} {verb}" for action, verb in verbs.items() if entry.actions[action])


def calendar_command(plan: Plan) -> str:
    """Write what shows every moment that a plan knows of."""
    if plan.today is None or not plan.coming or plan.coming_later:
        return "reconcile calendar --days 365"
    days = ceil((plan.coming[-1].at - plan.today).total_seconds() / _DAY_S)
    return f"reconcile calendar --days {max(1, min(days, _MOST_DAYS))}"
