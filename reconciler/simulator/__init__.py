"""A simulated tenant: an independent witness of the contract, which imports nothing else of ours.

The model needs no HTTP (`Tenant`), the app no socket (`make_app`), and `serve` puts it on one. Its logs are the truth
that the tool is judged by: `tenant.commits` and `app.requests`.
"""

from collections.abc import Callable
from pathlib import Path

from reconciler.simulator.agents import Agent, Assignment, Seed, Skill, SkillSet
from reconciler.simulator.app import App, Arrival, make_app
from reconciler.simulator.behaviour import Behaviour, RetryAfter
from reconciler.simulator.bodies import Refusal
from reconciler.simulator.demo import demo_seed
from reconciler.simulator.faults import Fault, Kind
from reconciler.simulator.generated import generated_seed
from reconciler.simulator.serve import serve
from reconciler.simulator.store import StoredTenant, file_name
from reconciler.simulator.tenant import Author, Commit, Tenant
from reconciler.simulator.tokens import DEMO_CLIENT, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, READ_SCOPE, WRITE_SCOPE, Client
from reconciler.simulator.virtual_time import VirtualTime
from reconciler.simulator.wire import ConnectionDropped

__all__ = [
    "DEMO_CLIENT",
    "DEMO_CLIENT_ID",
    "DEMO_CLIENT_SECRET",
    "READ_SCOPE",
    "WRITE_SCOPE",
    "Agent",
    "App",
    "Arrival",
    "Assignment",
    "Author",
    "Behaviour",
    "Client",
    "Commit",
    "ConnectionDropped",
    "Fault",
    "Kind",
    "Refusal",
    "RetryAfter",
    "Seed",
    "Skill",
    "SkillSet",
    "StoredTenant",
    "Tenant",
    "VirtualTime",
    "demo_seed",
    "demo_tenant",
    "embedded_app",
    "generated_seed",
    "generated_tenant",
    "make_app",
    "open_stored",
    "serve",
]


def demo_tenant(behaviour: Behaviour | None = None, *, clock: Callable[[], float] | None = None) -> Tenant:
    """Make the tenant that the shipped `desired-state/` is written for."""
    return Tenant(demo_seed(), behaviour, clock=clock)


def generated_tenant(
    agents: int, seed: int = 0, behaviour: Behaviour | None = None, *, clock: Callable[[], float] | None = None
) -> Tenant:
    """Make a tenant of any size; equal arguments give equal tenants."""
    return Tenant(generated_seed(agents, seed), behaviour, clock=clock)


def open_stored(
    path: Path,
    behaviour: Behaviour | None = None,
    *,
    seed: Callable[[], Seed] = demo_seed,
    clock: Callable[[], float] | None = None,
) -> StoredTenant:
    """Open the tenant that lives in the file `path`, made from `seed` when there is none yet. OSError as files give."""
    return StoredTenant(path, seed(), behaviour, clock=clock)


def embedded_app(folder: Path, name: str) -> App:
    """Put the tenant called `name` behind HTTP in this process; its state outlives it in a file of `folder`."""
    return make_app(open_stored(folder / file_name(name)))
