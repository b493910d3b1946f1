"""The apply that is killed in these tests: who holds what, what the files declare, and what goes wrong on the way.

Seven writes: Ana and Bo swap two skills that nobody else holds, so that Ana's is written in two steps; of Dee's the
answer is lost; Eve is changed by somebody else once the first write arrives.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.simulator import Agent, Assignment, Behaviour, Fault, Kind, Seed, Tenant
from tests.world import SKILLS, agent

# {skill id: (proficiency, available)}
Held = Mapping[str, tuple[int, bool]]

MAX_CONCURRENCY = 3
TENANT_YAML = f"""\
version: 1
tenant:
  name: acme
  api: simulator
  rate_limit: {{requests: 1000, per_seconds: 1}}
  max_concurrency: {MAX_CONCURRENCY}
ignore_skills: ["WFI *"]
"""
AGENTS_YAML = """\
team: Testers
agents:
  ana@example.com: {skills: {Sales: 50, Chat: 20}}
  bo@example.com: {skills: {Billing: 60}}
  cy@example.com: {skills: {Email: 9, Chat: 30}}
  dee@example.com: {skills: {Chat: 60, Sales: {proficiency: 10, available: false}}}
  eve@example.com: {skills: {Email: 70}}
  fay@example.com: {skills: {Email: 40}}
  gus@example.com: {skills: {Email: 10}}
"""
LIVE = (
    agent("ana", Billing=50, Chat=20),
    agent("bo", Sales=50),
    agent("cy", Email=3, WFI_Break=1),
    agent("dee", Chat=40),
    agent("eve", Email=30),
    agent("fay", Chat=5, Email=40),
    agent("gus", Email=10),
    agent("hal", Chat=1),
)
CHANGING = frozenset({"id-ana", "id-bo", "id-cy", "id-dee", "id-eve", "id-fay"})
CONFLICTED = "id-eve"
# As declared; of Hal, whom the files do not name, and of `WFI Break`, which is ignored, as it was.
DESIRED: Mapping[str, Held] = {
    "id-ana": {"skill-sales": (50, True), "skill-chat": (20, True)},
    "id-bo": {"skill-billing": (60, True)},
    "id-cy": {"skill-email": (9, True), "skill-chat": (30, True), "skill-wfi break": (1, True)},
    "id-dee": {"skill-chat": (60, True), "skill-sales": (10, False)},
    "id-eve": {"skill-email": (70, True)},
    "id-fay": {"skill-email": (40, True)},
    "id-gus": {"skill-email": (10, True)},
    "id-hal": {"skill-chat": (1, True)},
}
# What the shown plan writes on the way.
UNIONS: Mapping[str, Held] = {
    "id-ana": {"skill-sales": (50, True), "skill-chat": (20, True), "skill-billing": (50, True)},
}
# Somebody can take each of these before, after, and so all the way.
COVERED = ("skill-billing", "skill-sales")


def write_files(folder: Path) -> None:
    """Put the desired state into the folder."""
    folder.mkdir()
    (folder / "tenant.yaml").write_text(TENANT_YAML, encoding="utf-8")
    (folder / "agents.yaml").write_text(AGENTS_YAML, encoding="utf-8")


def make_tenant(clock: Callable[[], float] | None, *, is_versioned: bool) -> Tenant:
    """Make the tenant as it is before the first apply."""
    return Tenant(Seed(SKILLS, LIVE), Behaviour(versioned=is_versioned, limit=None), clock=clock)


def mishaps(tenant: Tenant) -> list[Fault]:
    """Give what goes wrong in the first apply beside its being killed."""
    edit = {"skill-email": Assignment(55)}
    return [
        Fault(Kind.ACT_BEFORE, "PATCH", act=lambda: tenant.edit_skills(CONFLICTED, edit)),
        Fault(Kind.COMMIT_THEN_STATUS, "PATCH", "*/id-dee", status=503),
    ]


def held(agent: Agent) -> Held:
    """Give what an agent holds, in the words of this module."""
    return {skill: (value.proficiency, value.available) for skill, value in agent.skills.items()}
