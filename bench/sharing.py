"""One of several processes that share a rate ledger: takes slots as fast as it may, ten requests at a time."""

import asyncio
import json
from pathlib import Path
from random import Random

from children import Numbers

from reconciler.clock import SystemClock
from reconciler.live.rate.budget import Heard
from reconciler.live.rate.ledger import open_ledger
from reconciler.model.tenant import RateLimit

_AT_ONCE = 10
# On the way there, and again on the way back.
_LATENCY_S = 0.01
_TIMEOUT_S = 30.0


def take(ledger: str, limit: str, window_s: str, count: str, arrivals: str) -> Numbers:
    """Take `count` slots; write into the file `arrivals` when each request arrived, on the clock of the machine."""
    times = asyncio.run(_take(Path(ledger), RateLimit(int(limit), float(window_s)), int(count)))
    Path(arrivals).write_text(json.dumps(times), encoding="utf-8")
    return {"taken": len(times)}


async def _take(path: Path, limit: RateLimit, count: int) -> list[float]:
    clock, waiting = SystemClock(), iter(range(count))
    ledger = open_ledger(path, limit, _TIMEOUT_S, clock, Random(1))  # noqa: S311 - for pauses after a 429
    times: list[float] = []

    async def worker() -> None:
        for _ in waiting:
            slot = await ledger.charge()
            await clock.sleep(_LATENCY_S)
            times.append(clock.monotonic())
            await clock.sleep(_LATENCY_S)
            await ledger.answered(slot, Heard(200))

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(worker())
    await ledger.aclose()
    return times
