"""What a host may answer instead of what was asked for: each has its error, its words, and its number of requests."""

import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from reconciler.errors import ReconcileError
from reconciler.publish.failures import ForgeError, MayNotComment, Missing, TooLong, Unclear
from reconciler.publish.forge import Forge
from reconciler.publish.patience import TRIES
from tests.conftest import VirtualClock
from tests.publish.hosts import TOKEN, github_job, routed, work

COMMENTS = "/repos/acme/centre/issues/7/comments"
# A rate limit that has not run out.
_NOT_YET = {"X-RateLimit-Remaining": "17", "X-RateLimit-Reset": "1795356042"}
ONE = {"id": 1, "user": {"login": "github-actions[bot]"}, "body": "hello"}
LISTED = httpx.Response(200, json=[ONE])


async def _read(forge: Forge) -> int:
    return len(await forge.comments(7))


async def _write(forge: Forge) -> str:
    return (await forge.create_comment(7, "hello")).id


def _fails(router: respx.MockRouter | httpx.MockTransport, clock: VirtualClock, do: object = _read) -> ReconcileError:
    """Do it, which must fail in words that a person may be shown."""
    with pytest.raises(ReconcileError) as caught:
        work(github_job(), router, clock, do)  # type: ignore[arg-type] # one of the two above
    for diagnostic in caught.value.diagnostics:
        said = f"{diagnostic.message} {diagnostic.hint}"
        assert TOKEN not in said
        assert "per_page" not in said
        assert not diagnostic.message.endswith(".")
        assert diagnostic.message[:1].islower() or diagnostic.message.startswith(("GET /", "POST /"))
        assert len(diagnostic.message) < 500
        assert diagnostic.hint
    return caught.value


def _code(error: ReconcileError) -> str:
    return error.diagnostics[0].code


@pytest.mark.parametrize("do", [_read, _write])
@pytest.mark.parametrize(
    ("answer", "kind", "code", "words"),
    [
        (httpx.Response(401, json={"message": "Bad credentials"}), MayNotComment, "forge-denied", "Bad credentials"),
        (
            httpx.Response(403, json={"message": "Resource not accessible by integration"}),
            MayNotComment,
            "forge-denied",
            "Resource not accessible by integration",
        ),
        (
            httpx.Response(403, json={"message": "Forbidden"}, headers=_NOT_YET),
            MayNotComment,
            "forge-denied",
            "the token may not do this",
        ),
        (httpx.Response(404, json={"message": "Not Found"}), Missing, "forge-missing", "there is no such thing"),
        (httpx.Response(410, json={"message": "Issues are disabled"}), Missing, "forge-missing", "Issues are disabled"),
        (
            httpx.Response(422, json={"message": "Validation Failed", "errors": [{"message": "body is odd"}]}),
            ForgeError,
            "forge-refused",
            "Validation Failed; body is odd",
        ),
        (httpx.Response(409, content=b"<html>" * 1000), ForgeError, "forge-refused", "answered 409"),
        (httpx.Response(400, json={"message": f"{TOKEN} " + "x" * 9999}), ForgeError, "forge-refused", "***"),
        (httpx.Response(301, headers={"Location": "/elsewhere"}), ForgeError, "forge-unreachable", "a redirect"),
    ],
)
def test_a_refusal_is_asked_once_and_told_in_the_hosts_own_words(  # noqa: PLR0913, PLR0917 - the columns of a table
    clock: VirtualClock, do: object, answer: httpx.Response, kind: type[ReconcileError], code: str, words: str
) -> None:
    """Asking again would not change it."""
    router = routed()
    route = router.route(path=COMMENTS).mock(return_value=answer)
    error = _fails(router, clock, do)
    assert isinstance(error, kind)
    assert _code(error) == code
    assert words in error.diagnostics[0].message
    assert (route.call_count, clock.monotonic()) == (1, 0.0)


def test_a_token_that_may_not_comment_is_told_which_permission_it_needs(clock: VirtualClock) -> None:
    router = routed()
    router.post(COMMENTS).mock(return_value=httpx.Response(403, json={"message": "no"}))
    hint = _fails(router, clock, _write).diagnostics[0].hint
    assert hint is not None
    assert "`permissions: {pull-requests: write}`" in hint
    assert "fork" in hint


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (
            422,
            {"message": "Validation Failed", "errors": [{"message": "Body is too long (maximum is 65536 characters)"}]},
        ),
        (422, {"message": "body is too long"}),
        (413, {"message": "Payload"}),
    ],
)
def test_a_body_that_is_too_long_is_an_error_of_its_own(
    clock: VirtualClock, status: int, document: dict[str, object]
) -> None:
    """So that a caller can send a shorter one."""
    router = routed()
    router.post(COMMENTS).mock(return_value=httpx.Response(status, json=document))
    error = _fails(router, clock, _write)
    assert isinstance(error, TooLong)
    assert _code(error) == "forge-too-long"


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(502, content=b"<html>Bad gateway</html>"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.ConnectError("refused"),
    ],
    ids=["502", "timeout", "cut off", "not reached"],
)
def test_a_reading_is_repeated_and_then_fine(clock: VirtualClock, failure: httpx.Response | Exception) -> None:
    """A failure now and then does not end a job."""
    router = routed()
    route = router.get(COMMENTS).mock(side_effect=[failure] * (TRIES - 1) + [LISTED])
    assert work(github_job(), router, clock, _read) == 1
    assert route.call_count == TRIES
    assert clock.monotonic() > 0


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.Response(503, json={"message": "Unavailable"}), "answered 503 (`Unavailable`)"),
        (httpx.ReadTimeout("slow"), "did not answer in time"),
        (httpx.ConnectTimeout("slow"), "nobody answers"),
        (httpx.ConnectError("refused"), "the connection failed"),
    ],
)
def test_a_reading_that_keeps_failing_is_given_up(
    clock: VirtualClock, failure: httpx.Response | Exception, words: str
) -> None:
    router = routed()
    route = router.get(COMMENTS).mock(side_effect=failure if isinstance(failure, Exception) else [failure] * TRIES)
    error = _fails(router, clock)
    assert route.call_count == TRIES
    assert _code(error) == "forge-unreachable"
    assert words in error.diagnostics[0].message


def test_a_certificate_that_is_not_trusted_is_not_asked_twice(clock: VirtualClock) -> None:
    asked = []

    def untrusted(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        message = "certificate verify failed"
        raise httpx.ConnectError(message, request=request) from ssl.SSLCertVerificationError(message)

    error = _fails(httpx.MockTransport(untrusted), clock)
    assert "certificate that this machine does not trust" in error.diagnostics[0].message
    assert len(asked) == 1


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(502, content=b"<html>Bad gateway</html>"),
        httpx.Response(201, content=b"<html>Welcome to the hotel</html>"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("cut"),
    ],
)
def test_a_write_whose_outcome_is_unknown_is_sent_once(
    clock: VirtualClock, failure: httpx.Response | Exception
) -> None:
    """It may have happened: the caller is told to look, where it was lost on the way after a moment."""
    router = routed()
    route = router.post(COMMENTS).mock(side_effect=[failure])
    assert isinstance(_fails(router, clock, _write), Unclear)
    assert route.call_count == 1
    is_lost = isinstance(failure, Exception) or failure.status_code == 502
    assert clock.monotonic() == (2.0 if is_lost else 0.0)


def test_a_write_that_never_left_is_sent_again(clock: VirtualClock) -> None:
    """A connection that could not be opened carried nothing."""
    router = routed()
    failures: list[httpx.Response | Exception] = [httpx.ConnectError("refused"), httpx.Response(201, json=ONE)]
    route = router.post(COMMENTS).mock(side_effect=failures)
    assert work(github_job(), router, clock, _write) == "1"
    assert route.call_count == 2


_SOON = {"Retry-After": "7"}
_RESET = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795356042"}  # 42 s after the clock's start


@pytest.mark.parametrize("do", [_read, _write])
@pytest.mark.parametrize(
    ("answer", "pause_s"),
    [
        (httpx.Response(429, headers=_SOON), 7),
        (httpx.Response(403, headers=_SOON, json={"message": "You have exceeded a secondary rate limit"}), 7),
        (httpx.Response(403, headers=_RESET, json={"message": "API rate limit exceeded"}), 43),
        (httpx.Response(403, json={"message": "You have exceeded a secondary rate limit. Please wait"}), 60),
        (httpx.Response(429), 60),
    ],
)
def test_a_short_rate_limit_is_waited_out_even_for_a_write(
    clock: VirtualClock, do: object, answer: httpx.Response, pause_s: float
) -> None:
    """The host refused to look at the request: nothing happened."""
    router = routed()
    router.get(COMMENTS).mock(side_effect=[answer, LISTED])
    router.post(COMMENTS).mock(side_effect=[answer, httpx.Response(201, json=ONE)])
    assert work(github_job(), router, clock, do) in {1, "1"}  # type: ignore[arg-type] # one of the two above
    assert clock.monotonic() == pause_s


@pytest.mark.parametrize(
    ("headers", "pause_s", "requests"),
    [({"Retry-After": "61"}, 61, 1), ({**_RESET, "X-RateLimit-Reset": "1795359600"}, 3601, 1), (_SOON, 7, 4)],
)
def test_a_long_rate_limit_is_not_waited_for(
    clock: VirtualClock, headers: dict[str, str], pause_s: int, requests: int
) -> None:
    """Nor is one pause after the other."""
    router = routed()
    route = router.get(COMMENTS).mock(return_value=httpx.Response(403, headers=headers))
    error = _fails(router, clock)
    assert _code(error) == "forge-limited"
    assert f"a pause of {pause_s} s" in error.diagnostics[0].message
    assert route.call_count == requests


@pytest.mark.parametrize(
    "content",
    [b"<html>Sign in</html>", b'[{"id": 1,', b'{"message": "?"}', b'[{"id": "one"}]', b"", b"\xff", b"[" * 100_000],
)
def test_an_answer_that_is_not_as_documented_is_never_guessed_at(clock: VirtualClock, content: bytes) -> None:
    router = routed()
    router.get(COMMENTS).mock(return_value=httpx.Response(200, content=content))
    assert _code(_fails(router, clock)) == "forge-answer"


def test_a_body_without_end_is_cut_off(clock: VirtualClock) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * (1 << 20)

    router = routed()
    router.get(COMMENTS).mock(side_effect=lambda _: httpx.Response(200, content=endless()))
    error = _fails(router, clock)
    assert "64 MiB" in error.diagnostics[0].message
