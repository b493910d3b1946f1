"""The innermost transports: real sockets or an embedded tenant, and the tally of everything that was sent."""

import logging
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.live.connection import ASGIApp, Requests
from reconciler.live.transports.layer import Layer

TOO_MANY_REQUESTS = 429
# A request with this extension asks for a token: it may be repeated although it is a POST.
IS_TOKEN = "reconciler.token"  # noqa: S105 - the name of an extension
_LOGGER = logging.getLogger(__name__)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Tally(Layer):
    """Counts every attempt, the repeated and the refused ones too."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        super().__init__(inner)
        self._sent = self._throttled = self._tokens = self._reads = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Count and pass on."""
        self._sent += 1
        if IS_TOKEN in request.extensions:
            self._tokens += 1
        elif request.method == "GET":
            self._reads += 1
        response = await self._inner.handle_async_request(request)
        _LOGGER.debug("%s %s: %d", request.method, request.url.raw_path.decode("ascii"), response.status_code)
        self._throttled += response.status_code == TOO_MANY_REQUESTS
        return response

    @property
    def requests(self) -> Requests:
        """The counts so far."""
        writes = self._sent - self._tokens - self._reads
        return Requests(self._sent, self._throttled, self._tokens, self._reads, writes)


class Embedded(Layer):
    """An embedded tenant; a connection that it drops looks as it would over a socket."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(httpx.ASGITransport(app))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the application."""
        try:
            return await self._inner.handle_async_request(request)
        except OSError as error:
            message = "the embedded tenant dropped the connection"
            raise httpx.ReadError(message, request=request) from error


def proxy_for(scheme: str, host: str) -> str | None:
    """Find the proxy that the environment names for a host; a loopback address never takes one."""
    if host in _LOOPBACK or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def sockets(scheme: str, host: str, max_connections: int) -> httpx.AsyncHTTPTransport:
    """Open a pool of connections. Certificates are always verified; nothing is retried down here."""
    limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
    try:
        return httpx.AsyncHTTPTransport(
            verify=True, trust_env=True, retries=0, limits=limits, proxy=proxy_for(scheme, host)
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        # The address is not repeated, nor is the error that may: a proxy's address may hold its password.
        diagnostic = Diagnostic(
            "proxy",
            "the proxy that the environment names cannot be used",
            "set HTTPS_PROXY to http://HOST:PORT, or NO_PROXY to the tenant's host",
        )
    raise InvalidInput(diagnostic)
