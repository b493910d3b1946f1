"""What begins and ends by itself: every coming moment at which desired state changes, and who can take what then."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from reconciler.model.assignments import decode, unpack
from reconciler.model.position import SourcePosition
from reconciler.plan.build import Sides
from reconciler.plan.change import Action, CoverageRow
from reconciler.plan.diff import leave_held, sets_to_write
from reconciler.plan.expiry import what_of, whom_of
from reconciler.plan.ignored import ignored_skills
from reconciler.plan.match import Row, row_at, table_and_row
from reconciler.plan.resolve import overlaid
from reconciler.plan.timed import InForce, boundaries

# What is desired of an agent: its packed set, and which skills a hold leaves alone (None: all of them).
_Wish = tuple[bytes, frozenset[int] | None]


class Turn(StrEnum):
    """What happens to something at a moment."""

    BEGINS = "begins"
    ENDS = "ends"


class Kind(StrEnum):
    """What begins or ends."""

    OVERRIDE = "override"
    HOLD = "hold"
    WAIVER = "waiver"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that begins or ends; `subject` says whom or what it is about, in words."""

    kind: Kind
    turn: Turn
    subject: str
    source: SourcePosition
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One moment, as the files write it, and what an apply from then on changes in what one before it left.

    `coverage` holds the skills whose agents change, `waived` the ids of those whose floors are waived then.
    """

    at: datetime
    events: tuple[Event, ...]
    agents_changed: int
    actions: Mapping[Action, int]
    coverage: tuple[CoverageRow, ...]
    waived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Calendar:
    """What changes by itself after `now` up to `end`.

    Unless it `is_counted`, the tenant does not say who can take what, and no entry has coverage.
    """

    tenant: str
    now: datetime
    end: datetime
    entries: tuple[Entry, ...]
    is_counted: bool = True


def calendar_of(sides: Sides, end: datetime, coverage: tuple[CoverageRow, ...]) -> Calendar:
    """List the moments after `sides.now` up to `end` at which what is desired changes, in their order.

    A moment at which something ends and the same begins is none. `coverage` is that of the plan for now, of every
    skill; empty where the tenant does not say who can take what.
    """
    course = _Course(sides, coverage)
    moments = sorted({moment for moment in boundaries(sides.resolved.desired) if sides.now < moment <= end})
    found = (course.advance(moment) for moment in moments)
    entries = tuple(entry for entry in found if entry is not None)
    is_counted = sides.live.availability is not None
    return Calendar(sides.resolved.desired.tenant.name, sides.now, end, entries, is_counted)


class _Course:
    """Goes from moment to moment, and keeps what is desired and who can take what."""

    def __init__(self, sides: Sides, coverage: tuple[CoverageRow, ...]) -> None:
        self._sides = sides
        self._coverage = {(row.skill.id, row.min_proficiency): row for row in coverage}
        self._gauges: defaultdict[str, list[int]] = defaultdict(list)
        for skill_id, gauge in self._coverage:
            self._gauges[skill_id].append(gauge)
        self._ignored = ignored_skills(sides.resolved.desired, sides.live.catalog)
        self._lasting = self._lasting_sets()
        self._in_force = sides.resolved.in_force

    def _lasting_sets(self) -> dict[Row, bytes]:
        """Give what lasts, of the agents that overrides and holds are about."""
        timed = self._sides.resolved.timed
        rows = {row for found in timed.overrides for row in found.rows}
        for hold in timed.holds:
            rows |= set(self._sides.rows.values()) if hold.rows is None else hold.rows
        by_table: defaultdict[int, set[Row]] = defaultdict(set)
        for row in rows:
            by_table[table_and_row(row)[0]].add(row)
        lasting = replace(self._sides.resolved, in_force=InForce())
        return {
            row: packed
            for table, wanted in by_table.items()
            for at, packed in enumerate(lasting.packed_sets(table))
            if (row := row_at(table, at)) in wanted
        }

    def advance(self, moment: datetime) -> Entry | None:
        """Go on to a moment; None where nothing is desired otherwise than before."""
        before, after = self._in_force, self._sides.resolved.timed.at(moment)
        self._in_force = after
        rows = [row for row in self._about(moment) if self._wish(row, before) != self._wish(row, after)]
        events = tuple(_events(self._sides, moment))
        if not rows and all(event.kind is not Kind.WAIVER for event in events):
            return None
        agents, actions, shifts = self._effects(rows, before, after)
        coverage = tuple(
            self._shift(gauge, by) for gauge, by in sorted(shifts.items()) if by and gauge in self._coverage
        )
        waived = frozenset(
            skill.id
            for floor, skill in self._sides.rules.floors
            if floor.waive_until is not None and floor.waive_until > moment
        )
        at = min((each for each in boundaries(self._sides.resolved.desired) if each == moment), key=str)
        return Entry(at, events, agents, actions, coverage, waived)

    def _about(self, moment: datetime) -> set[Row]:
        """Give the agents whom something that begins or ends then is about."""
        timed = self._sides.resolved.timed
        rows = {
            row
            for found in timed.overrides
            if moment in {found.override.window.start, found.override.window.until}
            for row in found.rows
        }
        for hold in timed.holds:
            if hold.hold.window.until == moment:
                rows |= self._lasting.keys() if hold.rows is None else hold.rows
        return rows

    def _wish(self, row: Row, in_force: InForce) -> _Wish:
        return overlaid(self._lasting[row], in_force.overlay(*table_and_row(row))), in_force.held_skills(row)

    def _effects(
        self, rows: list[Row], before: InForce, after: InForce
    ) -> tuple[int, Counter[Action], Counter[tuple[str, int]]]:
        """Count agents and assignments that change, and how many more can take what, by gauge."""
        agents, actions, shifts = 0, Counter[Action](), Counter[tuple[str, int]]()
        for row in rows:
            old, new = self._left_by_apply(row, before), self._left_by_apply(row, after)
            agents += old != new
            agent = self._sides.matched.live.get(row)
            for number in (old.keys() | new.keys()) if old != new else ():
                if old.get(number) != new.get(number):
                    actions[_action(old.get(number), new.get(number))] += 1
                    if agent is not None and agent.active:
                        self._count(shifts, number, old.get(number), new.get(number))
        return agents, actions, shifts

    def _left_by_apply(self, row: Row, in_force: InForce) -> dict[int, int]:
        """Give an agent's codes as an apply leaves them; nothing of one who is not there or cannot be read."""
        agent = self._sides.matched.live.get(row)
        if agent is None or agent.assignments is None:
            return {}
        sets = sets_to_write(agent.assignments, self._wish(row, in_force)[0], self._ignored, None)
        if sets is None:
            return unpack(agent.assignments)
        return leave_held(*sets, lambda number: in_force.is_held(row, number))[0]

    def _count(self, shifts: Counter[tuple[str, int]], number: int, old: int | None, new: int | None) -> None:
        skill_id = self._sides.live.catalog[number].id
        for gauge in self._gauges.get(skill_id, ()):
            shifts[skill_id, gauge] += _is_counted(new, gauge) - _is_counted(old, gauge)

    def _shift(self, gauge: tuple[str, int], by: int) -> CoverageRow:
        row = self._coverage[gauge]
        self._coverage[gauge] = moved = replace(row, before=row.after, after=row.after + by, lowest=None)
        return moved


def _events(sides: Sides, moment: datetime) -> Iterator[Event]:
    desired = sides.resolved.desired
    for override in desired.overrides:
        for turn, at in ((Turn.BEGINS, override.window.start), (Turn.ENDS, override.window.until)):
            if at == moment:
                whom = whom_of(override.selection)
                yield Event(Kind.OVERRIDE, turn, whom, override.position, override.reason, override.ticket)
    for hold in desired.holds:
        if hold.window.until == moment:
            yield Event(Kind.HOLD, Turn.ENDS, what_of(hold), hold.position, hold.reason)
    for floor in desired.policies.coverage:
        if floor.waive_until == moment:
            yield Event(Kind.WAIVER, Turn.ENDS, f"the floor of `{floor.skill}`", floor.position, floor.reason)


def _action(old: int | None, new: int | None) -> Action:
    if old is None:
        return Action.ADD
    return Action.REMOVE if new is None else Action.CHANGE


def _is_counted(code: int | None, min_proficiency: int) -> bool:
    if code is None:
        return False
    assignment = decode(code)
    return assignment.available and assignment.proficiency >= min_proficiency
