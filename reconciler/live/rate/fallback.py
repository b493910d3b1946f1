"""A store that others share, for as long as it works; after that the memory of this process."""

import logging

from reconciler.live.rate.budget import Budget, Closed, Slot, Wait
from reconciler.live.rate.memory import MemoryStore
from reconciler.live.rate.store import Lesson, Store, StoreUnusable

_LOGGER = logging.getLogger(__name__)


class FallbackStore:
    """Never StoreUnusable; what this process has charged is counted in `own` too, and goes on counting there."""

    def __init__(self, shared: Store, own: MemoryStore) -> None:
        self._shared: Store | None = shared
        self._own = own

    async def charge(self, now: float) -> Slot | Wait | Closed:
        """Take a slot, if one may be taken now."""
        if self._shared is not None:
            try:
                found = await self._shared.charge(now)
            except StoreUnusable as error:
                await self._go_on_alone(self._shared, error)
            else:
                if isinstance(found, Slot):
                    self._own.adopt(found)
                return found
        return await self._own.charge(now)

    async def settle(self, slot: Slot, ends_at: float, lesson: Lesson | None) -> Budget:
        """Let the slot be free one window after `ends_at`, and keep what the answer teaches."""
        if self._shared is not None:
            try:
                budget = await self._shared.settle(slot, ends_at, lesson)
            except StoreUnusable as error:
                await self._go_on_alone(self._shared, error)
            else:
                await self._own.settle(slot, ends_at, None)
                self._own.budget = budget
                return budget
        return await self._own.settle(slot, ends_at, lesson)

    async def give_back(self, slot: Slot) -> None:
        """Free the slot at once."""
        await self._own.give_back(slot)
        if self._shared is not None:
            try:
                await self._shared.give_back(slot)
            except StoreUnusable as error:
                await self._go_on_alone(self._shared, error)

    async def close(self) -> None:
        """Let go of the shared store."""
        if self._shared is not None:
            await self._shared.close()

    async def _go_on_alone(self, shared: Store, error: StoreUnusable) -> None:
        self._shared = None
        await shared.close()
        _LOGGER.warning("%s; this run counts its own requests only: %s", error, error.hint)
