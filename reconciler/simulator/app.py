"""The tenant as an ASGI app: arrivals logged and counted, faults put in the way, everything else in `routes`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from random import Random
from typing import Any

from reconciler.simulator.bodies import Refusal
from reconciler.simulator.documents import AgentEncoder
from reconciler.simulator.effects import Handle, Stage, wrap
from reconciler.simulator.faults import Fault, FaultPlan
from reconciler.simulator.rate import SlidingWindow, http_date, retry_after
from reconciler.simulator.routes import Desk, serve_request
from reconciler.simulator.tenant import Tenant
from reconciler.simulator.tokens import DEMO_CLIENT, Client, TokenDesk
from reconciler.simulator.wire import Answer, Request, answer_refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_DRIP_PIECES = 64


@dataclass(slots=True)
class Arrival:
    """One line of the request log, written when the request arrives and completed when its answer leaves.

    `status` stays None when no answer left (the connection was dropped, or the client went away). `retry_after` is
    what a refusal said. Neither secrets nor bodies are kept.
    """

    number: int
    at: float
    method: str
    path: str
    query: str
    status: int | None = None
    answered_at: float | None = None
    retry_after: str | None = None


class App:
    """A plain ASGI 3 app around one tenant.

    `requests` is the tenant's own log of arrivals, `tenant.commits` that of what was committed, `faults` may be added
    to and cleared at any time, and `window.arrive(at)` lets another client use up the rate limit.
    """

    def __init__(
        self,
        tenant: Tenant,
        faults: Iterable[Fault],
        clients: Iterable[Client],
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
    ) -> None:
        behaviour = tenant.behaviour
        tokens = TokenDesk(clients, behaviour.token_lifetime_s, random, extra_fields=behaviour.extra_fields)
        self.tenant = tenant
        self.requests: list[Arrival] = []
        self.faults = FaultPlan(faults, random)
        self.window = SlidingWindow(behaviour.limit, behaviour.window_s, count_refused=behaviour.count_refused)
        self._stage = Stage(Desk(tenant, tokens, AgentEncoder(behaviour)), sleep)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        # Counted before the first await: what matters is when a request arrives, not when its turn comes.
        arrival = self._log(scope)
        wait_s = self.window.arrive(arrival.at)
        request = Request(
            arrival.number,
            arrival.at,
            arrival.method,
            arrival.path,
            arrival.query,
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            await _read_body(receive),
        )
        self.tenant.catch_up()
        if wait_s > 0:
            answer = self._throttle(arrival, wait_s)
        else:
            answer = await self._with_faults(request)(request)
        arrival.status, arrival.answered_at = answer.status, self.tenant.clock()
        await self._send(answer, send)

    def _log(self, scope: Message) -> Arrival:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        arrival = Arrival(
            len(self.requests) + 1,
            self.tenant.clock(),
            scope["method"],
            raw_path.partition(b"?")[0].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
        )
        self.requests.append(arrival)
        return arrival

    def _throttle(self, arrival: Arrival, wait_s: float) -> Answer:
        arrival.retry_after = retry_after(self.tenant.behaviour.retry_after, wait_s, arrival.at)
        headers = () if arrival.retry_after is None else (("Retry-After", arrival.retry_after),)
        return answer_refusal(Refusal(429, "Too many requests"), *headers)

    def _with_faults(self, request: Request) -> Handle:
        handle: Handle = self._answer
        for fault in reversed(self.faults.hits(request)):
            handle = wrap(fault, self._stage, handle)
        return handle

    async def _answer(self, request: Request) -> Answer:
        return serve_request(self._stage.desk, request)

    async def _send(self, answer: Answer, send: Send) -> None:
        headers = [
            ("Date", http_date(self.tenant.clock())),
            ("Content-Length", str(len(answer.body))),
            *([("Content-Type", answer.content_type)] if answer.content_type else []),
            *answer.headers,
            *(self.window.headers(self.tenant.clock()) if self.tenant.behaviour.rate_headers else ()),
        ]
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        if answer.drip_s > 0:
            piece = len(answer.body) // _DRIP_PIECES + 1
            for start in range(0, len(answer.body), piece):
                await self._stage.sleep(answer.drip_s)
                body = answer.body[start : start + piece]
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": answer.body})


def make_app(
    tenant: Tenant,
    *,
    faults: Iterable[Fault] = (),
    clients: Iterable[Client] = (DEMO_CLIENT,),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    random: Random | None = None,
) -> App:
    """Put a tenant behind HTTP. Without `random` every app draws the same numbers."""
    return App(tenant, faults, clients, sleep, random or Random(0))  # noqa: S311 - chance, not secrecy


async def _live(receive: Receive, send: Send) -> None:
    """Say yes to a server that starts, and goodbye to one that stops: nothing here has to be opened or closed."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read_body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)
