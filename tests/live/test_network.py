"""The edge of the network: where requests may go, how large and how slow an answer may be, and what failures say."""

import asyncio
import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import httpx
import pytest
import respx

from reconciler.clock import SystemClock
from reconciler.errors import InvalidInput, TenantError
from reconciler.live import Connection, Tenant, open_tenant
from reconciler.live.addresses import Addresses, origin_of
from reconciler.live.failures import (
    AnswerTooLarge,
    DeadlineExceeded,
    ForeignOrigin,
    RedirectRefused,
    in_words,
    is_lasting,
)
from reconciler.live.transports.bounded import Bounded
from reconciler.live.transports.guard import OriginGuard
from reconciler.live.transports.retry import READ_TRIES, UNSENT_TRIES
from reconciler.live.transports.wire import proxy_for
from reconciler.model.answers import Rejected
from reconciler.model.secret import Secret
from reconciler.model.tenant import Api, RateLimit

from .server import ORIGIN, Answer, FakeClock, Server, agent, agent_id, by_id, running, scripted

URL = f"{ORIGIN}/api/v2/agents/{agent_id(1)}"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Fixed(httpx.AsyncBaseTransport):
    """Answers everything with one response."""

    def __init__(self, response: Callable[[], httpx.Response]) -> None:
        self._response = response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        del request
        return self._response()


class Chunks(httpx.AsyncByteStream):
    """A body that arrives in pieces."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def bounded(chunks: Chunks, encoding: str = "identity", timeout_s: float = 5.0, cap: int = 1000) -> httpx.Response:
    """Send one request through the bounds alone."""

    async def run() -> httpx.Response:
        wire = Fixed(lambda: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=chunks))
        return await Bounded(wire, timeout_s, cap).handle_async_request(httpx.Request("GET", URL))

    return asyncio.run(run())


def test_a_gzip_bomb_is_refused_before_it_unfolds() -> None:
    """A few kilobytes that stand for twenty megabytes; only the cap is ever unpacked."""
    bomb = gzip.compress(b"\0" * 20_000_000, 1)
    chunks = Chunks(pieces(bomb))
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLarge):
            bounded(chunks, "gzip", cap=1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()
    assert chunks.is_closed


def test_a_body_over_the_cap_is_refused_and_one_at_the_cap_is_not() -> None:
    assert len(bounded(Chunks(pieces(b"x" * 600, b"x" * 400))).content) == 1000
    assert len(bounded(Chunks(pieces(gzip.compress(b"x" * 1000))), "gzip").content) == 1000
    with pytest.raises(AnswerTooLarge):
        bounded(Chunks(pieces(b"x" * 600, b"x" * 401)))
    with pytest.raises(AnswerTooLarge):
        bounded(Chunks(pieces(gzip.compress(b"x" * 1001))), "gzip")


def test_gzip_is_unpacked_whatever_the_pieces() -> None:
    packed = gzip.compress(b"hello ") + gzip.compress(b"world")
    one_by_one = [packed[at : at + 1] for at in range(len(packed))]
    response = bounded(Chunks(pieces(*one_by_one)), "gzip")
    assert (response.content, "content-encoding" in response.headers) == (b"hello world", False)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)[:-9]),
        ("gzip", b"plain"),
        ("deflate", zlib.compress(b"x")),
        ("gzip, gzip", b"x"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_an_error(encoding: str, body: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        bounded(Chunks(pieces(body)), encoding)


def test_a_body_that_drips_ends_at_the_deadline() -> None:
    """Client timeouts are for each read, and every read here is quick."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.005)

    chunks = Chunks(drip())
    with pytest.raises(DeadlineExceeded):
        bounded(chunks, timeout_s=0.1, cap=1 << 20)
    assert chunks.is_closed


def test_nothing_leaves_for_another_origin() -> None:
    guard = OriginGuard(Fixed(lambda: httpx.Response(200)), origin_of(httpx.URL(ORIGIN)))
    for url in (
        "http://na1.cxone.com/x",
        "https://na1.cxone.com:444/x",
        "https://na1.cxone.com.evil.example/x",
        "https://user:pass@na1.cxone.com/x",
    ):
        with pytest.raises(ForeignOrigin):
            asyncio.run(guard.handle_async_request(httpx.Request("GET", url)))
    assert asyncio.run(guard.handle_async_request(httpx.Request("GET", "https://NA1.cxone.com:443/x"))).is_success


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_an_error_that_does_not_say_where_to(status: int) -> None:
    server = Server(scripted("GET", agent_id(1), Answer(status, headers={"Location": "https://evil.example/?s=1"})))
    with pytest.raises(TenantError) as caught:
        running(server, lambda tenant: tenant.read_agent(agent_id(1)))
    assert "redirect, which is never followed" in str(caught.value)
    assert "evil" not in str(caught.value.diagnostics)
    assert server.count("GET") == 1
    guard = OriginGuard(Fixed(lambda: httpx.Response(status)), origin_of(httpx.URL(ORIGIN)))
    with pytest.raises(RedirectRefused):
        asyncio.run(guard.handle_async_request(httpx.Request("PATCH", URL)))


@pytest.mark.parametrize(
    "base_url",
    [
        "https://na1.cxone.com/api", "https://u:p@na1.cxone.com", "https://na1.cxone.com?x=1", "ftp://na1.cxone.com",
        "na1.cxone.com", "", "https://", "https://na1.cxone.com#x", "https://[::1",
    ],
)  # fmt: skip
def test_a_base_address_is_an_origin_and_nothing_else(base_url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Addresses(base_url)
    assert "u:p" not in str(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("segment", "path"),
    [
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("%2e%2e", "%252e%252e"),
        ("..\\x", "..%5Cx"),
        ("é", "%C3%A9"),
        (" ", "%20"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(segment: str, path: str) -> None:
    """Quoted, also against what httpx would normalise."""
    url = httpx.URL(Addresses(ORIGIN).of("api", segment, page=2))
    assert url.raw_path.decode() == f"/api/{path}?page=2"
    assert origin_of(url) == ("https", "na1.cxone.com", 443)


@pytest.mark.parametrize("segment", ["", ".", "..", "\ud800"])
def test_what_cannot_be_a_segment_is_refused(segment: str) -> None:
    with pytest.raises(ValueError, match=r"segment|surrogates"):
        Addresses(ORIGIN).of("api", segment)


def over_sockets(work: Callable[[Tenant], Awaitable[object]]) -> object:
    """Do the work against respx, which stands in for the network."""
    live = Connection(Api.ADMIN_V2, ORIGIN, Secret("id"), Secret("se"), RateLimit(10_000, 1.0), 4)

    async def run() -> object:
        async with open_tenant(live, clock=FakeClock(), random=Random(1), writable=True) as tenant:
            return await work(tenant)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "words", "hint"),
    [
        (httpx.ConnectError("refused"), "connection failed", "HTTPS_PROXY"),
        (httpx.ConnectTimeout("x"), "nobody answers", "firewall"),
        (httpx.ProxyError("407 http://u:pw@proxy"), "proxy refused", "NO_PROXY"),
        (httpx.ReadTimeout("x"), "did not answer in time", "same command again"),
        (httpx.ReadError("x"), "broke the connection off", "same command again"),
        (httpx.RemoteProtocolError("x"), "broke the connection off", "same command again"),
    ],
)
def test_a_network_failure_says_what_and_what_to_do(error: Exception, words: str, hint: str) -> None:
    """And never suggests to look away from a certificate, nor repeats what httpx said."""
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{ORIGIN}/oauth/token").respond(json={"access_token": "t", "expires_in": 3600})
        route = router.get(URL).mock(side_effect=error)
        with pytest.raises(TenantError) as caught:
            over_sockets(lambda tenant: tenant.read_agent(agent_id(1)))
        assert route.call_count == READ_TRIES
    (diagnostic,) = caught.value.diagnostics
    assert words in diagnostic.message
    assert hint in str(diagnostic.hint)
    assert "verif" not in str(diagnostic).lower()
    assert "pw" not in str(diagnostic)


@pytest.mark.parametrize(
    ("cause", "words", "hint", "lasts"),
    [
        (socket.gaierror(-2, "x"), "its name is not known to DNS", "CXONE_REALM", False),
        (ssl.SSLCertVerificationError(), "a certificate that this machine does not trust", "SSL_CERT_FILE", True),
        (ssl.SSLError(), "could not agree on an encrypted connection", "https address", False),
    ],
)
def test_the_cause_behind_a_failed_connection_is_found(cause: Exception, words: str, hint: str, lasts: bool) -> None:
    """However deep the libraries wrap it; a certificate does not get better by asking again."""
    error = httpx.ConnectError("x")
    error.__cause__ = OSError("wrapped")
    error.__cause__.__cause__ = cause
    said, do = in_words(error)
    assert (words in said, hint in do, is_lasting(error)) == (True, True, lasts)
    assert "verif" not in (said + do).lower()


def test_a_write_that_could_not_even_connect_is_tried_again_and_was_not_written() -> None:
    with respx.mock() as router:
        router.post(f"{ORIGIN}/oauth/token").respond(json={"access_token": "t", "expires_in": 3600})
        route = router.patch(URL).mock(side_effect=httpx.ConnectError("refused"))
        answer = over_sockets(lambda tenant: tenant.write_agent(agent_id(1), {}, None))
        assert route.call_count == UNSENT_TRIES
    assert isinstance(answer, Rejected)
    assert (answer.status, "nothing was sent" in answer.message) == (0, True)


def test_the_proxy_comes_from_the_environment_but_never_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert proxy_for("https", "na1.cxone.com") == "http://proxy.example:3128"
    assert proxy_for("https", "internal.example") is None
    assert proxy_for("https", "localhost") is None
    assert proxy_for("http", "na1.cxone.com") is None


def test_a_proxy_that_cannot_be_one_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:pa55word@proxy.example")
    with pytest.raises(InvalidInput) as caught:
        over_sockets(lambda tenant: tenant.read_agent(agent_id(1)))
    assert "pa55word" not in repr(caught.value.diagnostics)


def test_a_dialect_without_a_driver_is_invalid_input() -> None:
    live = Connection(Api.CXONE, ORIGIN, Secret("a"), Secret("b"), RateLimit(), 1)

    async def run() -> None:
        async with open_tenant(live, clock=SystemClock(), random=Random(1), writable=False):
            pass

    with pytest.raises(InvalidInput, match="cxone"):
        asyncio.run(run())


def test_a_drop_while_embedded_looks_like_one_over_a_socket() -> None:
    server = Server(scripted("GET", agent_id(1), Answer(drop=True), Answer(body=agent(1))), by_id())
    assert running(server, lambda tenant: tenant.read_agent(agent_id(1))) is not None
    assert server.count("GET") == 2
