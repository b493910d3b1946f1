"""What two tools send to one tenant, and what becomes of it: ours and the simple updater, in virtual time."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from children import Numbers
from terms import Terms
from updater import Updater
from world import World

from reconciler import pipeline
from reconciler.plan.outcome import Status
from reconciler.plan.scope import Filters


@dataclass(frozen=True, slots=True)
class _Case:
    """Sizes; an outsider's edits are made in a tenant without a limit, so that only they are in the way."""

    agents: int
    changed: int
    edited: int

    def world(self) -> World:
        return World(self.agents, self.changed, Terms(limit=None) if self.edited else Terms())


def updater(agents: str, changed: str, edited: str) -> Numbers:
    """Let the simple updater write; the outsider comes after it took its data, which it reads nowhere."""
    case = _Case(int(agents), int(changed), int(edited))
    world = case.world()
    world.edit_as_outsider(case.edited)
    simple = Updater(world.served)
    world.time.run(simple.run(world.scene.desired))
    return world.numbers(simple.failed)


def plan(agents: str, changed: str) -> Numbers:
    """Let our plan read."""
    world = _Case(int(agents), int(changed), 0).world()
    with TemporaryDirectory() as folder:
        context = world.context(Path(folder))
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
        context = world.context(Path(folder))
        desired = pipeline.load_one(context, None).desired

        async def run() -> set[str]:
            how = pipeline.Apply(confirm, asyncio.Event(), lambda _outcome: None)
            outcome = await pipeline.apply(context, desired, Filters(), how)
            return {each.agent.id for each in outcome.agents if each.status is not Status.APPLIED}

        reported = world.time.run(run())
    return world.numbers(reported)
