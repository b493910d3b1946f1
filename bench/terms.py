"""What a run in virtual time is about: sizes, the tenant's limit and the one that is configured, and the way there."""

from dataclasses import dataclass, field

LIMIT = 100
WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands between a tool and its tenant.

    `configured` is the limit that the tool is told, `limit` the tenant's own (None: there is none). Each way takes
    `latency_s` on average, drawn evenly from as much below as above it: `jitter` times the average. `ledger` is the
    store of our rate ledger, `retry_after` how the tenant says it (see `simulator.RetryAfter`).
    """

    configured: int = LIMIT
    limit: int | None = LIMIT
    window_s: float = WINDOW_S
    latency_s: float = 0.05
    jitter: float = 0.0
    ledger: str = "memory"
    rate_headers: bool = False
    retry_after: str = "seconds"


@dataclass(frozen=True, slots=True)
class Case:
    """One run: every agent of a tenant is to be changed, by us or by the simple updater.

    Before it `plans` of ours and requests of `others` take a part of its window, the last of them `pause_s` before.
    """

    name: str
    changed: int
    terms: Terms = field(default_factory=Terms)
    plans: int = 0
    others: int = 0
    pause_s: float = 0.0
    is_simple: bool = False
