"""What a tenant answers about one agent: its state, and the closed family of answers to a write.

WriteAnswer
├── Stored      the tenant says what it stored
├── Accepted    done, it says, without saying what it stored: read the agent to know
├── Rejected    refused for good: nothing was written, and asking again changes nothing
├── Deferred    the tenant will not look at it for longer than anybody waits: nothing was written
├── Gone        there is no such agent any more: nothing was written
├── Contended   somebody else changed, or is changing, the agent: nothing was written
└── Doubtful    no answer, or one that proves nothing: the write may have happened
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.assignments import Assignment


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent's whole set at one moment: `{skill id: assignment}`, and the version that `If-Match` takes, if any."""

    id: str
    version: str | None
    assignments: Mapping[str, Assignment]


@dataclass(frozen=True, slots=True)
class Stored:
    """The state that the tenant says it stored; compare it with what was asked for."""

    state: AgentState


@dataclass(frozen=True, slots=True)
class Accepted:
    """Success without a usable body (202, 204, 200 with an odd one); `reason` in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refusal that stays one, with the tenant's own words; nothing was written."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """A pause (`Retry-After`) that nobody waits for, or too many refusals by the rate limit; the run should end."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """No such agent."""


@dataclass(frozen=True, slots=True)
class Contended:
    """A conflict (409, 412), with the tenant's own words; nothing was written."""

    message: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A timeout, a reset, a 5xx: whether the write happened is not known; `reason` in words."""

    reason: str


WriteAnswer = Stored | Accepted | Rejected | Deferred | Gone | Contended | Doubtful
