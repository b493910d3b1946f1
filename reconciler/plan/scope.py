"""The part of a tenant that one plan is about: `--agent`, `--team`, `--skill`, `--no-removals`, `--timed`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.model.agents import LiveAgent
from reconciler.model.desired import DesiredState
from reconciler.model.skills import SkillCatalog
from reconciler.plan.match import Matched, Row, ref_of, team_of
from reconciler.plan.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for: any of the agents, and any of the teams, and any of the skills; none given lets all pass.

    With `no_removals` an agent keeps every skill that the files do not give it. `timed` leaves what overrides began and
    ended by themselves (see `plan.begun`).
    """

    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    no_removals: bool = False
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """`filters` with every name found: rows of agents, skill numbers; None lets all pass.

    `begun` is what `timed` leaves of them: the skills of each agent.
    """

    rows: frozenset[Row] | None = None
    skills: frozenset[int] | None = None
    filters: Filters = Filters()
    begun: Mapping[Row, frozenset[int]] | None = None

    def holds(self, row: Row) -> bool:
        """Whether the plan is about this agent."""
        return (self.rows is None or row in self.rows) and (self.begun is None or row in self.begun)

    def skills_of(self, row: Row) -> frozenset[int] | None:
        """Give the skills of this agent that the plan is about; None is all of them."""
        return self.skills if self.begun is None else self.begun[row]


def check_teams(desired: DesiredState, filters: Filters) -> list[Diagnostic]:
    """Find the teams that no file has; needs no tenant."""
    teams = sorted({table.team for table in desired.tables if table.team is not None})
    return [
        Diagnostic(
            "team-unknown", f"--team {team}: no file has this `team:`", did_you_mean(team, teams, _listed(teams))
        )
        for team in filters.teams
        if team not in teams
    ]


def _listed(names: list[str]) -> str:
    return f"teams are: {', '.join(names)}" if names else "write `team: NAME` at the top of a file of agents"


def scope_of(
    desired: DesiredState, filters: Filters, catalog: SkillCatalog, rows: Mapping[str, Row], matched: Matched
) -> tuple[Scope, list[Diagnostic]]:
    """Find what the filters name; a name that means nothing is an error, for a typo must not look like `no changes`."""
    diagnostics: list[Diagnostic] = []
    numbers: set[int] = set()
    for skill in filters.skills:
        found = catalog.numbers_named(skill)
        numbers.update(found)
        if not found:
            hint = did_you_mean(skill, catalog.names, "names match exactly")
            diagnostics.append(Diagnostic("skill-unknown", f"--skill {skill}: no such skill on the tenant", hint))
    chosen = _chosen_rows(desired, filters, rows, matched, diagnostics)
    skills = frozenset(numbers) if filters.skills else None
    if chosen is not None and not chosen and not diagnostics:
        diagnostics.append(
            Diagnostic("scope-empty", "no agent is in all of the filters given", "give fewer of --agent and --team")
        )
    return Scope(chosen, skills, filters), diagnostics


def _chosen_rows(
    desired: DesiredState,
    filters: Filters,
    rows: Mapping[str, Row],
    matched: Matched,
    diagnostics: list[Diagnostic],
) -> frozenset[Row] | None:
    if not filters.agents and not filters.teams:
        return None
    chosen = {row for row in rows.values() if not filters.teams or team_of(desired, row) in filters.teams}
    if filters.agents:
        named = _rows_named(filters.agents, rows, matched.live)
        for name, found in named.items():
            if not found:
                refs = [ref_of(desired, row) for row in rows.values()]
                hint = did_you_mean(name, refs, "write it as in the files: e-mail, user name or id")
                diagnostics.append(Diagnostic("agent-unmanaged", f"--agent {name}: no file declares this agent", hint))
        chosen &= {row for found in named.values() for row in found}
    return frozenset(chosen)


def _rows_named(names: Collection[str], rows: Mapping[str, Row], live: Mapping[Row, LiveAgent]) -> dict[str, set[Row]]:
    """Find the rows of each name in one pass: after an import everyone may be named."""
    found: dict[str, set[Row]] = {name.casefold(): set() for name in names}
    for row, agent in live.items():
        for folded in (agent.email.casefold(), agent.user_name.casefold(), agent.id.casefold()):
            if folded in found:
                found[folded].add(row)
    for folded, named in found.items():
        if folded in rows:
            named.add(rows[folded])
    return {name: found[name.casefold()] for name in names}
