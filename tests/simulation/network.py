"""The way between one run and the tenant: latency, connections that cannot be opened, and a log of every trip."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any
from urllib.parse import unquote

import httpx

from reconciler.simulator import App, VirtualTime
from tests.simulation.machine import Machine
from tests.simulation.troubles import TOKEN_MARK

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_SINGLE = "/api/v2/agents/"


@dataclass(slots=True, eq=False)
class Trip:
    """One request of one run, in seconds since the epoch.

    `number` is its place in the tenant's log, None where it never arrived. `status` is None where no answer came;
    `ended_at` is when the run learned of the answer, or that there is none. `body` is kept for single agents.
    """

    method: str
    path: str
    host: str
    departed_at: float
    number: int | None = None
    arrived_at: float | None = None
    ended_at: float | None = None
    status: int | None = None
    retry_after: str = ""
    body: bytes = b""
    # Of a PATCH: whether its intent was durable when it left.
    is_recorded: bool = True

    @property
    def opens_at(self) -> float | None:
        """Until when the tenant asked for silence: seconds, whole or not, or a date; None where it did not."""
        if self.status not in {429, 503} or self.ended_at is None:
            return None
        text = self.retry_after.strip()
        if text.replace(".", "", 1).isdigit() and text.isascii():
            return self.ended_at + float(text)
        try:
            return parsedate_to_datetime(text).timestamp()
        except (ValueError, TypeError):
            return None

    @property
    def agent_set(self) -> dict[str, tuple[int, bool]] | None:
        """The set that the answer about a single agent shows; None where it shows none."""
        try:
            rows = json.loads(self.body)["skills"]
            return {row["skill"]["id"]: (row["proficiency"], row["available"]) for row in rows}
        except (ValueError, KeyError, TypeError):
            return None


@dataclass
class Line:
    """What one run is given as its tenant: an ASGI app that passes on to the real one."""

    app: App
    time: VirtualTime
    random: Random
    machine: Machine
    latency_s: float
    # How likely a connection cannot be opened; nothing is sent then.
    unsent: float = 0.0
    # Called when a request leaves.
    departing: Callable[[Trip], object] = lambda _trip: None
    trips: list[Trip] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    # Requests on their way: who gives up waiting for an answer does not call a request back.
    pending: set[asyncio.Task[list[_Message]]] = field(default_factory=set)

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Carry one request there, and its answer back."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        raw_path = scope["raw_path"].decode("latin-1").partition("?")[0]
        trip = Trip(scope["method"], raw_path, headers.get(b"host", ""), self.time.epoch_s())
        token = headers.get(b"authorization", "").removeprefix("Bearer ")
        if token:
            self.tokens.add(token)
        self.machine.tick()
        if self.machine.is_dead:
            await asyncio.Event().wait()  # nothing leaves any more
        if trip.method == "PATCH":
            trip.is_recorded = self.machine.has_intent(unquote(raw_path.rpartition("/")[2]))
        self.trips.append(trip)
        self.departing(trip)
        journey = asyncio.create_task(self._travel(trip, scope, receive))
        self.pending.add(journey)
        journey.add_done_callback(self._forget)
        try:
            answers = await asyncio.shield(journey)
        finally:
            trip.ended_at = self.time.epoch_s()
            self.machine.tick()
        for message in answers:
            await send(_kept(trip, token, message))

    async def _travel(self, trip: Trip, scope: _Message, receive: _Receive) -> list[_Message]:
        await self._pass_time()
        if self.unsent and self.random.random() < self.unsent:
            message = "the simulated connection could not be opened"
            raise httpx.ConnectError(message)
        # The tenant numbers a request before anything else happens to it.
        trip.number, trip.arrived_at = len(self.app.requests) + 1, self.time.epoch_s()
        answers: list[_Message] = []

        async def take(message: _Message) -> None:
            answers.append(message)

        try:
            await self.app(scope, receive, take)
        finally:
            self.machine.tick()
            await self._pass_time()
        return answers

    def _forget(self, journey: "asyncio.Task[list[_Message]]") -> None:
        self.pending.discard(journey)
        if not journey.cancelled():
            journey.exception()  # whoever gave up waiting does not want it

    async def _pass_time(self) -> None:
        if self.latency_s:
            await asyncio.sleep(self.random.uniform(0, self.latency_s))


def _kept(trip: Trip, token: str, message: _Message) -> _Message:
    """Note what the run learns from a message; a tenant that repeats the token does so here."""
    if message["type"] == "http.response.start":
        trip.status = message["status"]
        trip.retry_after = dict(message["headers"]).get(b"retry-after", b"").decode("latin-1")
    elif TOKEN_MARK in (body := message.get("body", b"")):
        return {**message, "body": body.replace(TOKEN_MARK, token.encode())}
    elif trip.method == "GET" and trip.path.startswith(_SINGLE):
        trip.body += body
    return message
