"""Who of a tenant is written again beside files that exist: by the teams of those files, or by globs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from reconciler.desired.writing.agents import Group
from reconciler.desired.writing.choice import Team, merged
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.desired import DesiredState
from reconciler.plan.match import agent_rows, table_and_row
from reconciler.plan.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Wish:
    """Who was asked for: any of the agents, in any of the teams; a team without globs is one that the files have."""

    agents: tuple[str, ...] = ()
    teams: tuple[Team, ...] = ()
    takes_inactive: bool = False


class Declared:
    """Where the files declare the agents of a tenant; those that they declare and the tenant lacks are nowhere here."""

    def __init__(self, desired: DesiredState, state: LiveState) -> None:
        rows = agent_rows(desired)
        self._tables: dict[str, list[int]] = {}
        self._desired = desired
        for agent in state.agents if rows else ():
            names = dict.fromkeys(name.casefold() for name in (agent.email, agent.user_name, agent.id))
            tables = [table_and_row(rows[name])[0] for name in names if name in rows]
            if tables:
                self._tables[agent.id] = tables

    def files_of(self, agent: LiveAgent) -> Iterator[str]:
        """Name the files that declare this agent."""
        return (self._desired.tables[table].file for table in self._tables.get(agent.id, ()))

    def team_of(self, agent: LiveAgent) -> str | None:
        """Give the label of the file that declares this agent; None where none does."""
        tables = self._tables.get(agent.id)
        return self._desired.tables[tables[0]].team if tables else None

    def holds(self, agent: LiveAgent) -> bool:
        """Whether a file declares this agent."""
        return agent.id in self._tables


def select(state: LiveState, desired: DesiredState, declared: Declared, wish: Wish) -> tuple[Group, ...]:
    """Deal out who was asked for. InvalidInput for a name that means nobody: a typo must not look like an empty team.

    Without teams in the wish everyone keeps the team of the files. Some groups may be empty. Who is not active is taken
    where a file declares them already, or `agents` names them without a glob.
    """
    labels = sorted({table.team for table in desired.tables if table.team is not None})
    _check_labels(wish.teams, labels)
    named = _named(state.agents, wish.agents)
    candidates = [
        agent
        for agent in state.agents
        if (agent.active or wish.takes_inactive or declared.holds(agent) or named.get(agent.id))
        and (not wish.agents or agent.id in named)
    ]
    if not wish.teams:
        by_label: dict[str | None, list[LiveAgent]] = {label: [] for label in (*labels, None)}
        for agent in candidates:
            by_label[declared.team_of(agent)].append(agent)
        return tuple(Group(label, tuple(agents)) for label, agents in by_label.items())
    return tuple(_dealt(candidates, wish.teams, declared))


def without(groups: Iterable[Group], declared: Declared, files: Iterable[str]) -> tuple[Group, ...]:
    """Leave out everyone whom one of `files` declares."""
    kept = frozenset(files)
    return tuple(
        replace(group, agents=tuple(each for each in group.agents if kept.isdisjoint(declared.files_of(each))))
        for group in groups
    )


def _check_labels(teams: Iterable[Team], labels: Sequence[str]) -> None:
    unknown = [
        Diagnostic(
            "team-unknown",
            f"--team {team.name}: no file has this `team:`",
            did_you_mean(team.name, labels, f"say who is in a new one: --team '{team.name}=GLOB'"),
        )
        for team in teams
        if not team.globs and team.name not in labels
    ]
    if unknown:
        raise InvalidInput(*unknown)


def _named(agents: Sequence[LiveAgent], patterns: Sequence[str]) -> dict[str, bool]:
    """Find the ids of those whom a pattern means, and whether one does so in full, without a glob."""
    found: dict[str, bool] = {}
    used: set[str] = set()
    folded = [(pattern, pattern.casefold()) for pattern in patterns]
    for agent in agents if patterns else ():
        names = [name.casefold() for name in (agent.email, agent.user_name, agent.id) if name]
        for pattern, glob in folded:
            is_full = glob in names
            if is_full or any(fnmatchcase(name, glob) for name in names):
                found[agent.id] = found.get(agent.id, False) or is_full
                used.add(pattern)
    nobody = [pattern for pattern in patterns if pattern not in used]
    if nobody:
        known = [name for agent in agents for name in (agent.email, agent.user_name) if name]
        otherwise = "write an e-mail, a user name or an id of the tenant, or a glob on them"
        raise InvalidInput(
            *(
                Diagnostic(
                    "pull-nobody",
                    f"--agent {pattern}: no agent of the tenant is called so",
                    did_you_mean(pattern, known, otherwise),
                )
                for pattern in nobody
            )
        )
    return found


def _dealt(candidates: Sequence[LiveAgent], teams: Sequence[Team], declared: Declared) -> Iterator[Group]:
    """Deal out the teams; the first that an agent is in counts."""
    rest = list(candidates)
    nobody: list[Diagnostic] = []
    for team in merged(teams):
        members = [agent for agent in rest if _is_in(agent, team, declared)]
        taken = {agent.id for agent in members}
        rest = [agent for agent in rest if agent.id not in taken]
        if not members:
            message = f"--team {team.name}: nobody is left for it"
            hint = "globs are compared with e-mail, user name and id; --agent and an earlier team may leave nobody"
            nobody.append(Diagnostic("pull-nobody", message, hint))
        yield Group(team.name, tuple(members))
    if nobody:
        raise InvalidInput(*nobody)


def _is_in(agent: LiveAgent, team: Team, declared: Declared) -> bool:
    return team.holds(agent) if team.globs else declared.team_of(agent) == team.name
