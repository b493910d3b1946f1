"""What every transport that wraps another has in common: the one within, closed with it."""

import httpx


class Layer(httpx.AsyncBaseTransport):
    """A transport around `inner`."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def aclose(self) -> None:
        """Close what is wrapped."""
        await self._inner.aclose()
