"""Who is taken into the files, and under which team: globs on e-mail, user name and id; the first team counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.desired.naming import check_name
from reconciler.desired.writing.agents import Group
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.agents import LiveAgent

EXAMPLE = "write it as NAME=GLOB[,GLOB…], e.g. 'Billing EMEA=*.emea@example.com'"


@dataclass(frozen=True, slots=True)
class Team:
    """A label, and the globs of those who are in it."""

    name: str
    globs: tuple[str, ...]

    def holds(self, agent: LiveAgent) -> bool:
        """Whether a glob matches, without regard to case, as everywhere with agents."""
        names = [name.casefold() for name in (agent.email, agent.user_name, agent.id)]
        return any(fnmatchcase(name, glob.casefold()) for glob in self.globs for name in names)


def parse_team(text: str, *, may_be_bare: bool = False) -> Team:
    """Read `NAME=GLOB[,GLOB…]`; a name alone where it `may_be_bare`. InvalidInput says what is wrong with it."""
    name, equals, globs = (part.strip() for part in text.partition("="))
    problem = check_name(name, "team's name")
    if problem is not None:
        raise InvalidInput(Diagnostic("usage", problem.message, problem.hint or EXAMPLE))
    found = tuple(glob for part in globs.split(",") if (glob := part.strip()))
    if not found and (equals or not may_be_bare):
        raise InvalidInput(Diagnostic("usage", f"the team `{name}` has no glob", EXAMPLE))
    return Team(name, found)


@dataclass(frozen=True, slots=True)
class Choice:
    """`groups` get files, `counts` are how many each team holds, `rest` is in no team, `inactive` was passed over."""

    groups: tuple[Group, ...]
    counts: tuple[tuple[Team, int], ...]
    rest: tuple[LiveAgent, ...]
    inactive: int


def choose(agents: Sequence[LiveAgent], teams: Iterable[Team], *, takes_rest: bool, takes_inactive: bool) -> Choice:
    """Deal out the agents. With `takes_rest` those in no team get a file without a label; `rest` names them anyway."""
    candidates = [agent for agent in agents if agent.active or takes_inactive]
    rest = candidates
    groups: list[Group] = []
    counts: list[tuple[Team, int]] = []
    for team in merged(teams):
        members = [agent for agent in rest if team.holds(agent)]
        taken = {agent.id for agent in members}
        rest = [agent for agent in rest if agent.id not in taken]
        counts.append((team, len(members)))
        groups.append(Group(team.name, tuple(members)))
    if takes_rest:
        groups.append(Group(None, tuple(rest)))
    filled = tuple(group for group in groups if group.agents)
    return Choice(filled, tuple(counts), tuple(rest), len(agents) - len(candidates))


def merged(teams: Iterable[Team]) -> list[Team]:
    """Put together what is said of one team in several places."""
    globs: dict[str, tuple[str, ...]] = {}
    for team in teams:
        globs[team.name] = (*globs.get(team.name, ()), *team.globs)
    return [Team(name, listed) for name, listed in globs.items()]
