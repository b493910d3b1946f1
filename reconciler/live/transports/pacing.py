"""Pace: a slot of the rate ledger for every attempt, and the bound on how many requests are under way at once."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

import httpx

from reconciler.clock import Clock
from reconciler.live.rate.budget import Heard, Slot
from reconciler.live.rate.ledger import RateLedger
from reconciler.live.transports.layer import Layer
from reconciler.live.transports.wire import IS_TOKEN
from reconciler.live.waits import grant_in, retry_after_s

# A request with this extension, a `Callable[[], None]`, has it called right before each attempt leaves.
DEPARTING = "reconciler.departing"
# The slots that a task has taken ahead, for requests that are to follow each other without a wait; None: it does not.
AHEAD: ContextVar[list[Slot] | None] = ContextVar("ahead", default=None)


class RateLimited(Layer):
    """Takes a slot of the ledger for every attempt, and tells the ledger of the answer, or that there was none.

    The last wait before the wire: a request that has its slot leaves at once, unless its `departing` says no.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, ledger: RateLedger, clock: Clock) -> None:
        super().__init__(inner)
        self._ledger = ledger
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for a slot, then pass on; Throttled when the tenant wants a longer pause than anybody waits."""
        departing: Callable[[], None] | None = request.extensions.get(DEPARTING)
        slot = await self._slot_for(request)
        if departing is not None:
            try:
                departing()
            except BaseException:
                await self._ledger.give_back(slot)
                raise
        heard = None
        try:
            response = await self._inner.handle_async_request(request)
            heard = self._heard(request, response)
            return response
        finally:
            await self._ledger.answered(slot, heard)

    async def _slot_for(self, request: httpx.Request) -> Slot:
        """Take a slot: a reading that a write is to follow at once takes the write's slot too."""
        ahead = AHEAD.get()
        if ahead is None or IS_TOKEN in request.extensions:
            return await self._ledger.charge()
        if request.method != "GET" and ahead and (slot := await self._ledger.renew(ahead[-1])) is not None:
            ahead.pop()
            return slot
        slot, *more = await self._ledger.charge_at_once(2 if request.method == "GET" and not ahead else 1)
        ahead += more
        return slot

    def _heard(self, request: httpx.Request, response: httpx.Response) -> Heard:
        now = self._clock.now()
        # Whoever gives out tokens counts them by themselves: what it has left says nothing about the tenant's API.
        grant = None if IS_TOKEN in request.extensions else grant_in(response.headers, now)
        return Heard(response.status_code, retry_after_s(response.headers, now), grant)

    async def aclose(self) -> None:
        """Close what is wrapped, and the ledger."""
        try:
            await super().aclose()
        finally:
            await self._ledger.aclose()


class Concurrent(Layer):
    """Lets at most so many requests be under way at once, those included that wait for a slot."""

    def __init__(self, inner: httpx.AsyncBaseTransport, max_concurrency: int) -> None:
        super().__init__(inner)
        self._places = asyncio.Semaphore(max_concurrency)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for a place, then pass on."""
        async with self._places:
            return await self._inner.handle_async_request(request)
