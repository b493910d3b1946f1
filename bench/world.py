"""One simulated tenant for every tool that is measured, judged by the tenant's own log: in virtual time, or served."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from random import Random
from typing import Any

from children import Numbers
from judging import sent
from terms import Terms

from reconciler import pipeline
from reconciler.simulator import (
    Agent,
    App,
    Assignment,
    Author,
    Behaviour,
    Seed,
    SkillSet,
    Tenant,
    VirtualTime,
    demo_seed,
    generated_seed,
    make_app,
)

_Message = MutableMapping[str, Any]


class Scene:
    """Live agents, and what is desired of them: `desired` is `{agent id: whole set}`, which `changed` do not hold."""

    def __init__(self, agents: int, changed: int) -> None:
        seed, demo = generated_seed(agents + len(demo_seed().agents)), demo_seed().agents
        # Without the people of the demonstration: some hold what no file may ask for.
        live = seed.agents[len(demo) :]
        self.seed = Seed(seed.skills, live)
        # Spread evenly, as nobody's file is in the order of changes.
        self.changed = [live[number * agents // changed].id for number in range(changed)]
        raised = frozenset(self.changed)
        self.desired = {agent.id: _raised(agent) if agent.id in raised else agent.skills for agent in live}

    def write(self, root: Path, terms: Terms) -> None:
        """Write the desired state in YAML, agents and skills by their ids."""
        limit = f"{{requests: {terms.configured}, per_seconds: {terms.window_s:g}}}"
        tenant = f"version: 1\ntenant: {{name: bench, api: simulator, rate_limit: {limit}}}\n"
        root.mkdir()
        (root / "tenant.yaml").write_text(tenant, encoding="utf-8")
        lines = ["agents:\n"]
        for agent_id, skills in self.desired.items():
            sets = {skill_id: held._asdict() for skill_id, held in skills.items()}
            lines.append(f"  {agent_id}:\n    skills: {json.dumps(sets)}\n")
        (root / "agents.yaml").write_text("".join(lines), encoding="utf-8")

    def unlike(self, tenant: Tenant) -> set[str]:
        """Find the agents that do not hold what is desired."""
        return {agent_id for agent_id, skills in self.desired.items() if tenant.agents[agent_id].skills != skills}


class World:
    """A scene played in virtual time; a tool talks to `served`."""

    def __init__(self, agents: int, changed: int, terms: Terms) -> None:
        self.terms = terms
        self.scene = Scene(agents, changed)
        self.time = VirtualTime()
        self.tenant = Tenant(self.scene.seed, behaviour_of(terms), clock=self.time.epoch_s)
        self.app: App = make_app(self.tenant, sleep=self.time.sleep)
        self.edits: dict[str, str] = {}
        self._random = Random(agents)  # noqa: S311 - chance that repeats itself

    async def served(
        self, scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        """Serve a request after the time that it takes to get there and back."""
        await asyncio.sleep(self._way_s())
        await self.app(scope, receive, send)
        await asyncio.sleep(self._way_s())

    def _way_s(self) -> float:
        return self.terms.latency_s * (1 + self.terms.jitter * self._random.uniform(-1, 1))

    def context(self, folder: Path) -> pipeline.Context:
        """Put the files into `folder`, and make what our commands are given from outside."""
        root = folder / "desired-state"
        self.scene.write(root, self.terms)
        return pipeline.Context(
            root=root,
            environ={"RECONCILE_STATE_DIR": str(folder / "state"), "RECONCILE_RATE_LEDGER": self.terms.ledger},
            clock=self.time,
            random=Random(1),  # noqa: S311 - for pauses between tries
            embedded=lambda _folder, _name: self.served,
            stage=lambda _text: None,
        )

    def edit_as_outsider(self, count: int) -> None:
        """Let somebody else give a skill to `count` of the agents that are to be changed."""
        for agent_id in self.scene.changed[:count]:
            agent = self.tenant.agents[agent_id]
            known = {*agent.skills, *self.scene.desired[agent_id]}
            skill = next(s.id for s in self.tenant.skills.values() if s.active and s.id not in known)
            self.tenant.edit_skills(agent_id, {skill: Assignment(77)})
            self.edits[agent_id] = skill

    def numbers(self, reported: set[str]) -> Numbers:
        """Judge; `reported` are the agents that the tool itself said it did not write."""
        agents = self.tenant.agents
        overwritten = {agent_id for agent_id, skill in self.edits.items() if skill not in agents[agent_id].skills}
        by_us = [commit for commit in self.tenant.commits if commit.author is Author.API]
        return {
            **sent(self.app.requests),
            "lost": len(self.scene.unlike(self.tenant) - self.edits.keys()),
            "pointless": sum(commit.skills_before == commit.skills_after for commit in by_us),
            "overwritten_unseen": len(overwritten - reported),
            "reported": len(reported),
            "virtual_s": self.time.elapsed_s,
        }


def behaviour_of(terms: Terms) -> Behaviour:
    """Give the tenant's side of the terms."""
    return Behaviour(
        limit=terms.limit, window_s=terms.window_s, rate_headers=terms.rate_headers, retry_after=terms.retry_after
    )


def _raised(agent: Agent) -> SkillSet:
    """Give the agent's set with another level for its first skill."""
    first, (level, available) = next(iter(agent.skills.items()))
    return {**agent.skills, first: Assignment((level + 1) % 101, available)}
