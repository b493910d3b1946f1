"""Repeats what is safe to repeat, and waits out a rate limit: a transport around the others."""

from collections.abc import Mapping
from datetime import datetime
from random import Random

import httpx

from reconciler.clock import Clock
from reconciler.live.failures import is_lasting, is_unsent
from reconciler.live.transports.layer import Layer
from reconciler.live.waits import backoff_s, grant_in, retry_after_s

LONGEST_PAUSE_S = 60.0
TRIES = 4
# A host that asks for one pause after the other is not waited for either.
_MOST_PAUSES = 3
_LIMITING = frozenset({403, 429})
_FIRST_SERVER_ERROR = 500
# GitHub's secondary limit may come without any header; its documentation then says to wait at least a minute.
_SECONDARY = b"secondary rate limit"
_LOOKED_AT = 10_000


class Limited(httpx.RequestError):
    """The host wants a pause of `seconds`, which is more than is waited for; nothing was done."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asks for a pause of {seconds:.0f} s")
        self.seconds = seconds


class Patient(Layer):
    """Sends a request again where that cannot do anything twice.

    A refusal by a rate limit for every method: the host did not look at the request. A 5xx or a broken connection only
    for GET. A connection that could not be opened for every method. In the end the last answer or error is handed on;
    Limited where the pause is too long.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Clock, random: Random) -> None:
        super().__init__(inner)
        self._clock = clock
        self._random = random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, as often as that is allowed and needed; the one within hands on answers read to their end."""
        failed = paused = 0
        while True:
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.RequestError as error:
                failed += 1
                is_safe = request.method == "GET" or is_unsent(error)
                if is_lasting(error) or not is_safe or failed >= TRIES:
                    raise
                await self._clock.sleep(backoff_s(failed, self._random))
                continue
            pause_s = pause_in(response.status_code, response.headers, response.content, self._clock.now())
            if pause_s is not None:
                paused += 1
                if pause_s > LONGEST_PAUSE_S or paused > _MOST_PAUSES:
                    raise Limited(pause_s)
                await self._clock.sleep(pause_s)
                continue
            failed += 1
            if response.status_code < _FIRST_SERVER_ERROR or request.method != "GET" or failed >= TRIES:
                return response
            await self._clock.sleep(backoff_s(failed, self._random))


def pause_in(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> float | None:
    """Give the seconds that a refusal by a rate limit asks for; None where the answer is none.

    A 403 is one only when it says so: by `Retry-After`, by nothing remaining, or in its words.
    """
    if status not in _LIMITING:
        return None
    asked = retry_after_s(headers, now)
    if asked is not None:
        return asked
    grant = grant_in(headers, now)
    if grant is not None and grant.remaining == 0:
        # The reset is told in whole seconds.
        return grant.resets_in_s + 1
    is_limit = status != 403 or _SECONDARY in body[:_LOOKED_AT].lower()  # noqa: PLR2004 - Forbidden
    return LONGEST_PAUSE_S if is_limit else None
