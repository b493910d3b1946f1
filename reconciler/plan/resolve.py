"""Names to ids, for skills: what the files call a skill becomes the number of a live one, or an error at its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import TopologicalSorter

from reconciler.diagnostics import Diagnostic
from reconciler.model.assignments import (
    ABSENT,
    CODE_BITS,
    CODE_BYTE,
    CODE_MASK,
    ENTRY_BYTES,
    pack,
    pack_entries,
    unpack,
)
from reconciler.model.desired import DesiredState, Profile
from reconciler.model.position import SourcePosition, unpack_position
from reconciler.model.skills import SkillCatalog
from reconciler.plan.refs import named_twice, refs_of, wrong_uses
from reconciler.plan.timed import NOTHING_IN_FORCE, InForce, OverrideUse, Timed, clashes, find_timed, without_ended

# A step of a set as it is built up: the code (ABSENT drops the skill) and where it was written.
Step = tuple[int, SourcePosition]


@dataclass(frozen=True, slots=True)
class ResolvedState:
    """Desired state in the tenant's own skill numbers.

    `numbers[t][k]` is the skill number of `tables[t].skills[k]`; `profiles` maps a profile to its steps, with what it
    extends already in. `timed` is what holds at some time, `in_force` what does at the moment that `at` chose.
    """

    desired: DesiredState
    numbers: tuple[tuple[int, ...], ...]
    profiles: Mapping[str, Mapping[int, Step]]
    timed: Timed
    in_force: InForce = NOTHING_IN_FORCE

    def at(self, now: datetime) -> "ResolvedState":
        """Choose a moment: what is desired then."""
        return replace(self, in_force=self.timed.at(now))

    def packed_sets(self, table: int) -> Iterator[bytes]:
        """Give the packed set of every row of a table, in order."""
        overlays = self.in_force.overlays.get(table)
        lasting = self._lasting_sets(table)
        if not overlays:
            return lasting
        return (overlaid(packed, overlays[row]) if row in overlays else packed for row, packed in enumerate(lasting))

    def _lasting_sets(self, table: int) -> Iterator[bytes]:
        """Give the same without any override; the hot loop of a plan."""
        columns = self.desired.tables[table]
        numbers = self.numbers[table]
        entries, starts = columns.entries, columns.starts
        bases = [self._base(names) for names in columns.profile_lists]
        packed_bases = [pack(base) for base in bases]
        shifted = [number << CODE_BITS for number in numbers]
        for row, base in enumerate(columns.profile_index):
            own = entries[starts[row] : starts[row + 1]]
            if not own:
                yield packed_bases[base]
            elif not bases[base] and ABSENT not in own.tobytes()[CODE_BYTE::ENTRY_BYTES]:
                yield pack_entries([shifted[entry >> CODE_BITS] | entry & CODE_MASK for entry in own])
            else:
                codes = bases[base] | {numbers[entry >> CODE_BITS]: entry & CODE_MASK for entry in own}
                yield pack({number: code for number, code in codes.items() if code != ABSENT})

    def _base(self, names: tuple[str, ...]) -> dict[int, int]:
        steps: dict[int, Step] = {}
        for name in names:
            _lay_over(steps, self.profiles[name])
        return {number: code for number, (code, _) in steps.items()}

    def steps(self, table: int, row: int) -> dict[int, Step]:
        """Give the agent's whole set with its places: what lasts, and over it what an override sets."""
        return self.laid_over(table, row)[0]

    def overridden(self, table: int, row: int) -> dict[int, OverrideUse]:
        """Give the skills of an agent for which an override sets something else than what lasts."""
        return self.laid_over(table, row)[1]

    def laid_over(self, table: int, row: int) -> tuple[dict[int, Step], dict[int, OverrideUse]]:
        """Give both: the agent's set, and which of it is an override's."""
        steps = self.lasting_steps(table, row)
        overridden: dict[int, OverrideUse] = {}
        for number, use in self.in_force.overlay(table, row).items():
            lasting = steps[number][0] if number in steps else None
            code = use.entry.over(lasting)
            if code != lasting:
                overridden[number] = use
                _lay_over(steps, {number: (ABSENT if code is None else code, use.entry.position)})
        return steps, overridden

    def lasting_steps(self, table: int, row: int) -> dict[int, Step]:
        """Give the agent's set without any override: later profiles win over earlier ones, own skills over all."""
        columns = self.desired.tables[table]
        numbers = self.numbers[table]
        steps: dict[int, Step] = {}
        for name in columns.profile_lists[columns.profile_index[row]]:
            _lay_over(steps, self.profiles[name])
        own = {
            numbers[columns.entries[at] >> CODE_BITS]: (
                columns.entries[at] & CODE_MASK,
                columns.position_of_entry(at),
            )
            for at in range(columns.starts[row], columns.starts[row + 1])
        }
        _lay_over(steps, own)
        return steps


def _lay_over(steps: dict[int, Step], upper: Mapping[int, Step]) -> None:
    for number, step in upper.items():
        if step[0] == ABSENT:
            steps.pop(number, None)
        else:
            steps[number] = step


def overlaid(packed: bytes, uses: Mapping[int, OverrideUse]) -> bytes:
    """Lay overrides over a packed set, by skill number."""
    codes: dict[int, int | None] = {**unpack(packed)}
    for number, use in uses.items():
        codes[number] = use.entry.over(codes.get(number))
    return pack({number: code for number, code in codes.items() if code is not None})


def resolve_skills(
    desired: DesiredState, catalog: SkillCatalog, now: datetime
) -> tuple[ResolvedState | None, tuple[Diagnostic, ...]]:
    """Find every skill that the files name; any error means that there is no resolved state.

    Overrides and holds that have ended `now` are left out. Of the others none is in force until `at` chooses a moment.
    """
    current = without_ended(desired, now)
    found = {ref: catalog.numbers_named(ref) for ref in refs_of(current)}
    diagnostics = list(wrong_uses(current, catalog, found))
    if not diagnostics:
        number_of = {ref: numbers[0] for ref, numbers in found.items()}
        diagnostics = [
            *named_twice(current, number_of),
            *clashes(current, current.overrides, number_of.__getitem__),
        ]
        if not diagnostics:
            tables = tuple(tuple(number_of[ref] for ref in table.skills) for table in desired.tables)
            timed = find_timed(current, number_of)
            return ResolvedState(desired, tables, _flatten(desired.profiles, number_of), timed), ()
    return None, tuple(sorted(diagnostics, key=lambda each: each.sort_key))


def _flatten(declared: Mapping[str, Profile], number_of: Mapping[str, int]) -> Mapping[str, Mapping[int, Step]]:
    """Lay each profile's own entries over what it extends; `absent` stays a step, to drop what an earlier one gave."""
    flat: dict[str, Mapping[int, Step]] = {}
    for name in TopologicalSorter({name: profile.extends for name, profile in declared.items()}).static_order():
        profile = declared[name]
        steps: dict[int, Step] = {}
        for parent in profile.extends:
            steps |= flat[parent]
        for entry in profile.entries:
            steps[number_of[entry.skill]] = (entry.code, unpack_position(profile.position.file, entry.position))
        flat[name] = steps
    return flat
