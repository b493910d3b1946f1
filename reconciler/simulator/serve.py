"""The tenant on a socket of this machine, until somebody stops it."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.simulator.app import App, Message, Receive, Send
from reconciler.simulator.wire import ConnectionDropped

HOST = "127.0.0.1"
_GRACE_S = 2


def serve(app: App, port: int, ready: Callable[[int], None]) -> None:
    """Serve on the loopback address until SIGINT or SIGTERM, then return.

    Port 0 takes a free one; `ready` is told the port once connections are accepted. OSError when the port is taken.
    """
    import uvicorn  # noqa: PLC0415 - only who serves pays for it
    from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415 - as above

    lines = _Lines(app)

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            lines.open(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            lines.close(self.transport)
            super().connection_lost(exc)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready(listener.getsockname()[1])

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            # Its own would raise the signal again after a clean stop, and end in a traceback.
            with _signals_handled_by(self.handle_exit):
                yield

    config = uvicorn.Config(
        lines,
        http=Protocol,
        ws="none",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    with _listener(port) as listener:
        Server(config).run(sockets=[listener])


def _listener(port: int) -> socket.socket:
    """Listen on `port`. Its protocol has to be named: asyncio sends small answers at once on such sockets only."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


class _Lines:
    """The app, with the connections behind its requests at hand, so that a dropped one is really cut."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def open(self, transport: asyncio.Transport) -> None:
        self._open[_peer(transport)] = transport

    def close(self, transport: asyncio.Transport) -> None:
        self._open.pop(_peer(transport), None)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ConnectionDropped:
            self._open[tuple(scope["client"])].abort()
            # The server would answer 500 for an app that says nothing, unless it knows that the client is gone.
            while (await receive())["type"] != "http.disconnect":
                pass


def _peer(transport: asyncio.Transport) -> tuple[str, int]:
    host, port = transport.get_extra_info("peername")
    return host, port


@contextmanager
def _signals_handled_by(handler: Callable[[int, Any], None]) -> Iterator[None]:
    """Give SIGINT and SIGTERM to `handler` for a while; a thread other than the main one may not, and need not."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
