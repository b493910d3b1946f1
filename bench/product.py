"""The product at work on the big tenant: a load, and a whole plan against a listing that is read from disk.

The listing is served in process by a bare ASGI callable that holds no page longer than it takes to send it, so that
the peak of memory is the product's own.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs

from children import Numbers
from data import CHANGED_EVERY

from reconciler import pipeline
from reconciler.clock import SystemClock
from reconciler.desired import load
from reconciler.live import ASGIApp
from reconciler.plan.scope import Filters
from reconciler.render import PLAN_FORMATS, View

_TOKEN = b'{"access_token":"bench","token_type":"Bearer","expires_in":3600}'
_Message = MutableMapping[str, Any]


def load_once(folder: str, first: str) -> Numbers:
    """Load a folder without a cache, after the small folder `first`, which pays for the imports."""
    load(Path(first))
    started, spent = perf_counter(), _cpu_s()
    loaded = load(Path(folder))
    wall_s, cpu_s = perf_counter() - started, _cpu_s() - spent
    states = [tenant.state for tenant in loaded.tenants if tenant.state]
    if loaded.diagnostics or not states:
        message = f"the data are at fault: {loaded.diagnostics[:3]}"
        raise ValueError(message)
    return {"pass_s": wall_s, "pass_cpu_s": cpu_s, "agents": sum(state.agent_count for state in states)}


def _cpu_s() -> float:
    """CPU of this process and of those it has started and seen end."""
    return sum(os.times()[:4])


def plan_once(desired: str, pages: str, state: str) -> Numbers:
    """Do what `reconcile plan` does: load through the cache in `state`, read the tenant, compare, write the text."""
    context = pipeline.Context(
        root=Path(desired),
        environ={"RECONCILE_STATE_DIR": state},
        clock=SystemClock(),
        random=Random(1),  # noqa: S311 - for pauses between tries
        embedded=lambda _folder, _name: _paged(Path(pages)),
        stage=lambda _text: None,
    )
    chosen = pipeline.load_one(context, None)
    made = asyncio.run(pipeline.plan(context, chosen.desired, Filters()))
    text = PLAN_FORMATS["text"](made, View(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", desired))
    agents, changed = made.summary.agents_managed, made.summary.agents_changed
    if changed != -(-agents // CHANGED_EVERY) or made.summary.agents_missing or not text:
        message = f"the plan is wrong: {made.summary}"
        raise ValueError(message)
    return {"agents": agents, "changed": changed}


def _paged(folder: Path) -> ASGIApp:
    """Serve a prepared listing: each page is read from its file when it is asked for."""

    async def serve(
        scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        await receive()
        match scope["path"]:
            case "/oauth/token":
                body = _TOKEN
            case "/api/v2/skills":
                body = (folder / "skills.json").read_bytes()
            case _:
                (page,) = parse_qs(scope["query_string"].decode())["page"]
                body = (folder / f"{int(page)}.json").read_bytes()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return serve
