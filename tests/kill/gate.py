"""Stands before the simulated tenant: numbers what arrives, lets it travel, and says at each point that it is there."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from reconciler.simulator import App, ConnectionDropped
from reconciler.simulator.app import Message, Receive, Send
from tests.kill.leavings import intents_of
from tests.kill.story import Held

# How long a write is on its way, and its answer: so several are under way at once.
_TRAVEL_S = 0.001


@dataclass(frozen=True, slots=True)
class Request:
    """A request that arrived; `number` counts from 1 within a run."""

    number: int
    scope: Message
    body: bytes

    @property
    def is_patch(self) -> bool:
        """Whether it writes."""
        return bool(self.scope["method"] == "PATCH")


# Told of a request before anything is done about it, and again once it is done, before its answer leaves.
Hook = Callable[[Request, bool], None]


class Gate:
    """An ASGI app around the tenant's; `journals` gives what of them is certain to survive at the moment.

    Law: no PATCH arrives before its intent is among that. What breaks it is in `early`.
    """

    def __init__(
        self,
        app: App,
        sleep: Callable[[float], Awaitable[None]],
        journals: Callable[[], Mapping[str, bytes]],
        hook: Hook,
    ) -> None:
        self.app = app
        self.patches: list[tuple[str, Held]] = []
        self.single_reads = 0
        self.arrived = 0
        self.early: list[str] = []
        # What has arrived and is not done yet; when `is_lossy`, it never will be.
        self.travelling: dict[int, Request] = {}
        self.is_lossy = False
        # Whether the client is dead, and only what cleans up behind it still asks.
        self.is_shut = False
        # A gate of former days, whose travellers arrive right before request number `late_at` of this one.
        self.late: Gate | None = None
        self.late_at = 0
        self.under_way = 0
        self._sleep = sleep
        self._journals = journals
        self._hook = hook

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.under_way += 1
        try:
            for message in await self._pass(scope, (await receive()).get("body", b"")):
                await send(message)
        finally:
            self.under_way -= 1

    async def _pass(self, scope: Message, body: bytes) -> list[Message]:
        if self.is_shut:
            raise asyncio.CancelledError
        self.arrived += 1
        if self.late and self.arrived == self.late_at:
            await self.late.land()
        request = Request(self.arrived, scope, body)
        self._note(request)
        self.travelling[request.number] = request
        self._hook(request, False)
        if request.is_patch:
            await self._sleep(_TRAVEL_S)
        if self.is_lossy:
            message = "lost on the way"
            raise ConnectionDropped(message)
        answer = await self._do(request)
        self._hook(request, True)
        if request.is_patch:
            await self._sleep(_TRAVEL_S)
        return answer

    async def land(self) -> None:
        """Let the writes that are on their way arrive, although nobody waits for an answer any more."""
        for request in [each for each in self.travelling.values() if each.is_patch]:
            await self._do(request)

    async def _do(self, request: Request) -> list[Message]:
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": request.body}

        async def send(message: Message) -> None:
            answer.append(message)

        self.travelling.pop(request.number)
        await self.app(request.scope, receive, send)
        return answer

    def _note(self, request: Request) -> None:
        method, path = request.scope["method"], request.scope["path"]
        folder, _, agent_id = path.rpartition("/")
        if folder != "/api/v2/agents":
            return
        if method == "GET":
            self.single_reads += 1
            return
        rows = json.loads(request.body)["skills"]
        asked = {row["skill"]["id"]: (row["proficiency"], row["available"]) for row in rows}
        self.patches.append((agent_id, asked))
        nth = sum(each == agent_id for each, _ in self.patches)
        intents = intents_of(self._journals(), agent_id)
        if len(intents) < nth or intents[nth - 1] != asked:
            self.early.append(f"request {request.number}: PATCH {agent_id} {asked}, intents on the disk: {intents}")
