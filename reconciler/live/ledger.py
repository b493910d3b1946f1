"""The rate ledger: who may send when, so that no window ever holds more requests than the tenant allows.

A slot is charged when a request is sent and freed one window after its *answer*: the tenant counted the request at
some moment in between, so however late it arrived, the slot is not used again within a window of that moment.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from reconciler.clock import Clock
from reconciler.model.tenant import RateLimit

_LOGGER = logging.getLogger(__name__)
# A shorter wait is nothing that a person would wonder about.
_WORTH_SAYING_S = 2.0
# Two clocks, ours and the tenant's, measure the same window a little differently.
_MARGIN_S = 0.01
# After a 429 the rate is halved, and regains this much of the setting with each window.
_RECOVERY_PER_WINDOW = 0.1


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request, charged at `charged_at` (monotonic seconds)."""

    charged_at: float


class RateLedger(Protocol):
    """Where slots are kept: in memory, or in a store that several processes or machines share."""

    async def charge(self) -> Slot:
        """Wait, first come first served, until a request may be sent."""

    async def answered(self, slot: Slot, *, throttled: bool) -> None:
        """Free `slot` one window from now; `throttled` when the tenant answered that it was one too many."""


class MemoryLedger:
    """A ledger for one process."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._limit = limit
        self._window_s = limit.per_seconds + _MARGIN_S
        self._clock = clock
        self._turn = asyncio.Lock()
        self._in_flight = 0
        self._freed_at: deque[float] = deque()
        self._answer = asyncio.Event()
        self._slowed_at: float | None = None
        self._slowed_to = limit.requests

    async def charge(self) -> Slot:
        """Wait, first come first served, until a request may be sent."""
        async with self._turn:
            while not self._has_room():
                await self._wait()
            self._in_flight += 1
            return Slot(self._clock.monotonic())

    async def answered(self, slot: Slot, *, throttled: bool) -> None:
        """Free `slot` one window from now; `throttled` when the tenant answered that it was one too many."""
        now = self._clock.monotonic()
        self._in_flight -= 1
        self._freed_at.append(now + self._window_s)
        self._answer.set()
        # Of several refused at once, only the first says something new.
        if throttled and (self._slowed_at is None or slot.charged_at > self._slowed_at):
            self._slowed_to = max(1, self._allowed(now) // 2)
            self._slowed_at = now

    def _allowed(self, now: float) -> int:
        if self._slowed_at is None:
            return self._limit.requests
        windows = (now - self._slowed_at) / self._limit.per_seconds
        recovered = int(windows * self._limit.requests * _RECOVERY_PER_WINDOW)
        return min(self._limit.requests, self._slowed_to + recovered)

    def _has_room(self) -> bool:
        now = self._clock.monotonic()
        while self._freed_at and self._freed_at[0] <= now:
            self._freed_at.popleft()
        return self._in_flight + len(self._freed_at) < self._allowed(now)

    async def _wait(self) -> None:
        """Wait for the next slot to be freed; while none has been answered, for an answer."""
        if self._freed_at:
            seconds = max(0.0, self._freed_at[0] - self._clock.monotonic())
            if seconds > _WORTH_SAYING_S:
                limit = f"{self._allowed(self._clock.monotonic())} requests per {self._limit.per_seconds:g} s"
                _LOGGER.info("waiting %.0f s for the rate limit (%s)", seconds, limit)
            await self._clock.sleep(seconds)
        else:
            self._answer.clear()
            await self._answer.wait()
