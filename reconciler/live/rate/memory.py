"""Slots in memory: the budget of one process."""

import heapq
import math

from reconciler.live.rate.budget import Admitted, Budget, Closed, Load, Slot, Terms, Wait, admit
from reconciler.live.rate.store import Lesson


class MemoryStore:
    """A store that is gone with its process."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.budget = Budget()
        # When a slot counts as answered, by its id as long as it is in flight, in a heap afterwards.
        self._in_flight: dict[int, float] = {}
        self._ended: list[float] = []
        # Downwards from -1: slots adopted from another store count upwards.
        self._last_id = 0

    async def charge(self, now: float, count: int = 1) -> tuple[Slot, ...] | Wait | Closed:
        """Take so many slots, if that may be now."""
        self._forget(now)
        verdict = admit(self.budget, self._load(now), self._terms, now, count)
        if not isinstance(verdict, Admitted):
            return verdict
        self.budget = verdict.budget
        slots = tuple(Slot(self._last_id - number, now) for number in range(1, verdict.count + 1))
        self._last_id -= verdict.count
        self._in_flight |= {slot.id: now + self._terms.lease_s for slot in slots}
        return slots

    def adopt(self, slot: Slot) -> None:
        """Count a slot that another store has given."""
        self._forget(slot.charged_at)
        self._in_flight[slot.id] = slot.charged_at + self._terms.lease_s

    async def settle(self, slot: Slot, ends_at: float, lesson: Lesson | None) -> Budget:
        """Let the slot be free one window after `ends_at`, and keep what the answer teaches."""
        self._in_flight.pop(slot.id, None)
        heapq.heappush(self._ended, ends_at)
        if lesson is not None:
            self._forget(ends_at)
            self.budget = lesson(self.budget, self._load(ends_at))
        return self.budget

    async def renew(self, slot: Slot, now: float) -> Slot | None:
        """Let a slot that was taken ahead begin now."""
        self._forget(now)
        verdict = admit(self.budget, self._load(now), self._terms, now, 0)
        if slot.id not in self._in_flight or not isinstance(verdict, Admitted):
            return None
        self._in_flight[slot.id] = now + self._terms.lease_s
        return Slot(slot.id, now)

    async def give_back(self, slot: Slot) -> None:
        """Free the slot at once."""
        self._in_flight.pop(slot.id, None)

    async def close(self) -> None:
        """Nothing is open."""

    def _forget(self, now: float) -> None:
        """Free what is over."""
        window_s = self._terms.window_s
        while self._ended and self._ended[0] + window_s <= now:
            heapq.heappop(self._ended)
        for slot_id in [slot_id for slot_id, ends_at in self._in_flight.items() if ends_at + window_s <= now]:
            del self._in_flight[slot_id]

    def _load(self, now: float) -> Load:
        # Whatever is in flight may be answered this very moment, and no earlier.
        first = min((min(ends_at, now) for ends_at in self._in_flight.values()), default=math.inf)
        frees_at = min(first, self._ended[0] if self._ended else math.inf) + self._terms.window_s
        return Load(len(self._in_flight) + len(self._ended), len(self._in_flight), frees_at)
