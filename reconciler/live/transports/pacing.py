"""Pace: the rate ledger before every attempt, the bound on how many travel at once, and the gate for `Retry-After`."""

import asyncio
import logging
from random import Random

import httpx

from reconciler.clock import Clock
from reconciler.live.failures import Throttled
from reconciler.live.ledger import RateLedger
from reconciler.live.transports.layer import Layer
from reconciler.live.transports.wire import TOO_MANY_REQUESTS
from reconciler.live.waits import LONGEST_RETRY_AFTER_S, backoff_s, retry_after_s

_LOGGER = logging.getLogger(__name__)
_SERVICE_UNAVAILABLE = 503


class RateLimited(Layer):
    """Takes a slot of the ledger for every attempt, and gives it back when the answer, or the failure, is in."""

    def __init__(self, inner: httpx.AsyncBaseTransport, ledger: RateLedger) -> None:
        super().__init__(inner)
        self._ledger = ledger

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for a slot, then pass on."""
        slot = await self._ledger.charge()
        throttled = False
        try:
            response = await self._inner.handle_async_request(request)
            throttled = response.status_code == TOO_MANY_REQUESTS
            return response
        finally:
            await self._ledger.answered(slot, throttled=throttled)


class Concurrent(Layer):
    """Lets at most so many requests travel at once."""

    def __init__(self, inner: httpx.AsyncBaseTransport, max_concurrency: int) -> None:
        super().__init__(inner)
        self._places = asyncio.Semaphore(max_concurrency)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for a place, then pass on."""
        async with self._places:
            return await self._inner.handle_async_request(request)


class Gate(Layer):
    """Shuts when the tenant says it is too much: the whole client waits, not only the request that was told so.

    It stands inside the other waits, right before the wire, so that nothing that was already under way slips through.
    Without a usable `Retry-After` the pause grows with each refusal in a row.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Clock, random: Random) -> None:
        super().__init__(inner)
        self._clock = clock
        self._random = random
        self._opens_at = clock.monotonic()
        self._times_shut = 0
        self._refusals = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait until the gate is open, then pass on; Throttled when that would take too long."""
        await self._wait()
        times_shut = self._times_shut
        response = await self._inner.handle_async_request(request)
        # What was sent before the gate last shut only repeats what is known.
        self._learn(response, is_news=times_shut == self._times_shut)
        return response

    async def _wait(self) -> None:
        while (left_s := self._opens_at - self._clock.monotonic()) > 0:
            if left_s > LONGEST_RETRY_AFTER_S:
                raise Throttled(left_s)
            await self._clock.sleep(left_s)

    def _learn(self, response: httpx.Response, *, is_news: bool) -> None:
        asked_s = retry_after_s(response.headers, self._clock.now())
        if response.status_code == TOO_MANY_REQUESTS:
            self._refusals += is_news
            self._shut(asked_s if asked_s is not None else backoff_s(self._refusals, self._random))
        elif response.status_code == _SERVICE_UNAVAILABLE and asked_s is not None:
            self._shut(asked_s)
        elif is_news:
            self._refusals = 0

    def _shut(self, seconds: float) -> None:
        if self._opens_at <= self._clock.monotonic():
            _LOGGER.info("the tenant asked for fewer requests: waiting %.0f s", max(1.0, seconds))
        self._times_shut += 1
        self._opens_at = max(self._opens_at, self._clock.monotonic() + seconds)
