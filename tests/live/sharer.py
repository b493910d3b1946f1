"""One of several processes that share a ledger: takes slots, and prints when each request arrived."""

import asyncio
import sys
from pathlib import Path
from random import Random

from reconciler.clock import SystemClock
from reconciler.live.rate.budget import Heard
from reconciler.live.rate.ledger import open_ledger
from reconciler.model.tenant import RateLimit

_LATENCY_S = 0.02


async def take(path: Path, limit: RateLimit, count: int, at_once: int) -> None:
    """Take `count` slots, `at_once` at a time; print each moment of arrival, on the clock that all processes share."""
    clock, waiting = SystemClock(), iter(range(count))
    ledger = open_ledger(path, limit, 1.0, clock, Random(1))

    async def worker() -> None:
        for _ in waiting:
            slot = await ledger.charge()
            await clock.sleep(_LATENCY_S / 2)
            print(clock.monotonic(), flush=True)  # noqa: T201 - read by the test, also when this process is killed
            await clock.sleep(_LATENCY_S / 2)
            await ledger.answered(slot, Heard(200))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
    await ledger.aclose()


if __name__ == "__main__":
    file, requests, window_s, slots, crew = sys.argv[1:]
    asyncio.run(take(Path(file), RateLimit(int(requests), float(window_s)), int(slots), int(crew)))
