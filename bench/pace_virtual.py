"""Applies and simple updaters in virtual time, at a tenant that counts: how long they take, what is refused or lost."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from children import Numbers
from judging import pace
from terms import Case, Terms
from updater import Updater
from world import World

from reconciler import pipeline
from reconciler.plan.outcome import Status
from reconciler.plan.scope import Filters

_BETWEEN_OTHERS_S = 0.5


def play(text: str) -> Numbers:
    """Play every case of a JSON list; each number's name is the case's, a slash, and its own."""
    listed: list[Mapping[str, Any]] = json.loads(text)
    found: Numbers = {}
    for fields in listed:
        case = _case(fields)
        found |= {f"{case.name}/{name}": value for name, value in (_simple if case.is_simple else _apply)(case).items()}
    return found


def _case(fields: Mapping[str, Any]) -> Case:
    return Case(**{**fields, "terms": Terms(**fields["terms"])})


def _apply(case: Case) -> Numbers:
    terms = case.terms
    world = World(case.changed, case.changed, terms)
    with TemporaryDirectory() as folder:
        context = world.context(Path(folder))
        reported, others = world.time.run(_run(case, world, context))
    judged = pace(
        world.app.requests, terms.limit or case.changed, terms.window_s, latency_s=terms.latency_s, others=others
    )
    return world.numbers(reported) | judged


async def _run(case: Case, world: World, context: pipeline.Context) -> tuple[set[str], list[float]]:
    """Use up a part of the window, then apply; give who was not applied, and when others came."""
    desired = pipeline.load_one(context, None).desired
    others: list[float] = []
    for _ in range(case.plans):
        await pipeline.plan(context, desired, Filters())
    for _ in range(case.others):
        others.append(world.time.epoch_s())
        world.app.window.arrive(others[-1])
        await world.time.sleep(_BETWEEN_OTHERS_S)
    await world.time.sleep(case.pause_s)
    how = pipeline.Apply(lambda _plan: True, asyncio.Event(), lambda _outcome: None)
    outcome = await pipeline.apply(context, desired, Filters(), how)
    return {each.agent.id for each in outcome.agents if each.status is not Status.APPLIED}, others


def _simple(case: Case) -> Numbers:
    world = World(case.changed, case.changed, case.terms)
    simple = Updater(world.served)
    world.time.run(simple.run(world.scene.desired))
    return world.numbers(simple.failed)
