"""Tells somebody what the head of each answer says, for a checkup; nothing is added to what is sent."""

from collections.abc import Callable

import httpx
import msgspec

from reconciler.clock import Clock
from reconciler.live.transports.layer import Layer
from reconciler.live.transports.wire import IS_TOKEN
from reconciler.live.waits import announced_in, stated_s, told_at
from reconciler.model.answer_heads import AnswerHead

_OK = 200


class _Lifetime(msgspec.Struct):
    expires_in: object = None


_decode_lifetime = msgspec.json.Decoder(_Lifetime).decode


class Heard(Layer):
    """Hands the head of every answer to `hear`, those that are repeated too."""

    def __init__(self, inner: httpx.AsyncBaseTransport, hear: Callable[[AnswerHead], None], clock: Clock) -> None:
        super().__init__(inner)
        self._hear = hear
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, and tell."""
        asked_at = self._clock.now()
        response = await self._inner.handle_async_request(request)
        answered_at = self._clock.now()
        is_token = IS_TOKEN in request.extensions
        self._hear(
            AnswerHead(
                is_token=is_token,
                status=response.status_code,
                asked_at=asked_at,
                answered_at=answered_at,
                told_at=told_at(response.headers),
                # Whoever gives out tokens counts them by themselves.
                announced=None if is_token else announced_in(response.headers, answered_at),
                lifetime_s=_lifetime_s(response) if is_token and response.status_code == _OK else None,
            )
        )
        return response


def _lifetime_s(response: httpx.Response) -> float | None:
    try:
        return stated_s(_decode_lifetime(response.content).expires_in)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
