"""What can only be judged over all files of a tenant: who is declared twice, and where names lead."""

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.desired.parsed import NameUse, ParsedProfile
from reconciler.desired.report import Report, did_you_mean, shown
from reconciler.desired.windows import ParsedWindow
from reconciler.model.assignments import CODE_BITS
from reconciler.model.desired import AgentTable, unpack_places
from reconciler.model.position import unpack_position
from reconciler.plan.ignored import ignoring_glob


class TenantPart(NamedTuple):
    """One file of a tenant: its agents, its profiles, the profiles it names, what holds for a time, and its report."""

    table: AgentTable
    profiles: list[ParsedProfile]
    profile_uses: list[NameUse]
    overrides: list[ParsedWindow]
    holds: list[ParsedWindow]
    report: Report


def check_together(parts: list[TenantPart], ignore_skills: tuple[str, ...], *, is_complete: bool) -> None:
    """Note all faults between the files; unless `is_complete`, an unread file may hold what is missing."""
    _check_agents(parts)
    profiles = _check_profiles(parts)
    if is_complete:
        _check_profile_names(parts, profiles)
        _check_selections(parts)
    _check_cycles(profiles)
    _check_ignored(parts, ignore_skills)


class _Place(NamedTuple):
    """A profile, and the report of its file."""

    profile: ParsedProfile
    report: Report


def _check_agents(parts: list[TenantPart]) -> None:
    """Each agent is declared once, whatever the case of its name."""
    total = sum(len(part.table.refs) for part in parts)
    if len({ref.casefold() for part in parts for ref in part.table.refs}) == total:
        return
    first: dict[str, str] = {}
    for part in parts:
        for ref, at in zip(part.table.refs, part.table.positions, strict=True):
            place = first.setdefault(ref.casefold(), here := str(unpack_position(part.report.file, at)))
            if place != here:
                message = f"the agent {shown(ref)} is declared twice, first at {place}"
                part.report.error("agent-twice", at, message, "keep one of the two", related=(place,))


def _check_profiles(parts: list[TenantPart]) -> dict[str, _Place]:
    """Each profile is defined once; gives the first of each name."""
    found: dict[str, _Place] = {}
    for part in parts:
        for profile in part.profiles:
            first = found.setdefault(profile.name, _Place(profile, part.report))
            if first.profile is not profile:
                place = str(unpack_position(first.report.file, first.profile.at))
                message = f"the profile {shown(profile.name)} is defined twice, first at {place}"
                hint = "keep one of the two, or rename one"
                part.report.error("profile-twice", profile.at, message, hint, related=(place,))
    return found


def _check_profile_names(parts: list[TenantPart], profiles: dict[str, _Place]) -> None:
    for part in parts:
        uses = [*part.profile_uses, *(use for profile in part.profiles for use in profile.extends)]
        for use in uses:
            if use.name not in profiles:
                hint = did_you_mean(use.name, profiles, "define it under `profiles` in any file of the tenant")
                part.report.error("unknown-profile", use.at, f"no profile is called {shown(use.name)}", hint)


def _check_selections(parts: list[TenantPart]) -> None:
    """Overrides and holds are about managed agents, named as they are declared, and about teams that have some."""
    windows = [(window, part.report) for part in parts for window in (*part.overrides, *part.holds)]
    if not windows:
        return
    teams = {part.table.team for part in parts if part.table.refs and part.table.team is not None}
    refs = {ref.casefold(): ref for part in parts for ref in part.table.refs}
    for window, report in windows:
        for team, at in window.teams:
            if team not in teams:
                hint = did_you_mean(team, sorted(teams), "write `team:` at the top of the file of its agents")
                report.error("unknown-team", at, f"no file with agents has the team {shown(team)}", hint)
        for agent, at in window.agents:
            if agent.casefold() not in refs:
                message = f"no file declares the agent {shown(agent)}"
                hint = did_you_mean(agent, refs.values(), "name the agent as the key below `agents:` does")
                report.error("unknown-agent", at, message, hint)


def _check_cycles(profiles: dict[str, _Place]) -> None:
    """No profile extends itself, over however many others; each circle is told once."""
    done: set[str] = set()
    for start in profiles:
        chain: list[tuple[str, Iterator[NameUse]]] = []
        on_chain: dict[str, int] = {}
        name: str | None = start
        while name is not None or chain:
            if name is not None and name in on_chain:
                _note_cycle([link for link, _ in chain[on_chain[name] :]], profiles)
            elif name is not None and name in profiles and name not in done:
                on_chain[name] = len(chain)
                chain.append((name, iter(profiles[name].profile.extends)))
            if not chain:
                break
            use = next(chain[-1][1], None)
            if use is None:
                finished, _ = chain.pop()
                del on_chain[finished]
                done.add(finished)
            name = use.name if use else None


def _note_cycle(names: list[str], profiles: dict[str, _Place]) -> None:
    profile, report = profiles[names[0]]
    chain = " → ".join([*names, names[0]])
    report.error("profile-cycle", profile.at, f"profiles extend each other in a circle: {chain}", "break the circle")


def _check_ignored(parts: list[TenantPart], ignore_skills: tuple[str, ...]) -> None:
    """No skill that others own is declared: it would never be written."""
    if not ignore_skills:
        return
    verdicts: dict[str, str | None] = {}
    for part in parts:
        for skill in {*part.table.skills, *(name for name, _ in _other_skills(part))}:
            if skill not in verdicts:
                verdicts[skill] = ignoring_glob(skill, ignore_skills)
            glob = verdicts[skill]
            if glob is not None:
                message = (
                    f"the skill {shown(skill)} is declared, but `ignore_skills` leaves it to others ({shown(glob)})"
                )
                hint = "remove it here, or narrow the glob in `tenant.yaml`"
                part.report.error("ignored-skill", _first_place(part, skill), message, hint)


def _other_skills(part: TenantPart) -> Iterator[tuple[str, int]]:
    """Give each skill that the file names elsewhere than on its agents, with its place."""
    yield from ((name, at) for profile in part.profiles for name, _, at in profile.entries)
    yield from ((entry.skill, entry.at) for override in part.overrides for entry in override.entries)
    yield from (use for hold in part.holds for use in hold.skills)


def _first_place(part: TenantPart, skill: str) -> int:
    """Where a file names a skill first."""
    places = [at for name, at in _other_skills(part) if name == skill]
    if skill in part.table.skills:
        number = part.table.skills.index(skill)
        entries = zip(part.table.entries, unpack_places(part.table.packed_places), strict=True)
        places += [at for entry, at in entries if entry >> CODE_BITS == number]
    return min(places)
