"""The credential: one token for everybody, fetched by one request at a time, renewed early or when it is refused."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import httpx
import msgspec

from reconciler.clock import Clock
from reconciler.errors import AccessDenied, ReconcileError
from reconciler.live.decode import Malformed, body_of, decoded, described, refuse_duplicates
from reconciler.live.failures import access_refused, bad_status, nonsense, unreachable
from reconciler.live.transports.layer import Layer
from reconciler.live.transports.wire import IS_TOKEN
from reconciler.live.waits import backoff_s, stated_s
from reconciler.model.redactor import Redactor
from reconciler.model.secret import Secret

_UNAUTHORIZED = 401
_REFUSALS = frozenset({400, 401, 403})
_MALFORMED_TRIES = 3
_RENEW_EARLY_S = 10.0
_SHORTEST_S = 60.0
_LONGEST_S = 3600.0
# Visible ASCII: what may stand in a header without ending it.
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True, slots=True)
class Credential:
    """What to ask for a token with, where, and how messages name it. `extensions` carry httpx's own timeouts."""

    url: str
    client_id: Secret
    client_secret: Secret
    names: tuple[str, str]
    headers: dict[str, str]
    extensions: dict[str, object]


class _TokenAnswer(msgspec.Struct):
    access_token: str
    expires_in: object = None


_decode_token = msgspec.json.Decoder(_TokenAnswer).decode


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renew_at: float


class Auth(Layer):
    """Puts the token on every request; after a 401 once more with a fresh one, then AccessDenied."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, credential: Credential, redactor: Redactor, clock: Clock, random: Random
    ) -> None:
        super().__init__(inner)
        self._credential = credential
        self._redactor = redactor
        self._clock = clock
        self._random = random
        self._token: _Token | None = None
        self._turn = asyncio.Lock()
        self._fetches = 0
        self._failure: ReconcileError | None = None
        redactor.hide(credential.client_secret.reveal())
        # It is no secret, and may be an ordinary word: it is kept out of quoted words only.
        redactor.hide_in_words(credential.client_id.reveal())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on with the token."""
        token = await self._usable(refused=None)
        response = await self._send(request, token)
        if response.status_code != _UNAUTHORIZED:
            return response
        response = await self._send(request, await self._usable(refused=token))
        if response.status_code == _UNAUTHORIZED:
            raise access_refused(place_of(request), _UNAUTHORIZED, self._credential.names)
        return response

    async def _send(self, request: httpx.Request, token: _Token) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {token.value}"
        return await self._inner.handle_async_request(request)

    def _cached(self, refused: _Token | None) -> _Token | None:
        token = self._token
        return token if token and token is not refused and self._clock.monotonic() < token.renew_at else None

    async def _usable(self, refused: _Token | None) -> _Token:
        """Give a token other than the `refused` one; of all who wait, one asks, and all share what comes of it."""
        if token := self._cached(refused):
            return token
        fetches = self._fetches
        async with self._turn_of(fetches):
            if token := self._cached(refused):
                return token
            try:
                self._token = await self._fetch()
            except ReconcileError as error:
                self._failure = error
                raise
            finally:
                self._fetches += 1
            return self._token

    @asynccontextmanager
    async def _turn_of(self, fetches: int) -> AsyncIterator[None]:
        """Wait for the turn; whoever waited while the attempt failed shares the failure instead of repeating it.

        A refused credential stays refused: asking again and again could lock the client out.
        """
        async with self._turn:
            failure = self._failure
            if failure and (self._fetches > fetches or isinstance(failure, AccessDenied)):
                raise type(failure)(*failure.diagnostics)
            self._failure = None
            yield

    async def _fetch(self) -> _Token:
        place, reason = "", ""
        for attempt in range(1, _MALFORMED_TRIES + 1):
            request = self._request()
            place = place_of(request)
            asked_at = self._clock.monotonic()
            try:
                response = await self._inner.handle_async_request(request)
                return self._read(place, response, asked_at)
            except httpx.DecodingError as error:
                reason = str(error)
            except httpx.RequestError as error:
                raise unreachable(place, error) from None
            except Malformed as malformed:
                reason = str(malformed)
            if attempt < _MALFORMED_TRIES:
                await self._clock.sleep(backoff_s(attempt, self._random))
        raise nonsense(place, reason, _MALFORMED_TRIES)

    def _request(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credential.client_id.reveal(),
            "client_secret": self._credential.client_secret.reveal(),
        }
        extensions = {**self._credential.extensions, IS_TOKEN: True}
        return httpx.Request(
            "POST", self._credential.url, data=form, headers=self._credential.headers, extensions=extensions
        )

    def _read(self, place: str, response: httpx.Response, asked_at: float) -> _Token:
        if response.status_code in _REFUSALS:
            raise access_refused(place, response.status_code, self._credential.names)
        if response.status_code >= 400:  # noqa: PLR2004 - whatever else the tenant refuses with
            # Its words are not quoted: they may repeat what was sent.
            raise bad_status(place, response.status_code, "")
        try:
            answer = _decoded(response)
        except Malformed as malformed:
            message = f"{malformed} ({described(response)})"
            raise Malformed(message) from None
        self._redactor.hide(answer.access_token)
        return _Token(answer.access_token, asked_at + lifetime_s(answer.expires_in) - _RENEW_EARLY_S)


def _decoded(response: httpx.Response) -> _TokenAnswer:
    body = body_of(response)
    answer = decoded(_decode_token, body)
    refuse_duplicates(body)
    if not _TOKEN.fullmatch(answer.access_token):
        message = "the access token holds characters that cannot stand in a header"
        raise Malformed(message)
    return answer


def lifetime_s(expires_in: object) -> float:
    """Make seconds of `expires_in`, between a minute and an hour; what is no number counts as a minute."""
    stated = stated_s(expires_in)
    return _SHORTEST_S if stated is None else min(max(stated, _SHORTEST_S), _LONGEST_S)


def place_of(request: httpx.Request) -> str:
    """Name a request in a message: method and path, as they went out."""
    return f"{request.method} {request.url.raw_path.decode('ascii')}"
