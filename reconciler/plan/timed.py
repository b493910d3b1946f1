"""What holds for a time only, with every name found: the overrides and holds of a moment, agent by agent."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import combinations
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic
from reconciler.model.desired import DesiredState
from reconciler.model.overrides import Hold, Override, OverrideEntry, Selection
from reconciler.model.skills import SkillCatalog
from reconciler.plan.match import Row, agent_rows, ref_of, row_at, table_and_row
from reconciler.plan.moments import moment
from reconciler.plan.suggest import did_you_mean


class OverrideUse(NamedTuple):
    """One line of an override."""

    override: Override
    entry: OverrideEntry


# By table and row, then by skill number: what overrides do to an agent.
Overlays = Mapping[int, Mapping[int, Mapping[int, OverrideUse]]]


@dataclass(frozen=True, slots=True)
class FoundOverride:
    """An override with its agents and its skills, by number, found."""

    override: Override
    rows: frozenset[Row]
    entries: Mapping[int, OverrideEntry]


@dataclass(frozen=True, slots=True)
class FoundHold:
    """A hold with its agents and skills found; None means all of them."""

    hold: Hold
    rows: frozenset[Row] | None
    skills: frozenset[int] | None

    def covers(self, row: Row, number: int) -> bool:
        """Whether this assignment is left alone."""
        return (self.rows is None or row in self.rows) and (self.skills is None or number in self.skills)


@dataclass(frozen=True, slots=True)
class Timed:
    """All overrides and holds, at any time; `at` chooses those of a moment."""

    overrides: tuple[FoundOverride, ...] = ()
    holds: tuple[FoundHold, ...] = ()

    def at(self, now: datetime) -> "InForce":
        """Give what is in force."""
        overlays: defaultdict[int, defaultdict[int, dict[int, OverrideUse]]] = defaultdict(lambda: defaultdict(dict))
        is_open = [found for found in self.overrides if found.override.window.is_open(now)]
        for found in is_open:
            uses = {number: OverrideUse(found.override, entry) for number, entry in found.entries.items()}
            for table, row in map(table_and_row, found.rows):
                overlays[table][row] |= uses
        return InForce(
            tuple(found.override for found in is_open),
            overlays,
            tuple(found for found in self.holds if found.hold.window.is_open(now)),
        )


@dataclass(frozen=True, slots=True)
class InForce:
    """The overrides and holds of one moment."""

    overrides: tuple[Override, ...] = ()
    overlays: Overlays = field(default_factory=dict)
    holds: tuple[FoundHold, ...] = ()

    def overlay(self, table: int, row: int) -> Mapping[int, OverrideUse]:
        """Give what overrides do to an agent, by skill number."""
        return self.overlays[table].get(row, {}) if table in self.overlays else {}

    def hold_on(self, row: Row, number: int) -> Hold | None:
        """Give the hold that leaves an assignment alone, if one does: of several the one that lasts longest."""
        covering = [found.hold for found in self.holds if found.covers(row, number)]
        return max(covering, key=lambda hold: hold.window.until, default=None)

    def held_skills(self, row: Row) -> frozenset[int] | None:
        """Give the skills of an agent that are left alone; None means all of them."""
        if not self.holds:
            return frozenset()
        skills = [found.skills for found in self.holds if found.rows is None or row in found.rows]
        return None if None in skills else frozenset[int]().union(*(each for each in skills if each is not None))

    def is_held(self, row: Row, number: int) -> bool:
        """Whether a hold leaves an assignment alone."""
        return any(found.covers(row, number) for found in self.holds)


NOTHING_IN_FORCE = InForce()


def find_timed(desired: DesiredState, number_of: Mapping[str, int]) -> Timed:
    """Find the agents and skills of overrides and holds; every skill of them has to be in `number_of`."""
    members = members_of(desired)
    return Timed(
        tuple(
            FoundOverride(
                override,
                members(override.selection),
                {number_of[entry.skill]: entry for entry in override.entries},
            )
            for override in desired.overrides
        ),
        _find_holds(desired, lambda name: (number_of[name],), members),
    )


def holds_at(desired: DesiredState, catalog: SkillCatalog, now: datetime) -> tuple[FoundHold, ...]:
    """Give the holds of a moment; one that names several skills by one name is about all of them."""
    current = without_ended(desired, now)
    return _find_holds(current, catalog.numbers_named, members_of(current))


def unknown_holds(desired: DesiredState, catalog: SkillCatalog, now: datetime) -> Iterator[Diagnostic]:
    """Find the skills of holds that the tenant does not have: nobody knows what is to be left alone."""
    for hold in without_ended(desired, now).holds:
        for skill in hold.skills:
            if not catalog.numbers_named(skill.name):
                message = f"skill `{skill.name}`, which a hold leaves alone, does not exist on the tenant"
                hint = did_you_mean(
                    skill.name, catalog.names, "names match exactly; remove it from the hold if it is gone"
                )
                yield Diagnostic("skill-unknown", message, hint, skill.position)


def _find_holds(
    desired: DesiredState, numbers_of: Callable[[str], Iterable[int]], members: Callable[[Selection], frozenset[Row]]
) -> tuple[FoundHold, ...]:
    return tuple(
        FoundHold(
            hold,
            None if hold.selection.is_everyone else members(hold.selection),
            frozenset(number for skill in hold.skills for number in numbers_of(skill.name)) if hold.skills else None,
        )
        for hold in desired.holds
    )


def members_of(desired: DesiredState) -> Callable[[Selection], frozenset[Row]]:
    """Make what gives the rows of a selection; agents are indexed once, and only when one is to be found."""

    @cache
    def rows() -> Mapping[str, Row]:
        return agent_rows(desired)

    # By names alone, without their places: a surge may come back every week, and its agents stand in memory once.
    @cache
    def found(agents: frozenset[str], teams: frozenset[str]) -> frozenset[Row]:
        named = (rows().get(agent) for agent in agents)
        of_teams = (
            row_at(number, row)
            for number, table in enumerate(desired.tables)
            if table.team in teams
            for row in range(len(table.refs))
        )
        return frozenset([*(row for row in named if row is not None), *of_teams])

    def members(selection: Selection) -> frozenset[Row]:
        agents = frozenset(agent.name.casefold() for agent in selection.agents)
        return found(agents, frozenset(team.name for team in selection.teams))

    return members


# Gives what overrides that are over said of an agent, by skill number.
EndedUses = Callable[[Row], Mapping[int, Sequence[OverrideUse]]]


def ended_uses(desired: DesiredState, catalog: SkillCatalog, now: datetime) -> EndedUses:
    """Find the overrides that are over and still stand in the files; what they name may be gone."""
    members = members_of(desired)
    ended = [(each, members(each.selection)) for each in desired.overrides if each.window.has_ended(now)]

    def of(row: Row) -> Mapping[int, Sequence[OverrideUse]]:
        uses: defaultdict[int, list[OverrideUse]] = defaultdict(list)
        for override, rows in ended:
            for entry in override.entries if row in rows else ():
                for number in catalog.numbers_named(entry.skill):
                    uses[number].append(OverrideUse(override, entry))
        return uses

    return of


def clashes(
    desired: DesiredState, overrides: Iterable[Override], key: Callable[[str], Hashable] = str
) -> Iterator[Diagnostic]:
    """Find assignments that two overrides set at the same time; `key` makes one of two names of one skill."""
    by_skill: defaultdict[Hashable, list[OverrideUse]] = defaultdict(list)
    for override in overrides:
        for entry in override.entries:
            by_skill[key(entry.skill)].append(OverrideUse(override, entry))
    members = members_of(desired)
    found = [pair for uses in by_skill.values() for pair in combinations(uses, 2)]
    for one, other in found:
        if one.override is other.override or not one.override.window.overlaps(other.override.window):
            continue
        if shared := members(one.override.selection) & members(other.override.selection):
            first, second = sorted((one, other), key=lambda use: use.entry.position)
            yield _clash(first, second, sorted(ref_of(desired, row) for row in shared))


def _clash(first: OverrideUse, second: OverrideUse, refs: Sequence[str]) -> Diagnostic:
    who = f"`{refs[0]}`" + (f" and {len(refs) - 1} more" if len(refs) > 1 else "")
    starts = [use.override.window.start for use in (first, second)]
    begin = max((start for start in starts if start is not None), default=None)
    end = min(first.override.window.until, second.override.window.until)
    span = f"until {moment(end)}" if begin is None else f"from {moment(begin)} until {moment(end)}"
    return Diagnostic(
        "override-overlap",
        f"two overrides set `{second.entry.skill}` of {who} at the same time, {span}: "
        f"this one and the one at {first.entry.position}",
        "let one end before the other begins, or leave the skill or the agent out of one of them",
        second.entry.position,
        related=(str(first.entry.position),),
    )


def without_ended(desired: DesiredState, now: datetime) -> DesiredState:
    """Leave out the overrides and holds that are over: what they name may be gone."""
    return replace(
        desired,
        overrides=tuple(each for each in desired.overrides if not each.window.has_ended(now)),
        holds=tuple(each for each in desired.holds if not each.window.has_ended(now)),
    )


def boundaries(desired: DesiredState) -> Iterator[datetime]:
    """Give every moment at which something begins or ends: overrides, holds, waivers."""
    for override in desired.overrides:
        if override.window.start is not None:
            yield override.window.start
        yield override.window.until
    yield from (hold.window.until for hold in desired.holds)
    yield from (floor.waive_until for floor in desired.policies.coverage if floor.waive_until is not None)


def next_boundary(desired: DesiredState, now: datetime) -> datetime | None:
    """Give the first moment after `now` at which something begins or ends."""
    return min((each for each in boundaries(desired) if each > now), default=None)
