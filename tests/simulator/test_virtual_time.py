"""Time that costs nothing: what sleeps wakes in its order, and a wait that nobody can end is an error."""

import asyncio
import time

import pytest

from reconciler.simulator import VirtualTime


def test_virtual_time_jumps_to_the_next_alarm_and_keeps_the_order() -> None:
    """Sleepers wake in the order of their alarms, together they take as long as the longest, and nobody waits."""
    virtual, woken = VirtualTime(), list[tuple[int, float]]()

    async def sleeper(seconds: int) -> None:
        await virtual.sleep(seconds)
        woken.append((seconds, virtual.monotonic()))

    async def everybody() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (3600, 60, 1800)))

    started = time.monotonic()
    virtual.run(everybody())
    assert [seconds for seconds, _ in woken] == [60, 1800, 3600]
    assert all(abs(seconds - at) < 0.001 for seconds, at in woken)
    assert time.monotonic() - started < 30


def test_a_wait_that_nobody_can_end_is_an_error() -> None:
    """A deadlock must not look like a test that is slow."""

    async def wait_for_nobody() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="everybody waits"):
        VirtualTime().run(wait_for_nobody())
