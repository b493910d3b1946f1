"""The two guards at either end of the stack: what may be sent at all, and where to."""

import httpx

from reconciler.live.addresses import Origin, origin_of
from reconciler.live.failures import ForeignOrigin, RedirectRefused, WriteRefused
from reconciler.live.transports.layer import Layer


class ReadOnly(Layer):
    """Lets GET through and nothing else, so that a command that only reads cannot write whatever it tries."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a GET on."""
        if request.method != "GET":
            message = f"{request.method} {request.url.path} in a session opened for reading"
            raise WriteRefused(message)
        return await self._inner.handle_async_request(request)


class OriginGuard(Layer):
    """Sends to one origin only, and follows nobody elsewhere: credentials pass through here."""

    def __init__(self, inner: httpx.AsyncBaseTransport, origin: Origin) -> None:
        super().__init__(inner)
        self._origin = origin

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on; RedirectRefused on any 3xx."""
        if origin_of(request.url) != self._origin or request.url.userinfo:
            message = f"{request.method} to an origin that is not the tenant's"
            raise ForeignOrigin(message)
        response = await self._inner.handle_async_request(request)
        if 300 <= response.status_code < 400:  # noqa: PLR2004 - the redirects
            await response.aclose()
            raise RedirectRefused(response.status_code)
        return response
