"""A scripted tenant for these tests: a bare ASGI application, and a clock whose time passes only by waiting."""

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from reconciler.live import Connection, Tenant, open_tenant
from reconciler.model.secret import Secret
from reconciler.model.tenant import Api, RateLimit

CLIENT_ID = "client-4711"
CLIENT_SECRET = "s3cr3t/with+odd=chars&more"
TOKEN = "tok-abcdef.0123456789"
ORIGIN = "https://na1.cxone.com"
START = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
# More turns of the event loop than an answer in process takes: after them everybody is waiting.
_TURNS = 60


class FakeClock:
    """Virtual time: it jumps to the next waiter once nobody has anything else to do."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._deadlines: list[float] = []

    def monotonic(self) -> float:
        """Seconds since the test began."""
        return self.passed

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return START + timedelta(seconds=self.passed)

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass, for everybody."""
        deadline = self.passed + seconds
        heapq.heappush(self._deadlines, deadline)
        try:
            while self.passed < deadline:
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                if self._deadlines[0] == deadline:
                    self.passed = max(self.passed, deadline)
        finally:
            self._deadlines.remove(deadline)
            heapq.heapify(self._deadlines)


@dataclass(frozen=True)
class Answer:
    """One scripted answer; `body` is sent as it is, or as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = "application/json"
    drop: bool = False
    delay_turns: int = 0


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float


Handler = Callable[[Call], Answer | None]


class Server:
    """Answers by the first of its handlers that has something to say, and writes everything down."""

    def __init__(self, *handlers: Handler, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.handlers = [*handlers, token_answer]
        self.calls: list[Call] = []
        self.running = self.most_running = 0

    def count(self, method: str, ending: str = "") -> int:
        """How many such requests have arrived."""
        return sum(call.method == method and call.path.endswith(ending) for call in self.calls)

    async def __call__(
        self,
        scope: Any,  # noqa: ANN401 - ASGI's own messages
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        sent, is_more = b"", True
        while is_more:
            message = await receive()
            sent += message.get("body", b"")
            is_more = message.get("more_body", False)
        pairs = [pair.partition("=") for pair in scope["query_string"].decode().split("&") if pair]
        call = Call(
            scope["method"],
            scope["raw_path"].decode(),
            {key: value for key, _, value in pairs},
            {key.decode().lower(): value.decode() for key, value in scope["headers"]},
            sent,
            self.clock.passed,
        )
        self.calls.append(call)
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            answer = next((found for handler in self.handlers if (found := handler(call))), Answer(404))
            for _ in range(answer.delay_turns):
                await asyncio.sleep(0)
        finally:
            self.running -= 1
        if answer.drop:
            raise ConnectionResetError
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = dict(answer.headers)
        if answer.content_type is not None:
            headers["content-type"] = answer.content_type
        encoded = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})


def token_answer(call: Call) -> Answer | None:
    """Give anybody a token."""
    if call.path != "/oauth/token":
        return None
    return Answer(body={"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})


def scripted(method: str, ending: str, *answers: Answer) -> Handler:
    """Give these answers, one after the other, to requests of that kind; the last one for good."""
    waiting = list(answers)

    def handler(call: Call) -> Answer | None:
        if call.method != method or not call.path.endswith(ending):
            return None
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return handler


def listing(kind: str, records: Sequence[object], cap: int = 500) -> Handler:
    """Serve records in pages of at most `cap`."""

    def handler(call: Call) -> Answer | None:
        if call.method != "GET" or call.path != f"/api/v2/{kind}":
            return None
        return page_of(kind, records, int(call.query["page"]), min(cap, int(call.query["pageSize"])))

    return handler


def page_of(kind: str, records: Sequence[object], page: int, size: int) -> Answer:
    part = records[(page - 1) * size : page * size]
    return Answer(body={kind: part, "page": page, "pageSize": size, "total": len(records)})


def skill(number: int) -> dict[str, object]:
    return {"id": f"skill-{number}", "name": f"Skill {number}", "active": True}


def row(number: int, proficiency: object = 50, available: object = True) -> dict[str, object]:  # noqa: FBT002 - a value
    return {"skill": {"id": f"skill-{number}"}, "proficiency": proficiency, "available": available}


def agent(number: int, *rows: object, **changes: object) -> dict[str, object]:
    record = {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "userName": f"User{number}",
        "email": f"User{number}@example.com",
        "firstName": "Ana",
        "lastName": "Silva",
        "active": True,
        "version": 7,
        "skills": list(rows),
    }
    record |= changes
    return {key: value for key, value in record.items() if value is not Ellipsis}


def agent_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def by_id(*records: Mapping[str, object], etag: str | None = None) -> Handler:
    """Serve single agents."""

    def handler(call: Call) -> Answer | None:
        for record in records:
            if call.method == "GET" and call.path == f"/api/v2/agents/{record['id']}":
                return Answer(body=record, headers={"ETag": etag} if etag else {})
        return None

    return handler


def connection(server: Server, **changes: Any) -> Connection:  # noqa: ANN401 - whatever the fields take
    settings: dict[str, Any] = {
        "api": Api.ADMIN_V2,
        "base_url": ORIGIN,
        "client_id": Secret(CLIENT_ID),
        "client_secret": Secret(CLIENT_SECRET),
        "rate_limit": RateLimit(10_000, 1.0),
        "max_concurrency": 5,
        "app": server,
    }
    return Connection(**(settings | changes))


@asynccontextmanager
async def opened(server: Server, *, writable: bool = True, **changes: Any) -> AsyncIterator[Tenant]:  # noqa: ANN401 - see above
    async with open_tenant(
        connection(server, **changes), clock=server.clock, random=Random(1), writable=writable
    ) as tenant:
        yield tenant


def running(server: Server, work: Callable[[Tenant], Awaitable[Any]], **changes: Any) -> Any:  # noqa: ANN401 - see above
    """Open the tenant, do the work, and give what it gives."""

    async def run() -> Any:  # noqa: ANN401 - see above
        async with opened(server, **changes) as tenant:
            return await work(tenant)

    return asyncio.run(run())
