"""What a reviewer should know of time: what has ended and can go, and what is held."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.desired import DesiredState
from reconciler.model.overrides import Hold, Named, Selection
from reconciler.plan.change import AgentHeld
from reconciler.plan.timed import FoundHold, utc

_MOST_NAMED = 3


def ended(desired: DesiredState, now: datetime) -> Iterator[Diagnostic]:
    """Find the overrides, holds and waivers that are over: they do nothing any more."""
    for override in desired.overrides:
        if override.window.has_ended(now):
            yield Diagnostic(
                "override-ended",
                f"the override of {_whom(override.selection)}{_why(override.reason)} "
                f"ended at {utc(override.window.until)}",
                "remove it: what lasts holds again",
                override.position,
                Severity.INFO,
            )
    for hold in desired.holds:
        if hold.window.has_ended(now):
            yield Diagnostic(
                "hold-expired",
                f"the hold on {_what(hold)}{_why(hold.reason)} ended at {utc(hold.window.until)}: "
                "what the files say is written again",
                "remove it, or write a later `until` if live is still to be left alone",
                hold.position,
                Severity.WARN,
            )
    for floor in desired.policies.coverage:
        if floor.waive_until is not None and floor.waive_until <= now:
            yield Diagnostic(
                "waiver-ended",
                f"the waiver of the floor of `{floor.skill}`{_why(floor.reason)} ended at {utc(floor.waive_until)}",
                "remove `waive_until` and `reason`: the floor holds again",
                floor.position,
                Severity.INFO,
            )


def held_now(holds: Iterable[FoundHold], held: Iterable[AgentHeld]) -> Iterator[Diagnostic]:
    """Say what is held, and how much of it differs; `held` is what does."""
    places = [each.hold.source for agent in held for each in agent.skills if each.hold is not None]
    for hold in (found.hold for found in holds):
        count = places.count(hold.position)
        assignments = "1 assignment differs" if count == 1 else f"{count} assignments differ"
        verb = "is" if count == 1 else "are"
        differing = f"{assignments} from the files and {verb} left alone" if count else "nothing differs from the files"
        yield Diagnostic(
            "held",
            f"{_what(hold)} held until {utc(hold.window.until)}{_why(hold.reason)}: {differing}",
            "remove the hold to let the files count again" if count else None,
            hold.position,
            Severity.INFO,
        )


def _what(hold: Hold) -> str:
    whom = _whom(hold.selection)
    return f"{_named(hold.skills)} of {whom}" if hold.skills else whom


def _whom(selection: Selection) -> str:
    if selection.is_everyone:
        return "all managed agents"
    words = [f"team {_named([team])}" for team in selection.teams[:_MOST_NAMED]]
    if len(selection.teams) > _MOST_NAMED:
        words = [f"{len(selection.teams)} teams"]
    return " and ".join([*words, *([_named(selection.agents)] if selection.agents else [])])


def _named(names: Sequence[Named]) -> str:
    if len(names) > _MOST_NAMED:
        return f"`{names[0].name}` and {len(names) - 1} more"
    *most, last = (f"`{each.name}`" for each in names)
    return f"{', '.join(most)} and {last}" if most else last


def _why(reason: str) -> str:
    return f" ({reason})" if reason else ""
