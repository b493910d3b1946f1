"""The names by which the files call skills, and what is wrong with them, each at its place."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.model.assignments import ABSENT, CODE_BITS, CODE_MASK
from reconciler.model.desired import AgentTable, DesiredState
from reconciler.model.position import SourcePosition, unpack_position
from reconciler.model.skills import SkillCatalog
from reconciler.plan.ignored import ignored_skills
from reconciler.plan.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class _Use:
    """One place where a file names a skill."""

    ref: str
    code: int
    position: SourcePosition
    owner: str


def refs_of(desired: DesiredState) -> set[str]:
    """Give every name by which the files call a skill."""
    refs = {ref for table in desired.tables for ref in table.skills}
    refs |= {entry.skill for profile in desired.profiles.values() for entry in profile.entries}
    refs |= {entry.skill for override in desired.overrides for entry in override.entries}
    return refs | {skill.name for hold in desired.holds for skill in hold.skills}


def wrong_uses(desired: DesiredState, catalog: SkillCatalog, found: Mapping[str, list[int]]) -> Iterator[Diagnostic]:
    """Find the places that name no skill, several, or one that nobody can be given; `found` are numbers by ref."""
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


def named_twice(desired: DesiredState, number_of: Mapping[str, int]) -> Iterator[Diagnostic]:
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
    yield from (use for use in _timed_uses(desired) if use.ref in refs)
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


def _timed_uses(desired: DesiredState) -> Iterator[_Use]:
    for override in desired.overrides:
        for entry in override.entries:
            # What takes a skill away, or only its availability, gives it to nobody.
            code = ABSENT if entry.proficiency is None else entry.over(None) or 0
            yield _Use(entry.skill, code, entry.position, f"override {override.position}")
    for hold in desired.holds:
        for skill in hold.skills:
            yield _Use(skill.name, ABSENT, skill.position, f"hold {hold.position}")
