"""What the heads of answers say: the tenant's clock, its limit, its token; and one glance at an agent."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from reconciler.clock import SystemClock
from reconciler.errors import TenantError
from reconciler.live import Connection, Glance, Tenant, open_tenant
from reconciler.live.waits import announced_in
from reconciler.model.answer_heads import Announced, AnswerHead
from reconciler.model.secret import Secret
from reconciler.model.tenant import Api, RateLimit

from .server import START, Answer, Server, agent, agent_id, by_id, listing, running, scripted, skill

ANNOUNCEMENTS: dict[str, tuple[Mapping[str, str], Announced | None]] = {
    "nothing": ({}, None),
    "limit alone": ({"X-RateLimit-Limit": "60"}, Announced(60)),
    "with what is left": (
        {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "30"},
        Announced(60, None, 7, 30.0),
    ),
    "the draft's list": ({"RateLimit-Limit": "100, 100;w=60"}, Announced(100, 60.0)),
    "the draft's policy": ({"RateLimit-Limit": "100", "RateLimit-Policy": "100;w=10"}, Announced(100, 10.0)),
    "a window of nothing": ({"RateLimit-Limit": "100;w=0"}, Announced(100)),
    "the third spelling": ({"X-Rate-Limit-Limit": "5"}, Announced(5)),
    "nonsense": ({"X-RateLimit-Limit": "many"}, None),
    "endless": ({"X-RateLimit-Limit": "9" * 40}, None),
    "nonsense, then sense": ({"X-RateLimit-Limit": "-", "RateLimit-Limit": "9"}, Announced(9)),
}


@pytest.mark.parametrize(("headers", "announced"), ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS.keys())
def test_an_announced_limit_is_read_in_any_spelling(headers: Mapping[str, str], announced: Announced | None) -> None:
    assert announced_in(headers, START) == announced


def _heard(server: Server) -> list[AnswerHead]:
    heads: list[AnswerHead] = []
    running(server, lambda tenant: tenant.read_skills(), hear=heads.append)
    return heads


def test_every_answer_is_heard_of_with_the_tenants_time() -> None:
    date = {"Date": "Sun, 22 Nov 2026 14:05:00 GMT"}
    token = Answer(body={"access_token": "t", "expires_in": "1800"}, headers=date | {"X-RateLimit-Limit": "5"})
    server = Server(scripted("POST", "/oauth/token", token), listing("skills", [skill(1)]))
    granted, page = _heard(server)
    assert (granted.is_token, granted.grants, granted.lifetime_s) == (True, True, 1800)
    assert granted.announced is None
    assert granted.told_at
    assert (granted.told_at - START).total_seconds() == 300
    assert (page.is_token, page.grants, page.status, page.told_at) == (False, False, 200, None)


@pytest.mark.parametrize("body", [b"[]", b'{"expires_in": 3600}', b"\xff", b"[" * 100_000])
def test_what_is_no_token_grants_none(body: bytes) -> None:
    """Whatever a hostile tenant puts there, to listen breaks nothing."""
    heads: list[AnswerHead] = []
    server = Server(scripted("POST", "/oauth/token", Answer(body=body)))
    with pytest.raises(TenantError):
        running(server, lambda tenant: tenant.read_skills(), hear=heads.append)
    assert [(head.status, head.grants, head.lifetime_s) for head in heads] == [(200, False, None)] * 3


VERSIONLESS = agent(1, version=...)
GLANCES = {
    "nobody": ((), None, Glance(0, None), 1),
    "a version in the page": ((agent(1), agent(2)), None, Glance(2, is_versioned=True), 1),
    "an ETag": ((VERSIONLESS,), '"7"', Glance(1, is_versioned=True), 2),
    "no version": ((VERSIONLESS,), None, Glance(1, is_versioned=False), 2),
}


@pytest.mark.parametrize(("agents", "etag", "seen", "gets"), GLANCES.values(), ids=GLANCES.keys())
def test_a_glance_costs_one_request_or_two(
    agents: tuple[dict[str, object], ...], etag: str | None, seen: Glance, gets: int
) -> None:
    server = Server(listing("agents", agents), by_id(*agents, etag=etag))
    assert running(server, lambda tenant: tenant.glance()) == seen
    assert server.count("GET") == gets
    assert all(call.path != f"/api/v2/agents/{agent_id(2)}" for call in server.calls)


def _certificate(folder: Path, name: str, days: int) -> tuple[Path, Path]:
    """Make a certificate for `name`, its own authority, that ends so many days from now."""
    key, request, extensions, certificate = (folder / file for file in ("key", "request", "extensions", "certificate"))
    extensions.write_text(f"subjectAltName={name}\n")
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=test")
    _openssl(
        "x509", "-req", "-in", request, "-signkey", key, "-days", days, "-extfile", extensions, "-out", certificate
    )
    return key, certificate


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


async def _ask_over_tls(certificate: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    live = Connection(Api.ADMIN_V2, f"https://127.0.0.1:{port}", Secret("a"), Secret("b"), RateLimit(1000, 1.0), 1)
    opened = open_tenant(live, clock=SystemClock(), random=Random(1), writable=False)
    async with server, opened as tenant:
        await _skills_of(tenant)


async def _skills_of(tenant: Tenant) -> None:
    await tenant.read_skills()


CERTIFICATES = {
    "expired": ("IP:127.0.0.1", -1, "has expired"),
    "another name": ("DNS:elsewhere.example", 2, "made for another name"),
    "unknown authority": (None, 2, "that this machine does not trust"),
}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a certificate with")
@pytest.mark.parametrize(("name", "days", "words"), CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_a_certificate_that_is_no_good_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None, days: int, words: str
) -> None:
    """By a real handshake; it does not get better by asking again, and nobody is told to look away from it."""
    key, certificate = _certificate(tmp_path, name or "IP:127.0.0.1", days)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    if name is None:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    else:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(TenantError) as caught:
        asyncio.run(_ask_over_tls(certificate, key))
    (diagnostic,) = caught.value.diagnostics
    assert words in diagnostic.message
    assert "verif" not in f"{diagnostic.message}{diagnostic.hint}".lower()
