"""One of several processes that share a ledger: takes slots, and prints when each request arrived, as JSON."""

import asyncio
import json
import sys
from pathlib import Path
from random import Random

from reconciler.clock import SystemClock
from reconciler.live.rate.budget import Heard
from reconciler.live.rate.ledger import open_ledger
from reconciler.model.tenant import RateLimit

_LATENCY_S = 0.02


async def take(path: Path, limit: RateLimit, count: int, at_once: int) -> list[float]:
    """Take `count` slots, `at_once` at a time; give the moments of arrival, on the clock of all processes."""
    clock, arrivals, waiting = SystemClock(), list[float](), iter(range(count))
    ledger = open_ledger(path, limit, 1.0, clock, Random(1))

    async def worker() -> None:
        for _ in waiting:
            slot = await ledger.charge()
            await clock.sleep(_LATENCY_S / 2)
            arrivals.append(clock.monotonic())
            await clock.sleep(_LATENCY_S / 2)
            await ledger.answered(slot, Heard(200))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
    await ledger.aclose()
    return arrivals


if __name__ == "__main__":
    file, requests, window_s, slots, crew = sys.argv[1:]
    rate = RateLimit(int(requests), float(window_s))
    print(json.dumps(asyncio.run(take(Path(file), rate, int(slots), int(crew)))))  # noqa: T201 - read by the test
