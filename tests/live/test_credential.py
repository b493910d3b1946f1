"""The credential: one token for everybody, renewed in time, and never shown."""

import asyncio
import base64
import logging
from urllib.parse import quote, quote_plus

import pytest

from reconciler.errors import AccessDenied, ReconcileError, TenantError
from reconciler.live import Tenant
from reconciler.live.transports.auth import lifetime_s
from reconciler.live.words import Quoter
from reconciler.model.answers import Rejected
from reconciler.model.redactor import Redactor

from .server import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN,
    Answer,
    Call,
    Server,
    agent,
    agent_id,
    by_id,
    connection,
    opened,
    running,
    scripted,
)


def tokens(*answers: Answer) -> Server:
    return Server(scripted("POST", "/oauth/token", *answers), by_id(agent(1)))


def token(value: str = TOKEN, **more: object) -> Answer:
    return Answer(body={"access_token": value, "token_type": "Bearer", "expires_in": 3600} | more)


async def read_one(tenant: Tenant) -> object:
    return await tenant.read_agent(agent_id(1))


def test_a_hundred_waiters_share_one_token() -> None:
    server = tokens(Answer(body=token().body, delay_turns=30))

    async def work(tenant: Tenant) -> None:
        await asyncio.gather(*(read_one(tenant) for _ in range(100)))

    running(server, work)
    assert (server.count("POST"), server.count("GET")) == (1, 100)
    assert {call.headers["authorization"] for call in server.calls if call.method == "GET"} == {f"Bearer {TOKEN}"}
    assert server.calls[0].body.decode() == (
        f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={quote_plus(CLIENT_SECRET)}"
    )


def test_a_revoked_token_is_renewed_once_for_everybody() -> None:
    """Each refused attempt is repeated once, with the new token."""
    server = tokens(token("old"), token("new"))

    def revoked(call: Call) -> Answer | None:
        return Answer(401, delay_turns=30) if call.headers.get("authorization") == "Bearer old" else None

    server.handlers.insert(0, revoked)

    async def work(tenant: Tenant) -> None:
        await asyncio.gather(*(read_one(tenant) for _ in range(5)))

    running(server, work)
    assert (server.count("POST"), server.count("GET")) == (2, 10)


def test_a_second_401_is_a_refusal() -> None:
    server = tokens(token())
    server.handlers.insert(0, scripted("GET", agent_id(1), Answer(401)))
    with pytest.raises(AccessDenied, match="401"):
        running(server, read_one)
    assert (server.count("POST"), server.count("GET")) == (2, 2)


def test_a_token_is_renewed_ten_seconds_before_it_expires() -> None:
    server = tokens(token(expires_in=100))

    async def work(tenant: Tenant) -> list[int]:
        counts = []
        for seconds in (0, 89, 1.1, 0):
            server.clock.passed += seconds
            await read_one(tenant)
            counts.append(server.count("POST"))
        return counts

    assert running(server, work) == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (None, 60), (0, 60), (-5, 60), ("1800", 1800), ("soon", 60), (10**9, 3600), ("9" * 5000, 60), (True, 60),
        (1800.5, 1800.5), ([], 60), (3599, 3599),
    ],
)  # fmt: skip
def test_a_lifetime_is_clamped(expires_in: object, seconds: float) -> None:
    """Between a minute and an hour, whatever the tenant says."""
    assert lifetime_s(expires_in) == seconds


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_wrong_secret_fails_before_the_first_get_and_is_not_tried_again(status: int) -> None:
    """It names the variables; many who wait share one refusal, as repeating it could lock the client out."""
    refusal = {"error": "invalid_client", "error_description": CLIENT_SECRET}
    server = tokens(Answer(status, refusal, delay_turns=30))

    async def work(tenant: Tenant) -> list[object]:
        waiting = [read_one(tenant) for _ in range(20)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(AccessDenied):
            await read_one(tenant)
        return [*results]

    for error in running(server, work):
        assert isinstance(error, AccessDenied)
        assert "CXONE_CLIENT_ID and CXONE_CLIENT_SECRET" in str(error)
    assert (server.count("POST"), server.count("GET")) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>Log in</html>", content_type="text/html"),
        Answer(500),
        Answer(503),
        Answer(429),
        Answer(drop=True),
        Answer(body=b""),
        Answer(body={"token": "x"}),
        Answer(body={"access_token": 5}),
        token("two\nlines"),
        token("a blank"),
        token(""),
        token("snowman-☃"),
        token("nul\x00"),
    ],
)
def test_an_odd_token_answer_is_asked_for_three_times_and_then_an_error(answer: Answer) -> None:
    """Nothing is sent with what cannot be a token; a good answer in between is taken."""
    server = tokens(answer)
    with pytest.raises(TenantError, match="POST /oauth/token"):
        running(server, read_one)
    assert (server.count("POST"), server.count("GET")) == (3, 0)
    server = tokens(answer, answer, token())
    assert running(server, read_one) is not None


def test_those_who_wait_for_a_token_share_its_failure_and_the_next_one_asks_again() -> None:
    server = tokens(Answer(404, delay_turns=30), token())

    async def work(tenant: Tenant) -> list[object]:
        results = await asyncio.gather(*(read_one(tenant) for _ in range(20)), return_exceptions=True)
        assert await read_one(tenant) is not None
        return [*results]

    assert {type(error) for error in running(server, work)} == {TenantError}
    assert (server.count("POST"), server.count("GET")) == (2, 1)


def test_a_token_endpoint_that_is_not_there_is_a_wrong_address() -> None:
    server = tokens(Answer(404))
    with pytest.raises(TenantError) as caught:
        running(server, read_one)
    assert "CXONE_BASE_URL" in str(caught.value.diagnostics[0].hint)


FORMS = [
    CLIENT_SECRET,
    quote(CLIENT_SECRET, safe=""),
    quote(CLIENT_SECRET, safe="").lower(),
    quote_plus(CLIENT_SECRET),
    base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode(),
    base64.b64encode(f"x{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode(),
    base64.urlsafe_b64encode(f"xy{CLIENT_ID}:{CLIENT_SECRET}.".encode()).decode(),
    CLIENT_SECRET.encode().hex(),
    TOKEN,
    base64.b64encode(TOKEN.encode()).decode(),
]


def leaks(text: str) -> bool:
    """Whether any piece of eight characters of a secret's encodings is to be seen."""
    forms = []
    for secret in (CLIENT_SECRET, TOKEN):
        raw = secret.encode()
        forms += [secret, quote(secret, safe=""), quote_plus(secret), raw.hex()]
        forms += [base64.b64encode(b"\0" * n + raw).decode()[4:-4] for n in range(3)]
    pieces = {form[at : at + 8] for form in forms for at in range(len(form) - 7)}
    return any(piece.lower() in text.lower() for piece in pieces)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [400, 403, 409, 500, 200])
def test_a_tenant_that_repeats_our_secrets_is_not_quoted(
    form: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """P6: in no message, hint, log line or repr, in no usual encoding, not even where the words are cut."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    echo = Answer(status, {"message": f"{'x' * 170} bad {form} seen"}, headers={"Location": form})
    server = tokens(token())
    server.handlers = [scripted("PATCH", agent_id(1), echo), scripted("GET", agent_id(1), echo), *server.handlers]

    async def work(tenant: Tenant) -> None:
        seen.append(tenant)
        for attempt in (tenant.write_agent(agent_id(1), {}, None), read_one(tenant)):
            try:
                seen.append(await attempt)
            except ReconcileError as error:
                seen.extend([error, error.args, error.diagnostics])

    running(server, work)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for thing in [*seen, connection(server), caplog.text]:
        assert not leaks(f"{thing!s} {thing!r}"), thing


def test_the_quoter_lets_ordinary_words_pass() -> None:
    redactor = Redactor()
    redactor.hide(CLIENT_SECRET, TOKEN, "")
    quoter = Quoter(redactor)
    assert quoter.quote("Invalid skill ID\r\n  \x1b[1m\u202e 4711 ") == "Invalid skill ID [1m 4711"
    assert quoter.quote(" " * 19_990 + CLIENT_SECRET) == ""


def test_a_waiter_that_is_cancelled_leaves_the_turn_to_the_next() -> None:
    """Cancellation is clean: no warning, no lost turn, and the next one asks for the token."""
    server = tokens(Answer(body=token().body, delay_turns=50))

    async def work(tenant: Tenant) -> object:
        first = asyncio.create_task(read_one(tenant))
        second = asyncio.create_task(read_one(tenant))
        for _ in range(20):
            await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    assert running(server, work) is not None
    assert server.count("POST") == 2


def test_nothing_is_left_behind_when_a_reading_is_cancelled() -> None:
    server = tokens(token())
    server.handlers.insert(0, scripted("GET", "", Answer(404, delay_turns=100)))

    async def run() -> int:
        async with opened(server) as tenant:
            task = asyncio.create_task(tenant.read_sets([agent_id(n) for n in range(50)]))
            for _ in range(30):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_a_refused_write_keeps_its_words() -> None:
    server = tokens(token())
    server.handlers.insert(0, scripted("PATCH", agent_id(1), Answer(400, {"message": f"no {TOKEN}"})))
    assert running(server, lambda tenant: tenant.write_agent(agent_id(1), {}, None)) == Rejected(400, "no ***")
