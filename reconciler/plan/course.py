"""Goes from moment to moment: what is desired then, what an apply changes for it, and who can take what."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.assignments import decode, unpack
from reconciler.model.overrides import Override
from reconciler.model.policies import Weight
from reconciler.plan.build import Sides, agent_name_of, by_name, origins_of
from reconciler.plan.change import (
    Action,
    AgentTurn,
    CoverageRow,
    Entry,
    Event,
    Kind,
    SkillName,
    SkillTurn,
    Turn,
)
from reconciler.plan.diff import leave_held, list_changes, sets_to_write
from reconciler.plan.expiry import what_of, whom_of
from reconciler.plan.ignored import ignored_skills
from reconciler.plan.match import Row, position_of, row_at, table_and_row, team_of
from reconciler.plan.resolve import overlaid
from reconciler.plan.scope import Scope
from reconciler.plan.timed import FoundHold, FoundOverride, InForce, boundaries

_Found = FoundOverride | FoundHold

# What is desired of an agent: its packed set, and which skills a hold leaves alone (None: all of them).
_Wish = tuple[bytes, frozenset[int] | None]
# So many agents are listed on the whole way, those of the nearest moments first.
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class _Moved:
    """An agent whom an apply changes: its codes by skill number before and after, and the skills that change."""

    row: Row
    before: dict[int, int]
    after: dict[int, int]
    numbers: frozenset[int]

    @property
    def loses(self) -> bool:
        """Whether it cannot take a skill any more, or no longer holds it."""
        return any(
            number not in self.after or _counts(self.before.get(number), 0) > _counts(self.after[number], 0)
            for number in self.numbers
        )


class Course:
    """Keeps what is desired and who can take what, of the agents and skills of a scope.

    `coverage` is that of the plan for `sides.now`, of every skill. `looked_at` counts the agents of all moments so far.
    """

    def __init__(self, sides: Sides, scope: Scope, coverage: tuple[CoverageRow, ...]) -> None:
        self._sides, self._scope = sides, scope
        self._coverage = {(row.skill.id, row.min_proficiency): row for row in coverage}
        self._gauges: defaultdict[str, list[int]] = defaultdict(list)
        for skill_id, gauge in self._coverage:
            self._gauges[skill_id].append(gauge)
        self._ignored = ignored_skills(sides.resolved.desired, sides.live.catalog)
        self._lasting = self._lasting_sets()
        self._in_force = sides.resolved.in_force
        self._room = MOST_LISTED
        self.looked_at = 0

    def _lasting_sets(self) -> dict[Row, bytes]:
        """Give what lasts, of the agents that overrides and holds are about."""
        timed = self._sides.resolved.timed
        every: list[_Found] = [*timed.overrides, *timed.holds]
        rows = {row for found in every for row in self._rows_of(found)}
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

    def _rows_of(self, found: _Found) -> Collection[Row]:
        """Give whom it is about, of those in scope."""
        rows = self._sides.rows.values() if found.rows is None else found.rows
        return rows if self._scope.rows is None else self._scope.rows.intersection(rows)

    def _concerns(self, found: _Found) -> bool:
        """Whether it is about anything in scope."""
        chosen, skills = self._scope.skills, found.entries if isinstance(found, FoundOverride) else found.skills
        return (self._scope.rows is None or bool(self._rows_of(found))) and (
            chosen is None or skills is None or not chosen.isdisjoint(skills)
        )

    def advance(self, moment: datetime) -> Entry | None:
        """Go on to a moment; None where nothing is desired otherwise than before."""
        before, after = self._in_force, self._sides.resolved.timed.at(moment)
        self._in_force = after
        events = tuple(self._events(moment))
        about = self._about(moment)
        self.looked_at += len(about)
        wishes = ((row, self._wish(row, before), self._wish(row, after)) for row in about)
        turning = [(row, old, new) for row, old, new in wishes if old != new]
        if not turning and all(event.kind is not Kind.WAIVER for event in events):
            return None
        moved = list(self._moved(turning, before, after))
        skills, shifts = self._effects(moved)
        shifted = (self._shift(gauge, by) for gauge, by in sorted(shifts.items()) if by and gauge in self._coverage)
        coverage = tuple(shifted)
        return Entry(
            at=min((each for each in boundaries(self._sides.resolved.desired) if each == moment), key=str),
            events=events,
            agents_changed=len(moved),
            skills=skills,
            coverage=coverage,
            waived=frozenset(
                skill.id
                for floor, skill in self._sides.rules.floors
                if floor.waive_until is not None and floor.waive_until > moment
            ),
            agents=self._listed(moved, after),
            blocked=frozenset(self._blocked(coverage, moment)),
        )

    def _blocked(self, coverage: Iterable[CoverageRow], moment: datetime) -> Iterator[str]:
        """Give the skills of which an apply then takes so many agents that a floor forbids it."""
        rows = {(row.skill.id, row.min_proficiency): row for row in coverage}
        for floor, skill in self._sides.rules.floors:
            row = rows.get((skill.id, floor.min_proficiency))
            is_waived = floor.waive_until is not None and floor.waive_until > moment
            if row is None or floor.weight is not Weight.BLOCK or is_waived:
                continue
            if row.after < min(floor.min_available, row.before):
                yield skill.id

    def _about(self, moment: datetime) -> set[Row]:
        """Give the agents whom something that begins or ends then is about."""
        timed = self._sides.resolved.timed
        turning: list[_Found] = [each for each in timed.overrides if moment in _turns(each.override)]
        turning += [each for each in timed.holds if each.hold.window.until == moment]
        return {row for found in turning if self._concerns(found) for row in self._rows_of(found)}

    def _wish(self, row: Row, in_force: InForce) -> _Wish:
        uses = in_force.overlay(*table_and_row(row))
        lasting = self._lasting[row]
        return overlaid(lasting, uses) if uses else lasting, in_force.held_skills(row)

    def _moved(self, turning: list[tuple[Row, _Wish, _Wish]], before: InForce, after: InForce) -> Iterator[_Moved]:
        """Give those whom an apply changes: nobody who is not there, cannot be read, or is left as live has it."""
        for row, (old, _), (new, _) in turning:
            agent = self._sides.matched.live.get(row)
            if agent is None or agent.assignments is None or agent.assignments == old == new:
                continue
            left = self._left_by_apply(row, agent.assignments, old, before)
            changed = self._left_by_apply(row, agent.assignments, new, after)
            if left != changed:
                yield _Moved(row, left, changed, frozenset(number for number, _ in left.items() ^ changed.items()))

    def _left_by_apply(self, row: Row, live: bytes, wanted: bytes, in_force: InForce) -> dict[int, int]:
        """Give an agent's codes as an apply leaves them."""
        sets = sets_to_write(live, wanted, self._ignored, self._scope.skills)
        if sets is None:
            return unpack(live)
        # A hold is rare, and asking for each skill whether it is held costs more than all the rest.
        return leave_held(*sets, lambda number: in_force.is_held(row, number))[0] if in_force.holds else sets[1]

    def _effects(self, moved: list[_Moved]) -> tuple[tuple[SkillTurn, ...], Counter[tuple[str, int]]]:
        """Count what changes of which skill, and how many more active agents can take what, by gauge."""
        turns: defaultdict[int, Counter[Action]] = defaultdict(Counter)
        shifts = Counter[tuple[str, int]]()
        for each in moved:
            is_active = self._sides.matched.live[each.row].active
            for number in each.numbers:
                old, new = each.before.get(number), each.after.get(number)
                turns[number][_action(old, new)] += 1
                skill_id = self._sides.live.catalog[number].id
                for gauge in self._gauges.get(skill_id, ()) if is_active else ():
                    shifts[skill_id, gauge] += _counts(new, gauge) - _counts(old, gauge)
        names = self._sides.live.catalog
        skills = (SkillTurn(SkillName(names[number].id, names[number].name), turns[number]) for number in turns)
        return tuple(sorted(skills, key=lambda each: (each.skill.name, each.skill.id))), shifts

    def _shift(self, gauge: tuple[str, int], by: int) -> CoverageRow:
        row = self._coverage[gauge]
        self._coverage[gauge] = moved = replace(row, before=row.after, after=row.after + by, lowest=None)
        return moved

    def _listed(self, moved: list[_Moved], in_force: InForce) -> tuple[AgentTurn, ...]:
        """List as many agents as there is room for: who loses something first, then in the order of the files."""
        sides = replace(self._sides, resolved=replace(self._sides.resolved, in_force=in_force))
        chosen = sorted(moved, key=lambda each: (not each.loses, each.row))[: self._room]
        self._room -= len(chosen)
        return tuple(sorted((_agent_turn(sides, each) for each in chosen), key=by_name))

    def _events(self, moment: datetime) -> Iterator[Event]:
        timed, desired = self._sides.resolved.timed, self._sides.resolved.desired
        for found in filter(self._concerns, timed.overrides):
            override = found.override
            for turn, at in zip((Turn.BEGINS, Turn.ENDS), _turns(override), strict=True):
                if at == moment:
                    whom = whom_of(override.selection)
                    yield Event(Kind.OVERRIDE, turn, whom, override.position, override.reason, override.ticket)
        for hold in (each.hold for each in timed.holds if self._concerns(each)):
            if hold.window.until == moment:
                yield Event(Kind.HOLD, Turn.ENDS, what_of(hold), hold.position, hold.reason)
        is_whole = self._scope.rows is None and self._scope.skills is None
        for floor in desired.policies.coverage if is_whole else ():
            if floor.waive_until == moment:
                yield Event(Kind.WAIVER, Turn.ENDS, f"the floor of `{floor.skill}`", floor.position, floor.reason)


def _turns(override: Override) -> tuple[datetime | None, datetime]:
    return override.window.start, override.window.until


def _agent_turn(sides: Sides, moved: _Moved) -> AgentTurn:
    return AgentTurn(
        agent=agent_name_of(sides, moved.row),
        team=team_of(sides.resolved.desired, moved.row),
        source=position_of(sides.resolved.desired, moved.row),
        skills=list_changes(moved.before, moved.after, sides.live.catalog, origins_of(sides, moved.row)),
    )


def _action(old: int | None, new: int | None) -> Action:
    if old is None:
        return Action.ADD
    return Action.REMOVE if new is None else Action.CHANGE


def _counts(code: int | None, min_proficiency: int) -> bool:
    if code is None:
        return False
    assignment = decode(code)
    return assignment.available and assignment.proficiency >= min_proficiency
