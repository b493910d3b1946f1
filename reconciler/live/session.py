"""One run's conversation with a tenant: the stack of transports, and readings repeated until they make sense."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import httpx

from reconciler import __version__
from reconciler.clock import Clock
from reconciler.live.addresses import Addresses
from reconciler.live.connection import Connection
from reconciler.live.decode import Malformed, described
from reconciler.live.failures import bad_status, nonsense, scope_missing, unreachable
from reconciler.live.rate.budget import Slot
from reconciler.live.rate.ledger import RateLedger, open_ledger
from reconciler.live.said import said_in
from reconciler.live.transports.auth import Auth, Credential, place_of
from reconciler.live.transports.bounded import Bounded
from reconciler.live.transports.guard import OriginGuard, ReadOnly
from reconciler.live.transports.heard import Heard
from reconciler.live.transports.pacing import AHEAD, DEPARTING, Concurrent, RateLimited
from reconciler.live.transports.retry import Retry
from reconciler.live.transports.wire import Embedded, Tally, sockets
from reconciler.live.waits import backoff_s
from reconciler.live.words import Quoter

T = TypeVar("T")

MALFORMED_TRIES = 3
_FORBIDDEN = 403
_GONE = frozenset({404, 410})
_LONGEST_CONNECT_S = 10.0
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"cxone-reconciler/{__version__}",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a session must know of a dialect: the path of its token endpoint, and the scope that reading takes."""

    token_path: tuple[str, ...]
    read_scope: str


class Session:
    """Sends requests for a driver; every failure leaves as an error that a person can read."""

    def __init__(  # noqa: PLR0913 - the parts, each named where they are made
        self,
        client: httpx.AsyncClient,
        *,
        addresses: Addresses,
        tally: Tally,
        ledger: RateLedger,
        quoter: Quoter,
        connection: Connection,
        dialect: Dialect,
        clock: Clock,
        random: Random,
    ) -> None:
        self._client = client
        self.addresses = addresses
        self.tally = tally
        self._ledger = ledger
        self._quoter = quoter
        self.connection = connection
        self._dialect = dialect
        self._clock = clock
        self._random = random

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send as it is; raises httpx.RequestError when there is no usable answer, AccessDenied on a second 401."""
        return await self._client.send(request)

    @asynccontextmanager
    async def adjacent(self) -> AsyncIterator[None]:
        """Let a reading within, and the write of this task after it, leave without a wait between them."""
        ahead: list[Slot] = []
        token = AHEAD.set(ahead)
        try:
            yield
        finally:
            AHEAD.reset(token)
            for slot in ahead:
                await self._ledger.give_back(slot)

    def request(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        departing: Callable[[], None] | None = None,
    ) -> httpx.Request:
        """Make a request for `send`; `departing` is called right before each attempt leaves, and may raise."""
        extensions = None if departing is None else {DEPARTING: departing}
        return self._client.build_request(method, url, content=content, headers=headers, extensions=extensions)

    async def ask(self, url: str, read: Callable[[httpx.Response], T]) -> T:
        """GET, and `read` the answer; one that is Malformed is asked for again, a few times. TenantError in the end."""
        answer = await self._ask(url, read, gone=frozenset())
        if answer is None:
            message = "an answer was taken for a missing one"
            raise AssertionError(message)
        return answer

    async def ask_if_there(self, url: str, read: Callable[[httpx.Response], T]) -> T | None:
        """As `ask`; None when the tenant says that there is no such thing."""
        return await self._ask(url, read, gone=_GONE)

    async def _ask(self, url: str, read: Callable[[httpx.Response], T], gone: frozenset[int]) -> T | None:
        place, reason = "", ""
        for attempt in range(1, MALFORMED_TRIES + 1):
            request = self.request("GET", url)
            place = place_of(request)
            try:
                response = await self.send(request)
            except httpx.DecodingError as error:
                reason = str(error)
            except httpx.RequestError as error:
                raise unreachable(place, error) from None
            else:
                if response.status_code in gone:
                    return None
                self._refuse(place, response)
                try:
                    return read(response)
                except Malformed as malformed:
                    reason = f"{malformed} ({described(response)})"
            if attempt < MALFORMED_TRIES:
                await self._clock.sleep(backoff_s(attempt, self._random))
        raise nonsense(place, reason, MALFORMED_TRIES)

    def _refuse(self, place: str, response: httpx.Response) -> None:
        if response.status_code == _FORBIDDEN:
            name = self.connection.secret_names[0]
            raise scope_missing(place, self._dialect.read_scope, self.words_of(response), name)
        if response.status_code >= 400:  # noqa: PLR2004 - the statuses that say no
            raise bad_status(place, response.status_code, self.words_of(response))

    def words_of(self, response: httpx.Response) -> str:
        """Give the tenant's own words about a refusal, fit to be quoted; empty when there are none."""
        return self._quoter.quote(said_in(response))


@asynccontextmanager
async def open_session(
    connection: Connection, dialect: Dialect, clock: Clock, random: Random, *, writable: bool
) -> AsyncIterator[Session]:
    """Build the stack of transports, from the wire outwards, with one client for the whole run."""
    for name in ("httpx", "httpcore"):
        # At INFO httpx logs every address with its query.
        logging.getLogger(name).setLevel(logging.WARNING)
    addresses = Addresses(connection.base_url)
    quoter = Quoter(connection.redactor)
    timeout = httpx.Timeout(connection.timeout_s, connect=min(connection.timeout_s, _LONGEST_CONNECT_S))
    wire: httpx.AsyncBaseTransport = (
        Embedded(connection.app)
        if connection.app
        else sockets(addresses.origin[0], addresses.host, connection.max_concurrency)
    )
    tally = Tally(wire)
    stack: httpx.AsyncBaseTransport = OriginGuard(tally, addresses.origin)
    stack = Bounded(stack, connection.timeout_s)
    ledger = open_ledger(connection.ledger, connection.rate_limit, connection.timeout_s, clock, random)
    if connection.hear is not None:
        stack = Heard(stack, connection.hear, clock)
    stack = RateLimited(stack, ledger, clock)
    stack = Concurrent(stack, connection.max_concurrency)
    stack = Retry(stack, clock, random)
    credential = Credential(
        url=addresses.of(*dialect.token_path),
        client_id=connection.client_id,
        client_secret=connection.client_secret,
        names=connection.secret_names,
        headers=_HEADERS,
        extensions={"timeout": timeout.as_dict()},
    )
    stack = Auth(stack, credential, connection.redactor, clock, random)
    if not writable:
        stack = ReadOnly(stack)
    async with httpx.AsyncClient(
        transport=stack, headers=_HEADERS, timeout=timeout, follow_redirects=False, trust_env=False
    ) as client:
        yield Session(
            client,
            addresses=addresses,
            tally=tally,
            ledger=ledger,
            quoter=quoter,
            connection=connection,
            dialect=dialect,
            clock=clock,
            random=random,
        )
