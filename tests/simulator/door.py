"""A way in for tests: one simulated tenant behind HTTP in process, under a clock that only moves when told."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx

from reconciler.simulator import DEMO_CLIENT, App, Behaviour, Client, Fault, Tenant, demo_tenant, make_app

ANA = "ana.silva@example.com"


class FakeClock:
    """Time that passes by being slept."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time now, in seconds since the epoch."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.now += seconds


@dataclass
class Door:
    """The app, its tenant and its clock, and a token once one was asked for."""

    app: App
    tenant: Tenant
    clock: FakeClock
    client: Client
    token: str | None = None

    def call(
        self, method: str, path: str, *, body: object = None, raw: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send one request with the token; `body` as JSON, `raw` as it stands."""
        given = {"authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None or raw:
            given["content-type"] = "application/json"
        request = httpx.Request(
            method, f"http://tenant.example{path}", headers={**given, **(headers or {})}, json=body, content=raw or None
        )
        return asyncio.run(self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        response = await httpx.ASGITransport(app=self.app).handle_async_request(request)
        response.request = request
        await response.aread()
        return response

    def ask_token(self, **fields: str) -> httpx.Response:
        """Ask for a token; `fields` stand over those of the form."""
        form = {"grant_type": "client_credentials", "client_id": self.client.id, "client_secret": self.client.secret}
        request = httpx.Request("POST", "http://tenant.example/oauth/token", data={**form, **fields})
        return asyncio.run(self._exchange(request))

    def enter(self) -> "Door":
        """Fetch a token and use it from now on."""
        self.token = self.ask_token().json()["access_token"]
        return self

    def patch(self, agent_id: str, body: object, **headers: str) -> httpx.Response:
        """Replace an agent's set."""
        return self.call("PATCH", f"/api/v2/agents/{agent_id}", body=body, headers=headers)


def open_door(
    behaviour: Behaviour | None = None,
    *,
    tenant: Tenant | None = None,
    faults: Iterable[Fault] = (),
    client: Client = DEMO_CLIENT,
) -> Door:
    """Put a tenant (the demo's, without a limit, when none is given) behind a door, with a token in hand."""
    clock = FakeClock()
    if tenant is None:
        tenant = demo_tenant(behaviour or Behaviour(limit=None), clock=clock)
    else:
        tenant.clock = clock
    app = make_app(tenant, clients=[client], sleep=clock.sleep)
    door = Door(app, tenant, clock, client).enter()
    for fault in faults:
        app.faults.add(fault)
    return door


def body_of(tenant: Tenant, **levels: int | tuple[int, bool]) -> dict[str, object]:
    """Write the body that gives exactly `levels`, by skill name."""
    pairs = {name: level if isinstance(level, tuple) else (level, True) for name, level in levels.items()}
    return {
        "skills": [
            {"skill": {"id": tenant.skill_named(name).id}, "proficiency": proficiency, "available": available}
            for name, (proficiency, available) in pairs.items()
        ]
    }
