"""The tenant itself, without HTTP: what it holds, what it lets itself be told, and the log of what was committed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from reconciler.simulator.agents import Agent, Assignment, Seed, Skill, SkillSet
from reconciler.simulator.behaviour import Behaviour
from reconciler.simulator.bodies import Refusal, read_skill_set
from reconciler.simulator.time_of_day import steady_clock


class Author(StrEnum):
    """Who made a commit: a client of the API, or somebody else (a supervisor at a screen, another tool)."""

    API = "api"
    OUTSIDER = "outsider"


@dataclass(frozen=True, slots=True)
class Commit:
    """One change that really happened. `before` is None for an agent that was added, `after` for one deleted.

    `request` is the number of the request that asked for it, in the log of the app. Versions inside count commits
    even where the tenant shows none.
    """

    at: float
    author: Author
    agent_id: str
    before: Agent | None
    after: Agent | None
    if_match: str | None = None
    request: int | None = None

    @property
    def skills_before(self) -> SkillSet:
        """The set that was replaced; empty for an agent that was added."""
        return self.before.skills if self.before else {}

    @property
    def skills_after(self) -> SkillSet:
        """The set as stored; empty for an agent that was deleted."""
        return self.after.skills if self.after else {}


class Tenant:
    """The state of one tenant. `clock` tells seconds, from the epoch where dates matter, and never goes back."""

    def __init__(
        self, seed: Seed, behaviour: Behaviour | None = None, *, clock: Callable[[], float] | None = None
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.clock = clock or steady_clock()
        self.skills: Mapping[str, Skill] = {skill.id: skill for skill in seed.skills}
        self.agents: dict[str, Agent] = {agent.id: agent for agent in seed.agents}
        self.commits: list[Commit] = []
        self._late: list[tuple[float, Callable[[], object]]] = []
        self._late_at: float | None = None

    # What the API may ask.

    def page_of_agents(self, start: int, count: int, *, as_of: float | None = None) -> tuple[list[Agent], int]:
        """Give `count` agents from the place `start` on, in the order in which they came, and how many there are."""
        agents = self.agents if as_of is None else self._agents_at(as_of)
        return list(islice(agents.values(), start, start + count)), len(agents)

    def agent(self, agent_id: str, *, as_of: float | None = None) -> Agent | None:
        """Find an agent by id, or None; `as_of` asks for what it was at that time (a read that lags)."""
        return (self.agents if as_of is None else self._agents_at(as_of)).get(agent_id)

    def replace_skills(
        self, agent_id: str, body: object, if_match: str | None = None, *, request: int | None = None
    ) -> Agent | Refusal:
        """Do what a PATCH asks for: replace the agent's whole set, or refuse with 400, 404 or 409.

        Every success counts the version up, even one that changes nothing, as a real store does.
        """
        with self._exclusive():
            agent = self.agents.get(agent_id)
            if agent is None:
                return Refusal(404, "Agent not found")
            wanted = read_skill_set(body, self.skills)
            if isinstance(wanted, Refusal):
                return wanted
            if self.behaviour.versioned and (refusal := _check_precondition(agent, if_match)):
                return refusal
            stored = replace(agent, skills=wanted, version=agent.version + 1)
            self._commit(agent, stored, Author.API, if_match, request)
            return stored

    # What an outsider may do, at any moment.

    def edit_skills(self, agent_id: str, changes: Mapping[str, Assignment | None]) -> Agent:
        """Change an agent's set behind the API's back: skill id -> the new assignment, or None to remove it."""
        with self._exclusive():
            agent = self.agents[agent_id]
            merged = {**agent.skills, **changes}
            kept = {skill_id: value for skill_id, value in merged.items() if value is not None}
            edited = replace(agent, skills=kept, version=agent.version + 1)
            self._commit(agent, edited, Author.OUTSIDER)
            return edited

    def put_agent(self, agent: Agent) -> None:
        """Add an agent, or put it in the place of the one with its id, whose version counts on."""
        with self._exclusive():
            before = self.agents.get(agent.id)
            after = replace(agent, version=before.version + 1) if before else agent
            self._commit(before, after, Author.OUTSIDER)

    def delete_agent(self, agent_id: str) -> None:
        """Delete an agent; whoever comes after it in a listing moves up by one place."""
        with self._exclusive():
            self._commit(self.agents[agent_id], None, Author.OUTSIDER)

    def put_skill(self, skill: Skill) -> None:
        """Add, rename, activate or deactivate a skill."""
        with self._exclusive():
            self.skills = {**self.skills, skill.id: skill}

    def delete_skill(self, skill_id: str) -> None:
        """Take a skill off the list; agents keep what they hold, as leftovers do."""
        with self._exclusive():
            self.skills = {known: skill for known, skill in self.skills.items() if known != skill_id}

    # Finding one's way about, for tests and demonstrations.

    def agent_named(self, ref: str) -> Agent:
        """Find an agent by e-mail, user name or id, without regard to case; KeyError when there is none."""
        folded = ref.casefold()
        for agent in self.agents.values():
            if folded in {agent.email.casefold(), agent.user_name.casefold(), agent.id.casefold()}:
                return agent
        raise KeyError(ref)

    def skill_named(self, name: str) -> Skill:
        """Find the first skill of that name; KeyError when there is none."""
        for skill in self.skills.values():
            if skill.name == name:
                return skill
        raise KeyError(name)

    # Time.

    def later(self, delay_s: float, action: Callable[[], object]) -> None:
        """Let `action` happen `delay_s` from now: whoever looks after that finds it done, at its own time."""
        self._late.append((self.clock() + delay_s, action))
        self._late.sort(key=lambda late: late[0])

    def catch_up(self) -> None:
        """Let everything happen whose time has come; the app does so before each request, a test before it judges."""
        while self._late and self._late[0][0] <= self.clock():
            self._late_at, action = self._late.pop(0)
            try:
                action()
            finally:
                self._late_at = None

    def _exclusive(self) -> AbstractContextManager[object]:
        """Surround what reads and then writes; a tenant that others share overrides it."""
        return nullcontext()

    def _commit(
        self,
        before: Agent | None,
        after: Agent | None,
        author: Author,
        if_match: str | None = None,
        request: int | None = None,
    ) -> None:
        agent = after or before
        if agent is None:
            message = "a commit has a before, an after, or both"
            raise ValueError(message)
        if after is None:
            del self.agents[agent.id]
        else:
            self.agents[agent.id] = after
        at = self.clock() if self._late_at is None else self._late_at
        self.commits.append(Commit(at, author, agent.id, before, after, if_match, request))

    def _agents_at(self, at: float) -> dict[str, Agent]:
        """Undo on a copy every commit made after `at`; one deleted since then stands at the end again."""
        agents = dict(self.agents)
        for commit in self._commits_since(at):
            if commit.before is None:
                agents.pop(commit.agent_id, None)
            else:
                agents[commit.agent_id] = commit.before
        return agents

    def _commits_since(self, at: float) -> Iterator[Commit]:
        for commit in reversed(self.commits):
            if commit.at <= at:
                return
            yield commit


def _check_precondition(agent: Agent, if_match: str | None) -> Refusal | None:
    if if_match is None or if_match == f'"{agent.version}"':
        return None
    if not (if_match.startswith('"') and if_match.endswith('"') and len(if_match) > len('""')):
        return Refusal(400, "Malformed If-Match", 'one strong entity tag is taken, such as "7"')
    return Refusal(409, "Agent was changed by somebody else", f"its version is {agent.version}")
