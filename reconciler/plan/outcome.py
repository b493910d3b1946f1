"""What became of a plan: one status for each agent, and the counts of the run."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from reconciler.diagnostics import Diagnostic
from reconciler.plan.change import AgentName


class Status(StrEnum):
    """How the write of one agent ended.

    `applied` means committed; `failed`, `conflict` and `not_tried` mean that nothing of ours was; `held_back` that
    nothing was taken away (what the first of two steps adds may be there); only `unknown` may be either.
    """

    APPLIED = "applied"
    ALREADY_DONE = "already_done"
    CONFLICT = "conflict"
    FAILED = "failed"
    HELD_BACK = "held_back"
    NOT_TRIED = "not_tried"
    UNKNOWN = "unknown"

    @property
    def is_as_planned(self) -> bool:
        """Whether the agent holds what the plan wants, whoever wrote it."""
        return self in {Status.APPLIED, Status.ALREADY_DONE}


@dataclass(frozen=True, slots=True)
class AgentOutcome:
    """One agent's status, with a sentence that says why where it is not plain."""

    agent: AgentName
    status: Status
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run.

    `requests` and `throttled` (429) count the whole run, plan and tokens included. `is_verified`: everything written
    was read again and found as planned; `unverified_by` says why it could not be read. `stopped_by` says why agents
    were not tried, `is_denied` that it was the credential. `unrecorded` is what the journal of the run lacks.
    """

    run: str
    tenant: str
    digest: str
    agents: tuple[AgentOutcome, ...]
    requests: int
    throttled: int
    seconds: float
    is_verified: bool
    stopped_by: tuple[Diagnostic, ...] = ()
    unverified_by: tuple[Diagnostic, ...] = ()
    is_interrupted: bool = False
    is_denied: bool = False
    unrecorded: tuple[AgentOutcome, ...] = ()

    @property
    def counts(self) -> Counter[Status]:
        """How many agents ended how."""
        return Counter(agent.status for agent in self.agents)

    @property
    def is_complete(self) -> bool:
        """Whether every agent of the plan is as planned."""
        return all(agent.status.is_as_planned for agent in self.agents)
