"""What becomes of files that exist when a tenant is written beside them: which are replaced, and what forbids it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.desired.writing.agents import MAX_FILE_BYTES, Group, Written, write_agents
from reconciler.desired.writing.selection import Declared, without
from reconciler.desired.writing.timed import refuse_timed
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.desired import DesiredState
from reconciler.plan.match import agent_rows, match_agents
from reconciler.plan.resolve import resolve_skills

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Pulled:
    """`written` is to be put down, over the files `replaced` (seen from the tenant's folder).

    `barred` are files to be written whose place is taken by one that has to stay. `already` are those who were asked
    for and stay in a file of theirs; `dropped` names those whom a replaced file declares and no file will any more,
    because the tenant lacks them or they cannot be written.
    """

    written: Written
    replaced: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    already: tuple[LiveAgent, ...] = ()
    dropped: tuple[str, ...] = ()


def pull(  # noqa: PLR0913 - all that a tenant's files are made of
    state: LiveState,
    desired: DesiredState,
    groups: Sequence[Group],
    now: datetime,
    *,
    below: str | None,
    may_replace: bool,
    has_profiles: bool,
    max_file_bytes: int = MAX_FILE_BYTES,
) -> Pulled:
    """Write `groups` for a place `below` the tenant's folder (ends with `/`, or is empty; None for one elsewhere).

    Nobody is declared twice: who is in a file that stays, stays there. InvalidInput where the files would not fit
    together afterwards, or a file that is replaced declares somebody who was not asked for.
    """
    if below is None:
        return Pulled(_write(state, desired, groups, () if has_profiles else None, max_file_bytes, ""))
    declared = Declared(desired, state)
    files = {table.file for table in desired.tables} | {each.position.file for each in desired.profiles.values()}
    files |= {each.position.file for each in desired.timed}
    kept: Collection[str] = frozenset() if may_replace else frozenset(files)
    while True:
        dealt = without(groups, declared, kept)
        written = _write(state, desired, dealt, None, max_file_bytes, below)
        paths = {below + file.path for file in written.files}
        grown = frozenset(kept) | (files - paths)
        if grown == kept:
            break
        # Fewer are replaced than it seemed: those in the others stay where they are.
        kept = grown
    if has_profiles:
        # The files are cut before profiles are found, so these are the same.
        taken = [name for name, profile in desired.profiles.items() if profile.position.file in kept]
        written = _write(state, desired, dealt, taken, max_file_bytes, below)
    replaced = frozenset(files) - kept
    refuse_timed(desired, replaced, {group.team for group in dealt if group.agents}, now)
    _refuse_unfit(state, desired, kept, now)
    chosen = {agent.id for group in dealt for agent in group.agents}
    gone = {left.agent.id for left in written.left_out}
    _refuse_losses(state, declared, replaced, chosen)
    asked = [agent for group in groups for agent in group.agents]
    return Pulled(
        written,
        tuple(sorted(replaced)),
        tuple(file.path for file in written.files if below + file.path in kept),
        tuple(sorted((agent for agent in asked if agent.id not in chosen), key=lambda each: (each.email, each.id))),
        tuple(_dropped(state, desired, replaced, gone)),
    )


def _write(  # noqa: PLR0913, PLR0917 - as above
    state: LiveState,
    desired: DesiredState,
    groups: Sequence[Group],
    taken: Iterable[str] | None,
    max_bytes: int,
    below: str,
) -> Written:
    return write_agents(
        state, groups, max_bytes, ignore_skills=desired.ignore_skills, taken_profiles=taken, below=below
    )


def _refuse_unfit(state: LiveState, desired: DesiredState, kept: Collection[str], now: datetime) -> None:
    """Refuse where the files that stay have a fault of their own, or miss a profile of one that goes."""
    profiles = {name: each for name, each in desired.profiles.items() if each.position.file in kept}
    tables = tuple(table for table in desired.tables if table.file in kept)
    uses = {name: table.file for table in tables for names in table.profile_lists for name in names}
    uses |= {name: profile.position.file for profile in profiles.values() for name in profile.extends}
    lost = [
        Diagnostic(
            "pull-profile",
            f"{desired.profiles[name].position.file} would be replaced, and {file} needs its profile `{name}`",
            "move the profile into a file of its own",
            desired.profiles[name].position,
        )
        for name, file in sorted(uses.items())
        if name not in profiles
    ]
    if lost:
        raise InvalidInput(*lost)
    rest = replace(desired, tables=tables, profiles=profiles)
    _, errors = resolve_skills(rest, state.catalog, now)
    _, unclear = match_agents(rest, agent_rows(rest), state)
    if errors or unclear:
        raise InvalidInput(*errors, *unclear)


def _refuse_losses(state: LiveState, declared: Declared, replaced: Collection[str], chosen: Collection[str]) -> None:
    lost: dict[str, list[LiveAgent]] = {}
    for agent in state.agents if replaced else ():
        for file in declared.files_of(agent):
            if file in replaced and agent.id not in chosen:
                lost.setdefault(file, []).append(agent)
    if lost:
        hint = "ask for everyone in that file too, or write elsewhere with --out"
        raise InvalidInput(
            *(
                Diagnostic(
                    "pull-loses",
                    f"{file} would be replaced, and declares {len(agents)} more who were not asked for: {_few(agents)}",
                    hint,
                )
                for file, agents in sorted(lost.items())
            )
        )


def _few(agents: Sequence[LiveAgent]) -> str:
    names = sorted(agent.email or agent.user_name or agent.id for agent in agents)[:_MOST_NAMED]
    return ", ".join(names) + (", …" if len(agents) > _MOST_NAMED else "")


def _dropped(
    state: LiveState, desired: DesiredState, replaced: Collection[str], gone: Collection[str]
) -> Iterator[str]:
    if not replaced:
        return
    live: Mapping[str, bool] = {
        name.casefold(): agent.id in gone
        for agent in state.agents
        for name in (agent.email, agent.user_name, agent.id)
        if name
    }
    for table in desired.tables:
        if table.file in replaced:
            yield from (ref for ref in table.refs if live.get(ref.casefold(), True))
