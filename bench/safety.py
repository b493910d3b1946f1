"""What one write pays for safety on this machine: its intent on the disk, and its slot in the rate ledger."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from children import Numbers
from terms import LIMIT, Terms
from world import World

from reconciler import pipeline
from reconciler.apply.journal import Journal
from reconciler.clock import SystemClock
from reconciler.live.rate.budget import Heard
from reconciler.live.rate.ledger import open_ledger
from reconciler.model.tenant import RateLimit
from reconciler.plan.change import AgentChange
from reconciler.plan.outcome import AgentOutcome, Status
from reconciler.plan.record import RunHead, RunKind, RunState
from reconciler.plan.scope import Filters

_TIMEOUT_S = 30.0


def measure(count: str, folder: str) -> Numbers:
    """Record `count` writes with and without fsync, and take a window's slots of both stores; milliseconds for each."""
    with TemporaryDirectory(dir=folder) as name:
        scratch = Path(name)
        changes = _changes(int(count), scratch)
        return {
            "journal_ms": _recorded_ms(changes, scratch / "durable", os.fsync),
            "unsynced_ms": _recorded_ms(changes, scratch / "floating", lambda _file: None),
            "sqlite_ms": asyncio.run(_slot_ms(scratch / "ledger.sqlite")),
            "memory_ms": asyncio.run(_slot_ms(None)),
        }


def _changes(count: int, scratch: Path) -> Sequence[AgentChange]:
    world = World(count, count, Terms(limit=None))
    context = world.context(scratch)
    desired = pipeline.load_one(context, None).desired
    return world.time.run(pipeline.plan(context, desired, Filters())).changes


def _recorded_ms(changes: Sequence[AgentChange], runs: Path, fsync: Callable[[int], None]) -> float:
    head = RunHead(run="bench", kind=RunKind.APPLY, tenant="bench", digest="", started_at=datetime.now(UTC))
    journal = Journal.create(runs, head, clock=SystemClock(), fsync=fsync)
    started = perf_counter()
    for change in changes:
        journal.intent(change, "whole", change.after, change.version, 1)
        journal.outcome(AgentOutcome(change.agent, Status.APPLIED))
    took_s = perf_counter() - started
    journal.end(RunState.COMPLETE)
    journal.close()
    return 1e3 * took_s / len(changes)


async def _slot_ms(path: Path | None) -> float:
    """Charge and answer all slots of a window but the first, which opens the file."""
    ledger = open_ledger(path, RateLimit(LIMIT), _TIMEOUT_S, SystemClock(), Random(1))  # noqa: S311 - nothing is drawn
    await ledger.answered(await ledger.charge(), Heard(200))
    started = perf_counter()
    for _ in range(LIMIT - 1):
        await ledger.answered(await ledger.charge(), Heard(200))
    took_s = perf_counter() - started
    await ledger.aclose()
    return 1e3 * took_s / (LIMIT - 1)
