"""Where each value of one agent comes from: profiles, own lines, overrides and holds, from the lowest layer up."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from reconciler.model.assignments import ABSENT, CODE_BITS, CODE_MASK, Assignment, decode
from reconciler.model.desired import DesiredState, Profile
from reconciler.model.overrides import Hold, Window
from reconciler.model.position import SourcePosition, unpack_position
from reconciler.model.skills import SkillCatalog
from reconciler.plan.match import Row, ref_of, table_and_row
from reconciler.plan.resolve import ResolvedState
from reconciler.plan.timed import members_of


class LinkKind(StrEnum):
    """What a link of a chain is."""

    PROFILE = "profile"
    AGENT = "agent"
    OVERRIDE = "override"
    HOLD = "hold"


class Phase(StrEnum):
    """Whether a link counts at the moment in question."""

    LASTING = "lasting"
    IN_FORCE = "in-force"
    COMING = "coming"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Link:
    """One place of the files that says something about one skill of one agent.

    `name` is that of the profile, the agent's ref, or the reason of an override or a hold. `through` are the profiles
    by which a profile got here, from the agent's own list on, the nearest twenty of them. `value` is what holds from
    this layer up, None for absent; a hold gives none. The winner is the link that decides what is desired; where it
    makes the skill absent, and where there is none, nothing is.
    """

    kind: LinkKind
    name: str
    position: SourcePosition
    value: Assignment | None = None
    through: tuple[str, ...] = ()
    window: Window | None = None
    ticket: str = ""
    phase: Phase = Phase.LASTING
    is_winner: bool = False


_Links = Iterator[tuple[int, Link]]
# Nobody reads on, and a long chain of profiles would cost its square.
_MOST_THROUGH = 20


def trace(resolved: ResolvedState, catalog: SkillCatalog, row: Row, now: datetime) -> dict[int, tuple[Link, ...]]:
    """Give the links of every skill that the files name for an agent, by number, the lowest layer first.

    Profiles stand in the order in which they are laid, each where it is laid last: what it gave before is covered.
    Overrides and holds that are yet to come or have ended are there too.
    """
    desired = resolved.desired
    links: defaultdict[int, list[Link]] = defaultdict(list)
    for number, link in (*_from_profiles(desired, catalog, row), *_own(resolved, row)):
        links[number].append(link)
    chosen = resolved.at(now)
    at = table_and_row(row)
    overridden = {number: use.entry.position for number, use in chosen.overridden(*at).items()}
    for number, laid in links.items():
        laid[-1] = replace(laid[-1], is_winner=number not in overridden)
    lasting = {number: code for number, (code, _) in chosen.lasting_steps(*at).items()}
    for number, link in _from_overrides(desired, catalog, row, now, lasting):
        links[number].append(replace(link, is_winner=overridden.get(number) == link.position))
    return {number: tuple(each) for number, each in links.items()}


def holds_on(
    desired: DesiredState, catalog: SkillCatalog, row: Row, now: datetime
) -> Callable[[int], tuple[Link, ...]]:
    """Make what gives the holds on a skill of an agent, at any time."""
    members = members_of(desired)
    holds = [hold for hold in desired.holds if hold.selection.is_everyone or row in members(hold.selection)]

    def on(number: int) -> tuple[Link, ...]:
        return tuple(
            Link(LinkKind.HOLD, hold.reason, hold.position, window=hold.window, phase=phase_of(hold.window, now))
            for hold in holds
            if _is_covered(hold, catalog, number)
        )

    return on


def phase_of(window: Window, now: datetime) -> Phase:
    """Say where in time a window stands."""
    if window.has_ended(now):
        return Phase.ENDED
    return Phase.IN_FORCE if window.is_open(now) else Phase.COMING


def _is_covered(hold: Hold, catalog: SkillCatalog, number: int) -> bool:
    """Whether a hold is on a skill; naming none it is on all."""
    return not hold.skills or any(_number(catalog, skill.name) == number for skill in hold.skills)


def _number(catalog: SkillCatalog, ref: str) -> int | None:
    """Find a skill; what has ended may name one that is gone, or that is two by now."""
    found = catalog.numbers_named(ref)
    return found[0] if len(found) == 1 else None


def _value(code: int | None) -> Assignment | None:
    return None if code is None or code == ABSENT else decode(code)


def _from_profiles(desired: DesiredState, catalog: SkillCatalog, row: Row) -> _Links:
    table, at = table_and_row(row)
    columns = desired.tables[table]
    for profile, through in _laid(desired.profiles, columns.profile_lists[columns.profile_index[at]]):
        for entry in profile.entries:
            number = _number(catalog, entry.skill)
            if number is not None:
                position = unpack_position(profile.position.file, entry.position)
                yield number, Link(LinkKind.PROFILE, profile.name, position, _value(entry.code), through)


def _laid(profiles: Mapping[str, Profile], names: tuple[str, ...]) -> list[tuple[Profile, tuple[str, ...]]]:
    """Give all profiles of a list, with what they extend, in the order in which they are laid, each where it is last.

    Found from the top down, so that one which many extend, which others extend again, is entered once and no more.
    """
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, ()) for name in names]
    while waiting:
        name, through = waiting.pop()
        if name not in found:
            found[name] = through
            waiting += [(parent, (*through, name)[-_MOST_THROUGH:]) for parent in profiles[name].extends]
    return [(profiles[name], through) for name, through in reversed(found.items())]


def _own(resolved: ResolvedState, row: Row) -> _Links:
    table, at = table_and_row(row)
    columns, numbers = resolved.desired.tables[table], resolved.numbers[table]
    ref = ref_of(resolved.desired, row)
    for place in range(columns.starts[at], columns.starts[at + 1]):
        entry = columns.entries[place]
        link = Link(LinkKind.AGENT, ref, columns.position_of_entry(place), _value(entry & CODE_MASK))
        yield numbers[entry >> CODE_BITS], link


def _from_overrides(
    desired: DesiredState, catalog: SkillCatalog, row: Row, now: datetime, lasting: Mapping[int, int]
) -> _Links:
    """Give the lines of overrides, the earliest first; `lasting` are the codes without any."""
    members = members_of(desired)
    for override in sorted(desired.overrides, key=lambda each: each.window.until):
        if row not in members(override.selection):
            continue
        for entry in override.entries:
            number = _number(catalog, entry.skill)
            if number is not None:
                yield (
                    number,
                    Link(
                        LinkKind.OVERRIDE,
                        override.reason,
                        entry.position,
                        _value(entry.over(lasting.get(number))),
                        window=override.window,
                        ticket=override.ticket,
                        phase=phase_of(override.window, now),
                    ),
                )
