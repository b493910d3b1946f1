"""Decides by plain equality whether an agent is to be written, and lists what changes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.assignments import Assignment, decode, unpack
from reconciler.model.position import SourcePosition
from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import Action, AssignmentChange, SkillName, Until
from reconciler.plan.describe import describe
from reconciler.plan.resolve import Step


def sets_to_write(
    before: bytes,
    desired: bytes,
    ignored: Collection[int],
    chosen: Collection[int] | None,
    *,
    no_removals: bool = False,
) -> tuple[dict[int, int], dict[int, int]] | None:
    """Give an agent's codes before and after, or None when they are equal.

    `before` and `desired` are packed sets. The skills in `ignored` keep what is live; with `chosen`, so do all others
    than those; with `no_removals`, all that would be removed. What is returned is the whole set, for a write replaces
    everything.
    """
    if before == desired:
        return None
    live, after = unpack(before), unpack(desired)
    kept = {number for number in live if number in ignored or (chosen is not None and number not in chosen)}
    if no_removals:
        kept |= live.keys() - after.keys()
    if chosen is not None:
        after = {number: code for number, code in after.items() if number in chosen}
    after |= {number: live[number] for number in kept}
    return None if live == after else (live, after)


@dataclass(frozen=True, slots=True)
class Origins:
    """Where an agent's values were written, by skill number; `overridden` are those that an override asks for."""

    agent: SourcePosition
    steps: Mapping[int, Step]
    overridden: Mapping[int, Until] = field(default_factory=dict)


def list_changes(
    before: Mapping[int, int],
    after: Mapping[int, int],
    catalog: SkillCatalog,
    origins: Origins,
) -> tuple[AssignmentChange, ...]:
    """List what differs, sorted by skill name; a removal stands nowhere in the files, so it points at the agent.

    What an override asks for, a removal too, points at the override.
    """
    changes = [
        change
        if (until := origins.overridden.get(number)) is None
        else replace(change, source=until.source, override=until)
        for number, change in _changes(before, after, catalog, origins)
    ]
    return tuple(sorted(changes, key=lambda change: (change.skill.name, change.skill.id)))


def _changes(
    before: Mapping[int, int],
    after: Mapping[int, int],
    catalog: SkillCatalog,
    origins: Origins,
) -> Iterator[tuple[int, AssignmentChange]]:
    for number in before.keys() | after.keys():
        skill = SkillName(catalog[number].id, catalog[number].name)
        if number not in after:
            yield number, AssignmentChange(Action.REMOVE, skill, decode(before[number]), None, origins.agent)
        elif number not in before:
            yield number, AssignmentChange(Action.ADD, skill, None, decode(after[number]), origins.steps[number][1])
        elif before[number] != after[number]:
            old, new = decode(before[number]), decode(after[number])
            yield number, AssignmentChange(Action.CHANGE, skill, old, new, origins.steps[number][1], describe(old, new))


def leave_held(
    before: Mapping[int, int], wanted: Mapping[int, int], is_held: Callable[[int], bool]
) -> tuple[dict[int, int], frozenset[int]]:
    """Keep what live says of the skills that are held; gives the codes after, and the held skills that differ."""
    differing = frozenset(
        number
        for number in before.keys() | wanted.keys()
        if before.get(number) != wanted.get(number) and is_held(number)
    )
    after = {number: code for number, code in wanted.items() if number not in differing}
    return after | {number: before[number] for number in differing if number in before}, differing


def by_skill_id(codes: Mapping[int, int], catalog: SkillCatalog) -> dict[str, Assignment]:
    """Turn `{skill number: code}` into `{skill id: assignment}`."""
    return {catalog[number].id: decode(code) for number, code in codes.items()}
