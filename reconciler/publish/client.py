"""One command's conversation with the API of a host: requests below one address, pages, refusals as errors."""

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from random import Random
from typing import TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from reconciler import __version__
from reconciler.clock import Clock
from reconciler.live.addresses import origin_of
from reconciler.live.failures import RedirectRefused, is_unsent
from reconciler.live.transports.bounded import Bounded
from reconciler.live.transports.guard import OriginGuard
from reconciler.live.transports.wire import sockets
from reconciler.live.words import Quoter
from reconciler.model.redactor import Redactor
from reconciler.publish import failures
from reconciler.publish.patience import Limited, Patient
from reconciler.settings.ci import Job

T = TypeVar("T")
Values = Mapping[str, str | int]

PAGE_SIZE = 100
# More pages than this are no listing that belongs to one pull request or repository of ours.
MOST_PAGES = 100
SETTLING_S = 2.0
_TIMEOUT_S = 30.0
_CONNECT_S = 10.0
_CONNECTIONS = 4
_HEADERS = {"Accept-Encoding": "gzip", "User-Agent": f"cxone-reconciler/{__version__}"}
_FIRST_SERVER_ERROR = 500
_TOKEN = re.compile(r"[\x21-\x7e]+")
_TOO_LONG = re.compile(r"too (?:long|large)|maximum is \d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Service:
    """What a client must know of a host: its name in messages, where its API is, and what it wants to be sent.

    The token goes into the header `token_header`, behind `token_prefix`.
    """

    name: str
    api_url: str
    headers: Mapping[str, str]
    token_header: str
    token_prefix: str = ""


class Client:
    """Sends to one host; `root` is the address of its API, without a slash at its end.

    A command that has no token, and asks nothing, needs none.
    """

    def __init__(  # noqa: PLR0913 - the parts, each named where they are made
        self,
        http: httpx.AsyncClient,
        *,
        service: Service,
        root: httpx.URL,
        token: str,
        quoter: Quoter,
        clock: Clock,
    ) -> None:
        self._http = http
        self._token = token
        self._clock = clock
        self._service = service
        self._name = service.name
        self._root = root
        self._quoter = quoter

    async def get(self, path: str, kind: type[T], needs: str) -> T:
        """Read one document; `needs` is the hint for a token that may not."""
        place = f"GET {path}"
        return self._decoded(place, await self._ask("GET", self._url(path), place, needs), kind)

    async def pages(
        self, path: str, kind: type[T], needs: str, query: Values, most_pages: int | None = None
    ) -> AsyncIterator[list[T]]:
        """Read a listing page by page.

        It ends after `most_pages` where that is given; a listing that otherwise does not end is an error, and so is a
        page elsewhere than on the host, which would be sent the token.
        """
        place = f"GET {path}"
        url = self._url(path).copy_merge_params({**query, "per_page": PAGE_SIZE})
        for _ in range(most_pages or MOST_PAGES):
            response = await self._ask("GET", url, place, needs)
            yield self._decoded(place, response, list[kind])  # type: ignore[valid-type] # a type made of an argument
            following = response.links.get("next", {}).get("url")
            if following is None:
                return
            url = self._next(place, url, following)
        if most_pages is None:
            raise failures.nonsense(place, self._name, f"its listing does not end within {MOST_PAGES} pages")

    async def write(self, method: str, path: str, document: Mapping[str, object] | None, needs: str) -> httpx.Response:
        """Change something, once. Unclear where it may have happened."""
        return await self._ask(method, self._url(path), f"{method} {path}", needs, document)

    async def create(self, path: str, document: Mapping[str, object], kind: type[T], needs: str) -> T:
        """POST, and give what was made. Unclear also where the answer does not show it."""
        response = await self.write("POST", path, document, needs)
        return self._decoded(f"POST {path}", response, kind, is_unclear=True)

    def _url(self, path: str) -> httpx.URL:
        return httpx.URL(f"{self._root}{path}")

    def _next(self, place: str, url: httpx.URL, following: str) -> httpx.URL:
        try:
            joined = url.join(following)
        except httpx.InvalidURL:
            raise failures.nonsense(place, self._name, "its next page has no address") from None
        if origin_of(joined) != origin_of(self._root) or joined.userinfo:
            raise failures.nonsense(place, self._name, "its next page is on another host, which gets no token")
        return joined

    async def _ask(
        self, method: str, url: httpx.URL, place: str, needs: str, document: Mapping[str, object] | None = None
    ) -> httpx.Response:
        content = None if document is None else json.dumps(document).encode("ascii")
        headers = self._headers(content)
        is_write = method != "GET"
        try:
            response = await self._http.request(method, url, content=content, headers=headers)
        except Limited as error:
            raise failures.limited(place, self._name, error.seconds) from None
        except httpx.RequestError as error:
            is_unclear = is_write and not is_unsent(error) and not isinstance(error, RedirectRefused)
            await self._settle(is_unclear=is_unclear)
            raise failures.unreachable(place, self._name, error, is_unclear=is_unclear) from None
        if not response.is_success:
            await self._settle(is_unclear=is_write and response.status_code >= _FIRST_SERVER_ERROR)
            raise self._refusal(place, response, needs, is_write=is_write)
        return response

    def _headers(self, content: bytes | None) -> dict[str, str]:
        if not _TOKEN.fullmatch(self._token):
            odd = "holds a blank, a line break or another odd character" if self._token else "is missing"
            hint = "set GITHUB_TOKEN (in a workflow: ${{ github.token }}), or GITLAB_TOKEN on GitLab"
            raise failures.unusable("forge-token", f"the token for {self._name} {odd}", hint)
        headers = {self._service.token_header: f"{self._service.token_prefix}{self._token}"}
        return headers if content is None else {**headers, "Content-Type": "application/json"}

    async def _settle(self, *, is_unclear: bool) -> None:
        """Give a write that may be under way still a moment, so that whoever looks finds it."""
        if is_unclear:
            await self._clock.sleep(SETTLING_S)

    def _refusal(self, place: str, response: httpx.Response, needs: str, *, is_write: bool) -> Exception:
        status, host = response.status_code, self._name
        words = self._quoter.quote(_said_in(response.content))
        if status == 401:  # noqa: PLR2004 - Unauthorized
            return failures.token_refused(place, host, words)
        if is_write and (status == 413 or (status in {400, 422} and _TOO_LONG.search(words))):  # noqa: PLR2004 - as below
            return failures.too_long(place, host, status, words)
        if status == 403:  # noqa: PLR2004 - Forbidden
            return failures.not_allowed(place, host, words, needs)
        if status in {404, 410}:
            return failures.missing(place, host, status, words)
        if status >= _FIRST_SERVER_ERROR:
            return failures.broken(place, host, status, words, is_unclear=is_write)
        return failures.refused(place, host, status, words)

    def _decoded(self, place: str, response: httpx.Response, kind: type[T], *, is_unclear: bool = False) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reason = f"status {response.status_code}, and not the JSON that its documentation promises"
        raise failures.nonsense(place, self._name, reason, is_unclear=is_unclear)


def _said_in(body: bytes) -> str:
    """Find the host's words in a refusal: `message` or `error`, and what GitHub adds under `errors`."""
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    said = [document.get("message"), document.get("error"), *(errors if isinstance(errors, list) else [errors])]
    return "; ".join(filter(None, map(_in_words, said)))


def _in_words(said: object) -> str:
    """Write a word of a refusal: a text, or (GitLab) a list of texts for each field, or (GitHub) an error's message."""
    if isinstance(said, dict):
        own = said.get("message")
        return own if isinstance(own, str) else ", ".join(f"{key} {_in_words(value)}" for key, value in said.items())
    if isinstance(said, list):
        return ", ".join(filter(None, map(_in_words, said)))
    return said if isinstance(said, str) else ""


def segment(text: str) -> str:
    """Quote a text as one segment of a path."""
    return quote(text, safe="")


@asynccontextmanager
async def open_client(
    service: Service,
    job: Job,
    clock: Clock,
    random: Random,
    transport: httpx.AsyncBaseTransport | None,
) -> AsyncIterator[Client]:
    """Build the stack of transports, from the wire outwards. InvalidInput where the address cannot be used."""
    for name in ("httpx", "httpcore"):
        # At INFO httpx logs every address with its query.
        logging.getLogger(name).setLevel(logging.WARNING)
    root = _root(service, job.api_url)
    token = job.token.reveal() if job.token else ""
    redactor = Redactor()
    redactor.hide(token)
    wire = transport or sockets(root.scheme, root.host, _CONNECTIONS)
    stack = Patient(Bounded(OriginGuard(wire, origin_of(root)), _TIMEOUT_S), clock, random)
    headers = {**_HEADERS, **service.headers}
    timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S)
    async with httpx.AsyncClient(
        transport=stack, headers=headers, timeout=timeout, follow_redirects=False, trust_env=False
    ) as http:
        yield Client(http, service=service, root=root, token=token, quoter=Quoter(redactor), clock=clock)


def _root(service: Service, api_url: str) -> httpx.URL:
    """Check the address that everything is sent to; it is not repeated, for it may hold a password."""
    hint = f"the address of the API is {service.api_url}, or that of your own server; a CI job is told it"
    try:
        _ = urlsplit(api_url).port  # reading it checks brackets and port, which httpx lets pass
        url = httpx.URL(api_url.rstrip("/"))
    except (ValueError, httpx.InvalidURL):
        raise failures.unusable("forge-address", f"the address of {service.name}'s API is none", hint) from None
    if url.scheme not in {"https", "http"} or not url.host or url.userinfo or url.query or url.fragment:
        message = f"the address of {service.name}'s API is not https://HOST/PATH"
        raise failures.unusable("forge-address", message, hint)
    if url.scheme == "http" and not _is_loopback(url.host):
        message = f"the address of {service.name}'s API is http, which sends the token in the clear"
        raise failures.unusable("forge-address", message, hint)
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
