"""Whole applies in virtual time, at a tenant that counts: how long they take, and what is refused or lost."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from children import Numbers
from updater import Updater
from world import TOO_MANY_REQUESTS, Terms, World, sent

from reconciler import pipeline
from reconciler.plan.outcome import Status
from reconciler.plan.scope import Filters
from reconciler.simulator import Arrival

# From whatever used up a part of the window to the apply.
_PAUSE_S = 15.0
_BETWEEN_OTHERS_S = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """One apply; before it `plans` of ours and requests of `others` take a part of its first window."""

    changed: int
    terms: Terms = field(default_factory=Terms)
    plans: int = 0
    others: int = 0

    @classmethod
    def parse(cls, text: str) -> "Case":
        """Read what `json.dumps` made of the fields."""
        fields = json.loads(text)
        return cls(**{**fields, "terms": Terms(**fields["terms"])})


def apply(text: str) -> Numbers:
    """Let our apply change every agent of a tenant; `text` is a Case."""
    case = Case.parse(text)
    world = World(case.changed, case.changed, case.terms)
    with TemporaryDirectory() as folder:
        context = world.context(Path(folder))
        reported = world.time.run(_run(case, world, context))
    return {**world.numbers(reported), **pace(world.app.requests, world.terms, case.others)}


async def _run(case: Case, world: World, context: pipeline.Context) -> set[str]:
    """Use up a part of the window, then apply; give who was not applied."""
    desired = pipeline.load_one(context, None).desired
    for _ in range(case.plans):
        await pipeline.plan(context, desired, Filters())
    for _ in range(case.others):
        world.app.window.arrive(world.time.epoch_s())
        await world.time.sleep(_BETWEEN_OTHERS_S)
    if case.plans > 1 or case.others:
        await world.time.sleep(_PAUSE_S)
    how = pipeline.Apply(lambda _plan: True, asyncio.Event(), lambda _outcome: None)
    outcome = await pipeline.apply(context, desired, Filters(), how)
    return {each.agent.id for each in outcome.agents if each.status is not Status.APPLIED}


def updater(text: str) -> Numbers:
    """Let the simple updater write the same agents at the same tenant."""
    case = Case.parse(text)
    world = World(case.changed, case.changed, case.terms)
    simple = Updater(world.served)
    world.time.run(simple.run(world.scene.desired))
    return world.numbers(simple.failed)


def pace(log: Sequence[Arrival], terms: Terms, others: int = 0) -> Numbers:
    """Hold the tenant's log against the bound: the least that so many requests take at its limit.

    `others` are requests of somebody else before ours, from the start of the clock on.
    """
    arrivals = [request.at for request in log]
    first, last = arrivals[0], max(request.answered_at or request.at for request in log)
    written = [request.at for request in log if request.method == "PATCH"]
    started = first - terms.latency_s
    if others:
        started -= others * _BETWEEN_OTHERS_S + _PAUSE_S
    taken_s = last + terms.latency_s - started
    return {
        **sent(list(log)),
        "wall_s": taken_s,
        "ratio": ratio(len(log) + others, taken_s, terms),
        "busiest": busiest(arrivals, terms.window_s),
        "burst_s": written[-1] - written[0],
    }


def ratio(requests: int, taken_s: float, terms: Terms) -> float:
    """Give `taken_s` over the bound: whole windows that must pass until the last of `requests` may leave."""
    windows = (requests - 1) // (terms.limit or requests)
    return taken_s / (windows * terms.window_s) if windows else float("nan")


def busiest(arrivals: Sequence[float], window_s: float) -> int:
    """Count the most arrivals in any window, wherever it begins."""
    ordered, most, start = sorted(arrivals), 0, 0
    for end, at in enumerate(ordered):
        while ordered[start] <= at - window_s:
            start += 1
        most = max(most, end - start + 1)
    return most
