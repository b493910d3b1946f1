"""What a checkup found out before anything judged it; whatever was not reached is None."""

from dataclasses import dataclass, field

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcileError
from reconciler.model.answer_heads import AnswerHead
from reconciler.model.answers import AgentState, WriteAnswer
from reconciler.model.skills import Skill
from reconciler.model.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Files:
    """What the folder `folder` (as somebody would type it) holds.

    `tenant` is what `tenant.yaml` says, `name` its name as far as that is known. `several` names the tenants of a
    folder with more than one, where nobody chose. `errors` are the faults of the files.
    """

    folder: str
    name: str = ""
    tenant: Tenant | None = None
    agents: int = 0
    errors: tuple[Diagnostic, ...] = ()
    several: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """Where the tenant is: `source` is the variable or the file that says so, `proxy` the variable that names one."""

    url: str
    source: str
    is_embedded: bool = False
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """The write that changes nothing. `error` instead of an answer where a request failed; `why_not` where none left.

    `agent` is how a person knows the agent.
    """

    agent: str = ""
    why_not: str = ""
    before: AgentState | None = None
    answer: WriteAnswer | None = None
    after: AgentState | None = None
    error: ReconcileError | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the tenant answered. `skills_error`, of the first question, may be about the network or the credential."""

    heads: tuple[AnswerHead, ...] = ()
    skills: tuple[Skill, ...] | None = None
    skills_error: ReconcileError | None = None
    agents: int | None = None
    agents_error: ReconcileError | None = None
    is_versioned: bool | None = None
    wrote: Wrote | None = None
    requests: int = 0

    @property
    def granted(self) -> AnswerHead | None:
        """The answer that gave a token, the last one where there were more."""
        return next((head for head in reversed(self.heads) if head.grants), None)


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The folder of records and locks; `error` says why it cannot be written. `unfinished` are the ids of runs."""

    path: str
    error: str = ""
    free_bytes: int = 0
    unfinished: tuple[str, ...] = ()
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The git checkout around the files: `branch` is empty where none is checked out, `upstream` where it has none.

    `changed` counts files that differ from the commit; `is_state_ignored` is None where the state folder lies outside.
    """

    commit: str
    branch: str
    upstream: str
    ahead: int
    behind: int
    changed: int
    is_state_ignored: bool | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs this, and where it writes: `why_plain` says why there are no colours, empty where there are."""

    version: str
    python: str
    system: str
    encoding: str
    why_plain: str = ""
    is_ci: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything together. `settings` are the faults of address and credential, without a value of either."""

    files: Files
    machine: Machine
    state: StateFolder
    checkout: Checkout | None = None
    address: Address | None = None
    secret_names: tuple[str, str] = ("CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET")
    settings: tuple[Diagnostic, ...] = ()
    asked: Asked = field(default_factory=Asked)
    is_write_wanted: bool = False

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.asked.requests
