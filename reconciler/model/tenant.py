"""What a `tenant.yaml` says about its tenant, as plain values."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.position import SourcePosition


class Api(StrEnum):
    """The dialect that a tenant speaks; `simulator` is the embedded one."""

    ADMIN_V2 = "admin-v2"
    CXONE = "cxone"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` in any `per_seconds`, over all clients of the tenant together."""

    requests: int = 100
    per_seconds: float = 60.0

    def seconds_for(self, requests: int) -> float:
        """How long `requests` take at this rate, in seconds."""
        return requests * self.per_seconds / self.requests


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant as its `tenant.yaml` declares it.

    `env_prefix` begins the names of the variables that hold its credential (`CXONE` -> `CXONE_CLIENT_ID`).
    `position` is where `tenant:` stands.
    """

    name: str
    api: Api
    position: SourcePosition
    realm: str | None = None
    rate_limit: RateLimit = RateLimit()
    max_concurrency: int = 10
    env_prefix: str = "CXONE"
