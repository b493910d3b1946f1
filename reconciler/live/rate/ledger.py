"""The rate ledger: requests of one process wait here, first come first served, until one may leave."""

import asyncio
import logging
from pathlib import Path
from random import Random

from reconciler.clock import Clock
from reconciler.live.failures import Throttled
from reconciler.live.rate.budget import Answered, Budget, Closed, Heard, Load, Slot, Terms, Wait, learn
from reconciler.live.rate.fallback import FallbackStore
from reconciler.live.rate.memory import MemoryStore
from reconciler.live.rate.sqlite import SqliteStore
from reconciler.live.rate.store import Lesson, Store
from reconciler.model.tenant import RateLimit

_LOGGER = logging.getLogger(__name__)
# A slot is given up for lost this long after the HTTP timeout.
_LEASE_MARGIN_S = 5.0
# A shorter wait is nothing that a person would wonder about.
_WORTH_SAYING_S = 2.0
# What rounding may leave of a wait must not make us spin.
_SHORTEST_SLEEP_S = 0.001


class RateLedger:
    """Gives slots; the store says who else takes from the same budget."""

    def __init__(self, store: Store, terms: Terms, clock: Clock, random: Random) -> None:
        self._store = store
        self._terms = terms
        self._clock = clock
        self._random = random
        self._turn = asyncio.Lock()

    async def charge(self) -> Slot:
        """Wait for the turn, then until a request may be sent; Throttled when the tenant wants too long a pause."""
        (slot,) = await self.charge_at_once(1)
        return slot

    async def renew(self, slot: Slot) -> Slot | None:
        """Use a slot that was taken ahead, or None where that cannot be: take another then, and give this one back."""
        return await self._store.renew(slot, self._clock.monotonic())

    async def charge_at_once(self, count: int) -> tuple[Slot, ...]:
        """As `charge`, for several requests that follow each other; fewer where no window holds as many."""
        async with self._turn:
            while True:
                now = self._clock.monotonic()
                match await self._store.charge(now, count):
                    case tuple() as slots:
                        return slots
                    case Closed(asked_s):
                        raise Throttled(asked_s)
                    case Wait() as wait:
                        await self._sleep(wait, wait.until - now)

    async def _sleep(self, wait: Wait, seconds: float) -> None:
        if seconds > _WORTH_SAYING_S:
            _LOGGER.info("waiting %.0f s %s", seconds, wait.why)
        await self._clock.sleep(max(seconds, _SHORTEST_SLEEP_S))

    async def answered(self, slot: Slot, heard: Heard | None) -> None:
        """Free `slot` one window from now, and obey what was heard.

        None stands for no answer: the request may arrive even now, so the slot is kept as long as its lease.
        """
        if heard is None:
            await self._store.settle(slot, slot.charged_at + self._terms.lease_s, None)
        else:
            now = self._clock.monotonic()
            await self._store.settle(slot, now, self._lesson(slot, heard, now))

    def _lesson(self, slot: Slot, heard: Heard, now: float) -> Lesson:
        def lesson(budget: Budget, load: Load) -> Budget:
            return learn(budget, Answered(slot, heard, now, load), self._terms, self._random)

        return lesson

    async def give_back(self, slot: Slot) -> None:
        """Free `slot` at once: nothing was sent."""
        await self._store.give_back(slot)

    async def aclose(self) -> None:
        """Let go of the store."""
        await self._store.close()


def open_ledger(path: Path | None, limit: RateLimit, timeout_s: float, clock: Clock, random: Random) -> RateLedger:
    """Make the ledger that every process with the same `path` shares; None for one in memory.

    `timeout_s` is how long a request may take. Nothing is opened before the first request.
    """
    terms = Terms(limit, timeout_s + _LEASE_MARGIN_S)
    own = MemoryStore(terms)
    return RateLedger(own if path is None else FallbackStore(SqliteStore(path, terms), own), terms, clock, random)
