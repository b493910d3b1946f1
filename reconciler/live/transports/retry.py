"""Retries: what may be sent again after which failure, and how often."""

from random import Random

import httpx

from reconciler.clock import Clock
from reconciler.live.failures import is_lasting, is_unsent
from reconciler.live.transports.layer import Layer
from reconciler.live.transports.wire import IS_TOKEN, TOO_MANY_REQUESTS
from reconciler.live.waits import backoff_s

READ_TRIES = 4
TOKEN_TRIES = 3
# A write whose connection could not even be opened: nothing was sent.
UNSENT_TRIES = 4
# Refusals by the rate limit; the rate ledger does the waiting.
THROTTLED_TRIES = 8
_FIRST_SERVER_ERROR = 500


class Retry(Layer):
    """Repeats what is safe to repeat.

    A 429 for every method: the tenant refused to look at the request. A 5xx, a timeout, a broken connection only for
    reads and for the token: after those a write may have happened, and the caller must look. When the tries are
    used up the last answer, or the last error, is handed on.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Clock, random: Random) -> None:
        super().__init__(inner)
        self._clock = clock
        self._random = random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, as often as that is allowed and needed."""
        is_token = IS_TOKEN in request.extensions
        is_repeatable = is_token or request.method == "GET"
        tries = TOKEN_TRIES if is_token else READ_TRIES
        throttled_tries = TOKEN_TRIES if is_token else THROTTLED_TRIES
        throttled = failed = 0
        while True:
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.RequestError as error:
                failed += 1
                allowed = tries if is_repeatable else UNSENT_TRIES if is_unsent(error) else 0
                if is_lasting(error) or failed >= allowed:
                    raise
            else:
                if response.status_code == TOO_MANY_REQUESTS:
                    throttled += 1
                    if throttled >= throttled_tries:
                        return response
                    continue
                failed += 1
                if response.status_code < _FIRST_SERVER_ERROR or not is_repeatable or failed >= tries:
                    return response
            await self._clock.sleep(backoff_s(failed, self._random))
