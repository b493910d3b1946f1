"""What begins and ends by itself after a plan, in a terminal: a line for each moment."""

from reconciler.plan.change import Entry, Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.coming_words import calendar_command, event_words, floor_words, row_label
from reconciler.render.escape import terminal
from reconciler.render.messages import counted
from reconciler.render.moments import distance, moment
from reconciler.render.style import PLAIN, Style

_MOST_SHOWN = 5
_MOST_EVENTS = 2


def coming_as_text(plan: Plan, style: Style = PLAIN) -> str:
    """Write the section; empty where nothing comes."""
    if not plan.coming:
        return ""
    shown = plan.coming[:_MOST_SHOWN]
    lines = [f"    {_when(entry, plan)}  {_what(entry)}; {_effect(entry, style)}" for entry in shown]
    left = len(plan.coming) - len(shown) + plan.coming_later
    if left:
        lines.append(f"    … and {left} more: {calendar_command(plan)}")
    return "".join(f"{line}\n" for line in (f"{style.bold('Coming')}: begins or ends by itself", *lines))


def says_valid_until(plan: Plan) -> bool:
    """Whether the section says already until when the plan holds."""
    return bool(plan.coming) and plan.coming[0].at == plan.valid_until


def _when(entry: Entry, plan: Plan) -> str:
    when = moment(entry.at, plan.today)
    return when if plan.today is None else f"{when}, {distance(entry.at, plan.today)}"


def _what(entry: Entry) -> str:
    words = [terminal(event_words(event)) for event in entry.events[:_MOST_EVENTS]]
    left = len(entry.events) - len(words)
    return "; ".join([*words, *([f"and {left} more"] if left else [])])


def _effect(entry: Entry, style: Style) -> str:
    """Say how many agents change, and of the skills the one that is worst off."""
    if not entry.agents_changed:
        return "no agent changes"
    verb = "changes" if entry.agents_changed == 1 else "change"
    agents = f"{counted(entry.agents_changed, 'agent')} {verb}"
    if not entry.coverage:
        return agents
    worst, *others = worst_first(entry.coverage)
    said = f"{terminal(row_label(worst))} {worst.before} -> {worst.after}{floor_words(worst, entry)}"
    more = f", and {counted(len(others), 'more skill')}" if others else ""
    return f"{agents}; {style.red(said) if worst.is_left or worst.is_below else said}{more}"
