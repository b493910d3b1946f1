"""What one run of the simulation leaves behind for the checker: the tenant's log, the trips, and what the tool said."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from reconciler.plan.change import AgentChange, Plan
from reconciler.plan.outcome import AgentOutcome, Outcome
from reconciler.simulator import Agent, App, Author, Commit, Kind, SkillSet
from tests.simulation.machine import Line, Machine
from tests.simulation.network import Trip
from tests.simulation.people import People, Wishes, ignored, visible
from tests.simulation.schedule import Schedule

Pairs = Mapping[str, tuple[int, bool]]


@dataclass
class Run:
    """One apply (or plan) of the tool, by one machine. `stopped_at` is when a signal came; times are epoch seconds.

    `journal` holds the lines of its journal, as they were in the end.
    """

    name: str
    machine: Machine
    wishes: Wishes
    trips: list[Trip]
    began_at: float
    is_apply: bool = True
    is_confirmed: bool = True
    was_killed: bool = False
    planned_at: float | None = None
    stopped_at: float | None = None
    ended_at: float = 0.0
    plan: Plan | None = None
    outcome: Outcome | None = None
    # What stopped it: an error of ours that a person can read, or a surprise.
    error: BaseException | None = None
    tokens: set[str] = field(default_factory=set)
    # Its plan, in every format, and everything else that it showed: outcomes, messages, logs.
    shown: tuple[str, ...] = ()
    texts: list[str] = field(default_factory=list)
    journal: list[Line] = field(default_factory=list)
    # Where in the tenant's log of commits it began and ended.
    commits: tuple[int, int] = (0, 0)

    @property
    def patches(self) -> list[Trip]:
        """Its writes, as they left."""
        return [trip for trip in self.trips if trip.method == "PATCH"]

    @cached_property
    def change_of(self) -> Mapping[str, AgentChange]:
        """What its plan shows, by agent id."""
        return {change.agent.id: change for change in self.plan.changes} if self.plan else {}

    @cached_property
    def outcome_of(self) -> Mapping[str, AgentOutcome]:
        """What it said of each agent."""
        return {each.agent.id: each for each in self.outcome.agents} if self.outcome else {}

    def trips_to(self, agent_id: str) -> list[Trip]:
        """Its requests about one agent."""
        path = f"/api/v2/agents/{quote(agent_id, safe='')}"
        return [trip for trip in self.trips if trip.path == path]


@dataclass
class Evidence:
    """All of it. `met` counts how often each family of trouble hit a request, or an outsider did something."""

    schedule: Schedule
    people: People
    app: App
    runs: list[Run] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    # Edits of somebody else that a write of ours replaced on a tenant without versions, by how that came about.
    lost: Counter[str] = field(default_factory=Counter)
    # The place in the log of commits where the trouble ended.
    calm_from: int = 0

    @property
    def commits(self) -> list[Commit]:
        """The tenant's own log."""
        return self.app.tenant.commits

    @cached_property
    def run_by_request(self) -> Mapping[int, tuple[Run, Trip]]:
        """Whose each request in the tenant's log was."""
        return {trip.number: (run, trip) for run in self.runs for trip in run.trips if trip.number is not None}

    def was_hit_by(self, kinds: Collection[Kind]) -> bool:
        """Whether a fault of one of these kinds has struck."""
        return any(each.fault.kind in kinds and self.met[each.family] for each in self.schedule.troubles)

    def ours(self) -> Iterator[tuple[Commit, Run, Trip]]:
        """Every commit that a run asked for."""
        for commit in self.commits:
            if commit.author is Author.API and commit.request is not None:
                yield commit, *self.run_by_request[commit.request]

    def ours_of(self, run: Run) -> Mapping[str, list[Commit]]:
        """The commits that `run` asked for, by agent id."""
        found: dict[str, list[Commit]] = {}
        for commit, by, _ in self.ours():
            if by is run:
                found.setdefault(commit.agent_id, []).append(commit)
        return found

    @cached_property
    def throughout(self) -> Mapping[str, Agent]:
        """Agents that were there all the time."""
        moved = {commit.agent_id for commit in self.commits if commit.before is None or commit.after is None}
        return {agent.id: agent for agent in self.people.seed.agents if agent.id not in moved}


def pairs(skills: Mapping[str, tuple[int, bool]]) -> Pairs:
    """Make plain pairs of assignments, ours or the simulator's, so that they compare."""
    return {skill_id: (value[0], value[1]) for skill_id, value in skills.items()}


def seen(skills: SkillSet) -> Pairs:
    """Give a set without the skill that others own."""
    return pairs(visible(skills))


def others(skills: SkillSet) -> Pairs:
    """Give what others own of a set."""
    return pairs(ignored(skills))
