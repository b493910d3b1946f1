"""Names to ids, for skills: what the files call a skill becomes the number of a live one, or an error at its place."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter

from reconciler.diagnostics import Diagnostic
from reconciler.model.assignments import ABSENT, CODE_BITS, CODE_BYTE, CODE_MASK, ENTRY_BYTES, pack, pack_entries
from reconciler.model.desired import AgentTable, DesiredState, Profile
from reconciler.model.position import SourcePosition, unpack_position
from reconciler.model.skills import SkillCatalog
from reconciler.plan.suggest import did_you_mean

# A step of a set as it is built up: the code (ABSENT drops the skill) and where it was written.
Step = tuple[int, SourcePosition]


@dataclass(frozen=True, slots=True)
class ResolvedState:
    """Desired state in the tenant's own skill numbers.

    `numbers[t][k]` is the skill number of `tables[t].skills[k]`; `profiles` maps a profile to its steps, with what it
    extends already in.
    """

    desired: DesiredState
    numbers: tuple[tuple[int, ...], ...]
    profiles: Mapping[str, Mapping[int, Step]]

    def packed_sets(self, table: int) -> Iterator[bytes]:
        """Give the packed set of every row of a table, in order; the hot loop of a plan."""
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
        """Give the agent's whole set with its places: later profiles win over earlier ones, own skills over all."""
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


def ignoring_glob(name: str, globs: Iterable[str]) -> str | None:
    """Find the glob of `ignore_skills` that leaves a skill to others; None when the skill is ours."""
    return next((glob for glob in globs if fnmatchcase(name, glob)), None)


def ignored_skills(desired: DesiredState, catalog: SkillCatalog) -> frozenset[int]:
    """Give the numbers of the skills that `ignore_skills` leaves to others."""
    return frozenset(
        number
        for number, skill in enumerate(catalog.skills)
        if ignoring_glob(skill.name, desired.ignore_skills) is not None
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """One place where a file names a skill."""

    ref: str
    code: int
    position: SourcePosition
    owner: str


def resolve_skills(desired: DesiredState, catalog: SkillCatalog) -> tuple[ResolvedState | None, tuple[Diagnostic, ...]]:
    """Find every skill that the files name; any error means that there is no resolved state."""
    refs = {ref for table in desired.tables for ref in table.skills}
    refs |= {entry.skill for profile in desired.profiles.values() for entry in profile.entries}
    found = {ref: catalog.numbers_named(ref) for ref in refs}
    diagnostics = list(_wrong_uses(desired, catalog, found))
    if not diagnostics:
        diagnostics = list(_named_twice(desired, {ref: numbers[0] for ref, numbers in found.items()}))
    if diagnostics:
        return None, tuple(sorted(diagnostics, key=lambda each: each.sort_key))
    number_of = {ref: numbers[0] for ref, numbers in found.items()}
    tables = tuple(tuple(number_of[ref] for ref in table.skills) for table in desired.tables)
    return ResolvedState(desired, tables, _flatten(desired.profiles, number_of)), ()


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


def _wrong_uses(desired: DesiredState, catalog: SkillCatalog, found: Mapping[str, list[int]]) -> Iterator[Diagnostic]:
    ignored = ignored_skills(desired, catalog)
    suspects = {
        ref
        for ref, numbers in found.items()
        if len(numbers) != 1 or not catalog[numbers[0]].active or numbers[0] in ignored
    }
    for use in _uses(desired, suspects):
        numbers = found[use.ref]
        if not numbers:
            yield _unknown(use, catalog)
        elif len(numbers) > 1:
            yield _ambiguous(use, catalog, numbers)
        elif numbers[0] in ignored:
            yield Diagnostic(
                "ignored-skill",
                f"skill `{use.ref}` is `{catalog[numbers[0]].name}`, which `ignore_skills` leaves to others",
                "remove this line, or the pattern from `ignore_skills` in tenant.yaml",
                use.position,
            )
        elif use.code != ABSENT:
            yield Diagnostic(
                "skill-inactive",
                f"skill `{use.ref}` is not active on the tenant, so nobody can be given it",
                "activate it in the tenant's administration, or remove this line",
                use.position,
            )


def _unknown(use: _Use, catalog: SkillCatalog) -> Diagnostic:
    return Diagnostic(
        "skill-unknown",
        f"skill `{use.ref}` does not exist on the tenant",
        did_you_mean(use.ref, catalog.names, "names match exactly; create the skill first, or remove this line"),
        use.position,
    )


def _ambiguous(use: _Use, catalog: SkillCatalog, numbers: list[int]) -> Diagnostic:
    skills = ", ".join(
        f"{catalog[number].id} ({'active' if catalog[number].active else 'inactive'})" for number in numbers
    )
    return Diagnostic(
        "skill-ambiguous",
        f"`{use.ref}` names {len(numbers)} skills of the tenant: {skills}",
        f"write the id that you mean in place of the name, e.g. `{catalog[numbers[0]].id}: …`",
        use.position,
    )


def _named_twice(desired: DesiredState, number_of: Mapping[str, int]) -> Iterator[Diagnostic]:
    """One set that names one skill by its name and again by its id."""
    shared = {number for number, refs in Counter(number_of.values()).items() if refs > 1}
    if not shared:
        return
    first: dict[tuple[str, int], _Use] = {}
    for use in _uses(desired, {ref for ref, number in number_of.items() if number in shared}):
        earlier = first.setdefault((use.owner, number_of[use.ref]), use)
        if earlier is not use:
            yield Diagnostic(
                "skill-named-twice",
                f"`{use.ref}` and `{earlier.ref}` (line {earlier.position.line}) are one skill, set twice",
                "keep one of the two lines",
                use.position,
            )


def _uses(desired: DesiredState, refs: set[str]) -> Iterator[_Use]:
    """Every place that names one of `refs`; only asked for when something is wrong."""
    for profile in desired.profiles.values():
        for entry in profile.entries:
            if entry.skill in refs:
                position = unpack_position(profile.position.file, entry.position)
                yield _Use(entry.skill, entry.code, position, f"profile {profile.name}")
    for table in desired.tables:
        wanted = {local for local, ref in enumerate(table.skills) if ref in refs}
        if wanted:
            yield from _table_uses(table, wanted)


def _table_uses(table: AgentTable, wanted: set[int]) -> Iterator[_Use]:
    for row, ref in enumerate(table.refs):
        for at in range(table.starts[row], table.starts[row + 1]):
            entry = table.entries[at]
            if entry >> CODE_BITS in wanted:
                position = table.position_of_entry(at)
                yield _Use(table.skills[entry >> CODE_BITS], entry & CODE_MASK, position, f"agent {ref}")
