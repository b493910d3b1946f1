"""Lost updates: a tenant that answers 409, 5xx and nothing at all, while somebody else edits the same agents.

With versions no edit may be lost. Without them one that falls between our look at an agent and our write is lost, and
nothing that the tenant answers can show it; such losses are counted, and everything that a look could show is caught.
"""

from random import Random

from reconciler.simulator import Behaviour, Fault, Kind
from tests.simulation.schedule import Schedule, Trouble

_AGENT = "/api/v2/agents/*"


def storm(seed: int, *, versioned: bool) -> Schedule:
    """Make a schedule: 20 % 409, 20 % 5xx and 10 % timeouts, half before, half after the commit; and busy outsiders."""
    random = Random(f"{seed} storm")
    return Schedule(
        seed=seed,
        agents=random.choice((2, 4, 6, 8)),
        unmanaged=1,
        skills=4,
        behaviour=Behaviour(versioned=versioned, limit=None),
        max_concurrency=random.choice((2, 10)),
        latency_s=random.choice((0.01, 0.1)),
        troubles=tuple(Trouble(name, fault) for name, fault in _FAULTS),
        outsiders={"edit": random.choice((0.3, 1.0, 5.0)), "edit-ignored": 0.5},
        pause_s=0.0,
    )


_FAULTS = (
    ("conflicts", Fault(Kind.STATUS, "PATCH", _AGENT, times=None, chance=0.2, status=409)),
    ("write-5xx-before", Fault(Kind.STATUS, "PATCH", _AGENT, times=None, chance=0.1, status=503)),
    ("write-5xx-after", Fault(Kind.COMMIT_THEN_STATUS, "PATCH", _AGENT, times=None, chance=0.1, status=502)),
    ("write-slow-before", Fault(Kind.DELAY_BEFORE, "PATCH", _AGENT, times=None, chance=0.05, seconds=40.0)),
    ("edits-at-writes", Fault(Kind.ACT_BEFORE, "PATCH", _AGENT, times=None, chance=0.1)),
    ("write-slow-after", Fault(Kind.DELAY_AFTER, "PATCH", _AGENT, times=None, chance=0.05, seconds=40.0)),
)
