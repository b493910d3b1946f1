"""Time that costs nothing: an event loop that jumps to the next alarm whenever nobody has anything left to do.

Tasks interleave exactly as they would over real time, so what is concurrent stays so; a minute's pause takes no time.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

_START = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


class VirtualTime:
    """A clock that only its event loop moves; fits wherever the product or the simulated tenant asks for one."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.elapsed_s

    def now(self) -> datetime:
        """The time of day, from a fixed date on."""
        return _START + timedelta(seconds=self.elapsed_s)

    def epoch_s(self) -> float:
        """The same in seconds since the epoch, as the simulated tenant counts."""
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await asyncio.sleep(seconds)

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Run `work` to its end in a loop of this time."""
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            return runner.run(work)


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: instead of letting a pause pass, it moves the clock on by it."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            message = "everybody waits for somebody else"
            raise RuntimeError(message)
        self._time.elapsed_s += max(timeout, 0.0)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, time: VirtualTime) -> None:
        super().__init__(_Selector(time))
        self._virtual = time

    def time(self) -> float:
        return self._virtual.elapsed_s
