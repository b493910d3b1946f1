"""A run as its journal tells it: who wrote what, from which value to which, and how each write ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentName, SkillName
from reconciler.plan.outcome import Status


class RunKind(StrEnum):
    """What a run was started as."""

    APPLY = "apply"
    ROLLBACK = "rollback"


class RunState(StrEnum):
    """How a run ended, as far as its journal knows."""

    COMPLETE = "complete"  # every agent as planned
    PARTLY = "partly"  # ended by itself, with agents left
    INTERRUPTED = "interrupted"  # ended by a signal
    KILLED = "killed"  # the journal has no end: killed, or still under way


@dataclass(frozen=True, slots=True)
class RunHead:
    """The first line of a journal.

    `who` and `commit` come from CI or git, and are empty where neither says. `allowed` are the codes that `--allow`
    named. `reverts` is the run that a rollback undoes.
    """

    run: str
    kind: RunKind
    tenant: str
    digest: str
    started_at: datetime
    who: str = ""
    commit: str = ""
    allowed: tuple[str, ...] = ()
    reverts: str = ""


@dataclass(frozen=True, slots=True)
class WrittenSkill:
    """One assignment that a write changed; None is absent."""

    skill: SkillName
    before: Assignment | None
    after: Assignment | None


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """What a run did, or may have done, to one agent.

    `before` and `after` are whole sets by skill id: before the first write for this agent, and as its last write asked;
    `asked` are the sets of all its writes, in order. `is_half`: the last write was the first of two (`Part.UNION`).
    `status` is None while no outcome was recorded: a doubtful write. `resolved_by` is the later run that looked after
    the doubt; `status` and `message` are then what it found. `has_intent` is False for an agent that nothing was sent
    for. `intended_at` is when the last write was about to leave, `version` what it was conditional upon.
    `source` is the line of the journal.
    """

    agent: AgentName
    team: str | None
    source: SourcePosition
    skills: tuple[WrittenSkill, ...]
    before: Mapping[str, Assignment]
    after: Mapping[str, Assignment]
    has_intent: bool
    status: Status | None
    message: str = ""
    asked: tuple[Mapping[str, Assignment], ...] = ()
    is_half: bool = False
    resolved_by: str = ""
    intended_at: datetime | None = None
    version: str | None = None

    @property
    def is_as_planned(self) -> bool:
        """Whether the run left the agent as it wanted it; False while nobody knows."""
        return self.status is not None and self.status.is_as_planned

    @property
    def is_doubtful(self) -> bool:
        """Whether a write was to be sent, and nobody knows yet how it ended."""
        return self.has_intent and not self.resolved_by and self.status in (None, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A whole run. `damage` says what is wrong with its journal (an edited line), and is empty when nothing is."""

    head: RunHead
    state: RunState
    ended_at: datetime | None
    agents: tuple[AgentRecord, ...]
    damage: str = ""
