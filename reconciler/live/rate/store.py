"""What a ledger needs of a store: each method is one transaction, over everybody who shares the store."""

from collections.abc import Callable
from typing import Protocol

from reconciler.live.rate.budget import Budget, Closed, Load, Slot, Wait

# From the budget, and what the log then holds, to the budget after an answer.
Lesson = Callable[[Budget, Load], Budget]


class StoreUnusable(Exception):  # noqa: N818 - it names what is the matter
    """The store cannot be had, now or any more; the text says why, `hint` what to do."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class Store(Protocol):
    """Keeps the slots and the budget of one tenant. Any method may raise StoreUnusable, but for `close`."""

    async def charge(self, now: float, count: int = 1) -> tuple[Slot, ...] | Wait | Closed:
        """Take so many slots at once, if that may be now; fewer where no window holds as many."""

    async def settle(self, slot: Slot, ends_at: float, lesson: Lesson | None) -> Budget:
        """Let the slot be free one window after `ends_at`, and keep what the answer teaches; give the budget then."""

    async def renew(self, slot: Slot, now: float) -> Slot | None:
        """Let a slot that was taken ahead begin now; None where nothing may leave now, or where it has run out."""

    async def give_back(self, slot: Slot) -> None:
        """Free the slot at once: nothing was sent."""

    async def close(self) -> None:
        """Let go of whatever is open."""
