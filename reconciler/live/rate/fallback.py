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

    async def charge(self, now: float, count: int = 1) -> tuple[Slot, ...] | Wait | Closed:
        """Take so many slots, if that may be now."""
        if self._shared is not None:
            try:
                found = await self._shared.charge(now, count)
            except StoreUnusable as error:
                await self._go_on_alone(self._shared, error)
            else:
                for slot in found if isinstance(found, tuple) else ():
                    self._own.adopt(slot)
                return found
        return await self._own.charge(now, count)

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

    async def renew(self, slot: Slot, now: float) -> Slot | None:
        """Let a slot that was taken ahead begin now."""
        if self._shared is not None:
            try:
                renewed = await self._shared.renew(slot, now)
            except StoreUnusable as error:
                await self._go_on_alone(self._shared, error)
            else:
                if renewed is not None:
                    self._own.adopt(renewed)
                return renewed
        return await self._own.renew(slot, now)

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
