"""One tenant for two tools: ours and the simple updater, judged by the tenant's own log in virtual time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from children import Numbers
from updater import Updater
from virtual_time import VirtualTime

from reconciler import pipeline
from reconciler.plan.outcome import Status
from reconciler.plan.scope import Filters
from reconciler.simulator import (
    Agent,
    App,
    Assignment,
    Author,
    Behaviour,
    Seed,
    SkillSet,
    Tenant,
    demo_seed,
    generated_seed,
    make_app,
)

LIMIT = 100
WINDOW_S = 60
# On the way there, and again on the way back.
_LATENCY_S = 0.05
_TENANT_YAML = f"""\
version: 1
tenant: {{name: bench, api: simulator, rate_limit: {{requests: {LIMIT}, per_seconds: {WINDOW_S}}}}}
"""
_Message = MutableMapping[str, Any]


class World:
    """A simulated tenant, what is desired of it, and time; `desired` is `{agent id: whole set}`."""

    def __init__(self, agents: int, changed: int, limit: int | None) -> None:
        seed, demo = generated_seed(agents + len(demo_seed().agents)), demo_seed().agents
        # Without the people of the demonstration: some hold what no file may ask for.
        live = seed.agents[len(demo) :]
        self.time = VirtualTime()
        self.tenant = Tenant(
            Seed(seed.skills, live), Behaviour(limit=limit, window_s=WINDOW_S), clock=self.time.epoch_s
        )
        self.app: App = make_app(self.tenant, sleep=self.time.sleep)
        # Spread evenly, as nobody's file is in the order of changes.
        self.changed = [live[number * agents // changed].id for number in range(changed)]
        self.desired = {agent.id: _raised(agent) if agent.id in set(self.changed) else agent.skills for agent in live}
        self.edits: dict[str, str] = {}

    async def served(
        self, scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        """Serve a request after the time that it takes to get there and back."""
        await asyncio.sleep(_LATENCY_S)
        await self.app(scope, receive, send)
        await asyncio.sleep(_LATENCY_S)

    def edit_as_outsider(self, count: int) -> None:
        """Let somebody else give a skill to `count` of the agents that are to be changed."""
        for agent_id in self.changed[:count]:
            agent = self.tenant.agents[agent_id]
            known = {*agent.skills, *self.desired[agent_id]}
            skill = next(s.id for s in self.tenant.skills.values() if s.active and s.id not in known)
            self.tenant.edit_skills(agent_id, {skill: Assignment(77)})
            self.edits[agent_id] = skill

    def numbers(self, reported: set[str]) -> Numbers:
        """Judge; `reported` are the agents that the tool itself said it did not write."""
        sent = self.app.requests
        agents = self.tenant.agents
        overwritten = {agent_id for agent_id, skill in self.edits.items() if skill not in agents[agent_id].skills}
        unlike = {agent_id for agent_id, skills in self.desired.items() if agents[agent_id].skills != skills}
        by_us = [commit for commit in self.tenant.commits if commit.author is Author.API]
        return {
            "sent": len(sent),
            "tokens": sum(request.path == "/oauth/token" for request in sent),
            "reads": sum(request.method == "GET" for request in sent),
            "writes": sum(request.method == "PATCH" for request in sent),
            "throttled": sum(request.status == 429 for request in sent),  # noqa: PLR2004 - too many requests
            "lost": len(unlike - self.edits.keys()),
            "pointless": sum(commit.skills_before == commit.skills_after for commit in by_us),
            "overwritten_unseen": len(overwritten - reported),
            "reported": len(reported),
            "virtual_s": self.time.elapsed_s,
        }


@dataclass(frozen=True, slots=True)
class _Case:
    """Sizes; an outsider's edits are made in a tenant without a limit, so that only they are in the way."""

    agents: int
    changed: int
    edited: int

    def world(self) -> World:
        return World(self.agents, self.changed, None if self.edited else LIMIT)


def updater(agents: str, changed: str, edited: str) -> Numbers:
    """Let the simple updater write; the outsider comes after it took its data, which it reads nowhere."""
    case = _Case(int(agents), int(changed), int(edited))
    world = case.world()
    world.edit_as_outsider(case.edited)
    simple = Updater(world.served)
    world.time.run(simple.run(world.desired))
    return world.numbers(simple.failed)


def plan(agents: str, changed: str) -> Numbers:
    """Let our plan read."""
    world = _Case(int(agents), int(changed), 0).world()
    with TemporaryDirectory() as folder:
        context = _context(world, Path(folder))
        desired = pipeline.load_one(context, None).desired
        made = world.time.run(pipeline.plan(context, desired, Filters()))
    if len(made.changes) != int(changed):
        message = f"{changed} agents should change, not {len(made.changes)}"
        raise ValueError(message)
    return world.numbers(set())


def apply(agents: str, changed: str, edited: str) -> Numbers:
    """Let our apply write; the outsider comes while the plan is being confirmed."""
    case = _Case(int(agents), int(changed), int(edited))
    world = case.world()

    def confirm(_plan: object) -> bool:
        world.edit_as_outsider(case.edited)
        return True

    with TemporaryDirectory() as folder:
        context = _context(world, Path(folder))
        desired = pipeline.load_one(context, None).desired

        async def run() -> set[str]:
            how = pipeline.Apply(confirm, asyncio.Event(), lambda _outcome: None)
            outcome = await pipeline.apply(context, desired, Filters(), how)
            return {each.agent.id for each in outcome.agents if each.status is not Status.APPLIED}

        reported = world.time.run(run())
    return world.numbers(reported)


def _raised(agent: Agent) -> SkillSet:
    """Give the agent's set with another level for its first skill."""
    first, (level, available) = next(iter(agent.skills.items()))
    return {**agent.skills, first: Assignment((level + 1) % 101, available)}


def _context(world: World, folder: Path) -> pipeline.Context:
    root = folder / "desired-state"
    root.mkdir()
    (root / "tenant.yaml").write_text(_TENANT_YAML, encoding="utf-8")
    (root / "agents.yaml").write_text("".join(_lines(world.desired)), encoding="utf-8")
    return pipeline.Context(
        root=root,
        environ={"RECONCILE_STATE_DIR": str(folder / "state")},
        clock=world.time,
        random=Random(1),  # noqa: S311 - for pauses between tries
        embedded=lambda _folder, _name: world.served,
        stage=lambda _text: None,
    )


def _lines(desired: Mapping[str, SkillSet]) -> list[str]:
    """Write the desired state in YAML, agents and skills by their ids."""
    lines = ["agents:\n"]
    for agent_id, skills in desired.items():
        sets = {skill_id: held._asdict() for skill_id, held in skills.items()}
        lines.append(f"  {agent_id}:\n    skills: {json.dumps(sets)}\n")
    return lines
