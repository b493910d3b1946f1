"""What a reviewer should know of time: what has ended and can go, and what is held."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.desired import DesiredState
from reconciler.model.overrides import Hold, Named, Selection
from reconciler.plan.change import AgentChange, AgentHeld
from reconciler.plan.moments import moment
from reconciler.plan.resolve import ResolvedState
from reconciler.plan.timed import FoundHold

_MOST_NAMED = 3


def ended(desired: DesiredState, now: datetime) -> Iterator[Diagnostic]:
    """Find the overrides, holds and waivers that are over: they do nothing any more."""
    for override in desired.overrides:
        if override.window.has_ended(now):
            yield Diagnostic(
                "override-ended",
                f"the override of {whom_of(override.selection)}{_why(override.reason, override.ticket)} "
                f"ended {moment(override.window.until)}",
                "remove it: it does nothing any more",
                override.position,
                Severity.INFO,
            )
    for hold in desired.holds:
        if hold.window.has_ended(now):
            yield Diagnostic(
                "hold-expired",
                f"the hold on {what_of(hold)}{_why(hold.reason)} ended {moment(hold.window.until)}: "
                "what the files say is written again",
                "remove it, or write a later `until` if live is still to be left alone",
                hold.position,
                Severity.WARN,
            )
    for floor in desired.policies.coverage:
        if floor.waive_until is not None and floor.waive_until <= now:
            yield Diagnostic(
                "waiver-ended",
                f"the waiver of the floor of `{floor.skill}`{_why(floor.reason)} ended {moment(floor.waive_until)}",
                "remove `waive_until` and `reason`: the floor holds again",
                floor.position,
                Severity.INFO,
            )


def in_force_now(
    resolved: ResolvedState, changes: Iterable[AgentChange], held: Iterable[AgentHeld], *, is_narrowed: bool
) -> Iterator[Diagnostic]:
    """Say which overrides are in force, and what is held, with how much of it differs from live.

    A narrowed plan knows only of what is in it: of those that nothing in it is about, it says nothing.
    """
    lines = Counter(each.override.source for agent in changes for each in agent.skills if each.override is not None)
    for override in resolved.in_force.overrides:
        count = sum(lines[entry.position] for entry in override.entries)
        if is_narrowed and not count:
            continue
        yield Diagnostic(
            "override-in-force",
            f"the override of {whom_of(override.selection)}{_why(override.reason, override.ticket)} is in force until "
            f"{moment(override.window.until)}: {_assignments(count)} for it",
            None,
            override.position,
            Severity.INFO,
        )
    yield from _held(resolved.in_force.holds, held, is_narrowed=is_narrowed)


def _assignments(count: int) -> str:
    return "1 assignment changes" if count == 1 else f"{count or 'no'} assignments change"


def _held(holds: Iterable[FoundHold], held: Iterable[AgentHeld], *, is_narrowed: bool) -> Iterator[Diagnostic]:
    places = [each.hold.source for agent in held for each in agent.skills if each.hold is not None]
    for hold in (found.hold for found in holds):
        count = places.count(hold.position)
        if is_narrowed and not count:
            continue
        assignments = "1 assignment differs" if count == 1 else f"{count} assignments differ"
        verb = "is" if count == 1 else "are"
        differing = f"{assignments} from the files and {verb} left alone" if count else "nothing differs from the files"
        yield Diagnostic(
            "held",
            f"the hold on {what_of(hold)}{_why(hold.reason)} lasts until {moment(hold.window.until)}: {differing}",
            "remove the hold to let the files count again" if count else None,
            hold.position,
            Severity.INFO,
        )


def what_of(hold: Hold) -> str:
    """Say what a hold leaves alone."""
    whom = whom_of(hold.selection)
    return f"{_named(hold.skills)} of {whom}" if hold.skills else whom


def whom_of(selection: Selection) -> str:
    """Say whom an override or a hold is about."""
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


def _why(*words: str) -> str:
    said = ", ".join(word for word in words if word)
    return f" ({said})" if said else ""
