"""A small world to test in: desired state in a folder, a simulated tenant, and time that passes by being slept."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TypedDict, Unpack

from reconciler import pipeline
from reconciler.diagnostics import Diagnostic
from reconciler.plan.canary import CanarySize
from reconciler.plan.change import Plan
from reconciler.plan.outcome import AgentOutcome, Outcome
from reconciler.plan.scope import Filters
from reconciler.render.plan_json import SavedPlan
from reconciler.simulator import Agent, App, Assignment, Author, Behaviour, Seed, Skill, Tenant, make_app
from tests.conftest import VirtualClock

TENANT_YAML = """\
version: 1
tenant: {name: acme, api: simulator, rate_limit: {requests: 100, per_seconds: 60}}
ignore_skills: ["WFI *"]
"""

SKILLS = tuple(Skill(f"skill-{name.lower()}", name) for name in ("Billing", "Chat", "Email", "Sales", "WFI Break"))


def agent(name: str, *, active: bool = True, **skills: int | tuple[int, bool]) -> Agent:
    """Make a live agent; `Billing=60` is available, `Chat=(40, False)` is not, `WFI_Break` is `WFI Break`."""
    sets = {
        f"skill-{skill.replace('_', ' ').lower()}": Assignment(value) if isinstance(value, int) else Assignment(*value)
        for skill, value in skills.items()
    }
    return Agent(f"id-{name}", f"user.{name}", f"{name}@example.com", name.title(), "Test", sets, active)


class How(TypedDict, total=False):
    """What `pipeline.Apply` may be given beside who is asked and told."""

    max_concurrency: int | None
    claim: SavedPlan | None
    expect: str | None
    reviewed: SavedPlan | None
    planned: Callable[[Plan], None]
    gate: Callable[[], Awaitable[None]] | None
    allowed: frozenset[str]
    canary: CanarySize | None
    deadline_s: float | None
    lock_timeout_s: float


@dataclass
class World:
    """The folder and the tenant; `files` are written below the folder when the world is made."""

    folder: Path
    clock: VirtualClock
    agents: tuple[Agent, ...] = ()
    skills: tuple[Skill, ...] = SKILLS
    behaviour: Behaviour = field(default_factory=Behaviour)
    outcomes: list[AgentOutcome] = field(default_factory=list)
    confirmed: list[Plan] = field(default_factory=list)
    notices: list[Diagnostic] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))
    fsync: Callable[[int], None] = lambda _: None

    def __post_init__(self) -> None:
        self.tenant = Tenant(Seed(self.skills, self.agents), self.behaviour, clock=self.clock.monotonic)
        self.app: App = make_app(self.tenant, sleep=self.clock.sleep, random=Random(1))
        self.write("tenant.yaml", TENANT_YAML)

    def write(self, file: str, text: str) -> None:
        """Put a file below the desired state."""
        path = self.folder / "desired-state" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_agents(self, **sets: str) -> None:
        """Declare agents: `ana="{Billing: 60}"`."""
        lines = "".join(f"  {name}@example.com:\n    skills: {skills}\n" for name, skills in sets.items())
        self.write("agents.yaml", f"team: Testers\nagents:\n{lines}")

    @property
    def context(self) -> pipeline.Context:
        """What the pipeline is given."""
        return pipeline.Context(
            root=self.folder / "desired-state",
            environ={"RECONCILE_STATE_DIR": str(self.folder / "state")},
            clock=self.clock,
            random=self.random,
            embedded=lambda _folder, _name: self.app,
            stage=lambda _text: None,
            notice=self.notices.extend,
            fsync=self.fsync,
        )

    def plan(self, filters: Filters = Filters(), at: datetime | None = None) -> Plan:  # noqa: B008 - frozen
        """Plan once."""
        chosen = pipeline.load_one(self.context, None)
        return asyncio.run(pipeline.plan(self.context, chosen.desired, filters, at=at))

    def apply(
        self,
        filters: Filters = Filters(),  # noqa: B008 - frozen
        *,
        answer: bool = True,
        while_asked: Callable[[], object] = lambda: None,
        stop: asyncio.Event | None = None,
        **how: Unpack[How],
    ) -> Outcome:
        """Apply once; `while_asked` happens between the plan and the first write, `how` is as `pipeline.Apply`'s."""
        chosen = pipeline.load_one(self.context, None)
        terms = pipeline.Apply(self._confirm(answer, while_asked), stop or asyncio.Event(), self.outcomes.append, **how)
        return asyncio.run(pipeline.apply(self.context, chosen.desired, filters, terms))

    def rollback(
        self,
        run: str = "last",
        *,
        answer: bool = True,
        while_asked: Callable[[], object] = lambda: None,
        **how: Unpack[How],
    ) -> Outcome:
        """Undo a run."""
        chosen = pipeline.load_one(self.context, None)
        terms = pipeline.Apply(self._confirm(answer, while_asked), asyncio.Event(), self.outcomes.append, **how)
        return asyncio.run(pipeline.rollback(self.context, chosen.desired, run, terms))

    def _confirm(self, answer: bool, while_asked: Callable[[], object]) -> Callable[[Plan], bool]:
        def confirm(plan: Plan) -> bool:
            self.confirmed.append(plan)
            while_asked()
            return answer

        return confirm

    def sent(self) -> list[str]:
        """Give every request that arrived, as `METHOD /path`, and forget them."""
        lines = [f"{request.method} {request.path}" for request in self.app.requests]
        self.app.requests.clear()
        return lines

    def live(self, name: str) -> Mapping[str, tuple[int, bool]]:
        """Give what an agent really holds."""
        held = self.tenant.agents[f"id-{name}"].skills
        return {skill: (value.proficiency, value.available) for skill, value in held.items()}

    def committed_by_api(self) -> int:
        """Count what was committed through the API."""
        return sum(commit.author is Author.API for commit in self.tenant.commits)
