"""What the rest of the tool sees of a live tenant: how to reach it, what it can do, and what a run has cost."""

from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from reconciler.model.agents import LiveState
from reconciler.model.answer_heads import AnswerHead
from reconciler.model.answers import AgentState, WriteAnswer
from reconciler.model.assignments import Assignment
from reconciler.model.redactor import Redactor
from reconciler.model.secret import Secret
from reconciler.model.skills import SkillCatalog
from reconciler.model.tenant import Api, RateLimit

# An ASGI message holds whatever the protocol's next extension needs: `Any` is its own word for that.
_Message = MutableMapping[str, Any]
ASGIApp = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a tenant.

    `base_url` is an origin: scheme, host and port, nothing else. `secret_names` are the variables that the credential
    came from, for messages. `timeout_s` is the deadline of one request, from its first byte to the answer's last.
    `app` is an embedded tenant, spoken to in process instead of over sockets. `ledger` is the file in which all
    processes of this machine share the tenant's rate limit; without one the limit is this process's own. `redactor`
    learns what to keep secret. `hear` is told what the head of each answer says.
    """

    api: Api
    base_url: str
    client_id: Secret
    client_secret: Secret
    rate_limit: RateLimit
    max_concurrency: int
    secret_names: tuple[str, str] = ("CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET")
    timeout_s: float = 30.0
    app: ASGIApp | None = None
    ledger: Path | None = None
    redactor: Redactor = field(default_factory=Redactor, compare=False)
    hear: Callable[[AnswerHead], None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Requests:
    """What a run has sent, every attempt counted; `throttled` is how many were answered 429."""

    sent: int = 0
    throttled: int = 0
    tokens: int = 0
    reads: int = 0
    writes: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """What one agent tells of a tenant: how many there are, and whether they have versions (None: there is nobody)."""

    total: int
    is_versioned: bool | None


class Tenant(Protocol):
    """A driver: one dialect, spoken to one tenant.

    Every method raises AccessDenied when the credential or a scope is refused, and TenantError when the tenant cannot
    be reached or its answer cannot be relied upon.
    """

    async def read_skills(self) -> SkillCatalog:
        """Read every skill; a listing that keeps moving is a TenantError."""

    async def glance(self) -> Glance:
        """Read one agent, whichever comes first, in as few requests as that takes."""

    async def read_agents(
        self,
        catalog: SkillCatalog,
        wanted: Collection[str] | None,
        progress: Callable[[int, int], None] | None = None,
        *,
        graded: bool = False,
    ) -> LiveState:
        """Read every agent, keeping those that `wanted` (casefolded e-mails, user names, ids) names; None is everyone.

        `progress` hears how many pages of how many are in. With `graded` everyone is counted by proficiency too.

        A listing that keeps moving is a TenantError as long as somebody wanted has not been found.
        """

    async def read_agent(self, agent_id: str) -> AgentState | None:
        """Read one agent; None when there is none. One whose set makes no sense is a TenantError."""

    async def read_sets(self, agent_ids: Collection[str]) -> dict[str, AgentState]:
        """Read many agents again in as few requests as that takes; those gone or unreadable are left out."""

    def adjacent(self) -> AbstractAsyncContextManager[None]:
        """Within: what this task reads and then writes leaves without a wait for the rate limit between."""

    async def write_agent(
        self,
        agent_id: str,
        assignments: Mapping[str, Assignment],
        version: str | None,
        departing: Callable[[], None] | None = None,
    ) -> WriteAnswer:
        """Replace the agent's whole set, on condition of `version` where one is given. Never repeated blindly.

        `departing` is called right before each attempt leaves, after every wait; when it raises, nothing is sent, and
        what it raised comes out of here.
        """

    @property
    def requests(self) -> Requests:
        """What has been sent so far."""
