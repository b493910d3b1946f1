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


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: object = None


_decode_granted = msgspec.json.Decoder(_Granted).decode


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
        granted = _granted(response) if is_token and response.status_code == _OK else None
        self._hear(
            AnswerHead(
                is_token=is_token,
                status=response.status_code,
                asked_at=asked_at,
                answered_at=answered_at,
                told_at=told_at(response.headers),
                # Whoever gives out tokens counts them by themselves.
                announced=None if is_token else announced_in(response.headers, answered_at),
                grants=granted is not None,
                lifetime_s=None if granted is None else stated_s(granted.expires_in),
            )
        )
        return response


def _granted(response: httpx.Response) -> _Granted | None:
    try:
        return _decode_granted(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
