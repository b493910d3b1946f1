"""Every address that this room asks, built in one place, all within the tenant's own origin."""

from urllib.parse import quote, urlencode

import httpx

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput

Origin = tuple[str, str, int]

_PORTS = {"http": 80, "https": 443}
# As path segments these would change the path instead of naming something in it.
_NOT_SEGMENTS = frozenset({"", ".", ".."})


def is_addressable(identifier: str) -> bool:
    """Whether an id can stand in a path as one segment."""
    return identifier not in _NOT_SEGMENTS


def origin_of(url: httpx.URL) -> Origin:
    """Give scheme, host and port; the port made explicit."""
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme, 0)


class Addresses:
    """The addresses of one tenant, below `base_url`, an origin. InvalidInput when that is anything more or less."""

    def __init__(self, base_url: str) -> None:
        parsed = _parse(base_url)
        if parsed is None or parsed.scheme not in _PORTS or not parsed.host:
            raise InvalidInput(_not_an_origin("is not an address such as https://na1.cxone.com"))
        if parsed.userinfo or parsed.path not in {"", "/"} or parsed.query or parsed.fragment:
            raise InvalidInput(_not_an_origin("holds more than scheme, host and port"))
        self.origin = origin_of(parsed)
        self.host = parsed.host
        self._root = str(parsed).rstrip("/")

    def of(self, *segments: str, **query: int) -> str:
        """Build an absolute address; each segment is percent-quoted, so that it stays one segment."""
        for segment in segments:
            if not is_addressable(segment):
                message = f"{segment!r} cannot be a segment of a path"
                raise ValueError(message)
        path = "/".join(quote(segment, safe="") for segment in segments)
        return f"{self._root}/{path}" + (f"?{urlencode(query)}" if query else "")


def _parse(base_url: str) -> httpx.URL | None:
    try:
        return httpx.URL(base_url)
    except httpx.InvalidURL:
        return None


def _not_an_origin(cause: str) -> Diagnostic:
    # The address itself is not repeated: it may hold a password.
    return Diagnostic("base-url", f"the tenant's base address {cause}", "check CXONE_BASE_URL, or `tenant.realm`")
