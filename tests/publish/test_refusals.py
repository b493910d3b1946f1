"""What a host may answer instead of what was asked for: each has its error, its words, and its number of requests."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import respx

from reconciler.errors import InvalidInput, ReconcileError
from reconciler.model.secret import Secret
from reconciler.publish.client import MOST_PAGES
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


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/repos/acme/centre/issues/7/comments?page=2",
        "http://api.github.com/repos/acme/centre/issues/7/comments?page=2",
        "https://api.github.com:8443/repos/acme/centre/issues/7/comments?page=2",
        "https://evil@api.github.com/repos/acme/centre/issues/7/comments?page=2",
        "//evil.example/",
        "https://api.github.com.evil.example/",
    ],
)
def test_a_next_page_elsewhere_gets_no_token(clock: VirtualClock, following: str) -> None:
    """The token goes to the origin of the API and nowhere else."""
    router = routed()
    route = router.route().mock(
        return_value=httpx.Response(200, json=[ONE], headers={"Link": f'<{following}>; rel="next"'})
    )
    error = _fails(router, clock)
    assert "another host" in error.diagnostics[0].message
    assert "evil" not in error.diagnostics[0].message
    assert route.call_count == 1


def test_a_listing_that_never_ends_is_left(clock: VirtualClock) -> None:
    router = routed()
    link = {"Link": f'<{COMMENTS}?page=2>; rel="next"'}
    route = router.get(COMMENTS).mock(return_value=httpx.Response(200, json=[ONE], headers=link))
    assert "does not end" in _fails(router, clock).diagnostics[0].message
    assert route.call_count == MOST_PAGES


def test_a_merge_long_ago_is_not_looked_for_for_ever(clock: VirtualClock) -> None:
    """Five pages of those that were closed last, and no error: a commit may be no merge at all."""
    router = routed()
    pulls = "/repos/acme/centre/pulls"
    link = {"Link": f'<{pulls}?page=2>; rel="next"'}
    closed = {"number": 3, "merged_at": None, "merge_commit_sha": "b" * 40}
    route = router.get(pulls).mock(return_value=httpx.Response(200, json=[closed], headers=link))
    assert work(github_job(), router, clock, lambda forge: forge.merged_as("b" * 40)) is None
    assert route.call_count == 5


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://api.github.com", True),
        ("https://github.acme.example/api/v3", True),
        ("http://127.0.0.1:4010", True),
        ("http://localhost:4010", True),
        ("http://github.acme.example/api/v3", False),
        ("ftp://api.github.com", False),
        ("https://user:secret@api.github.com", False),
        ("https://api.github.com?x=1", False),
        ("https://", False),
        ("", False),
        ("api.github.com", False),
        ("https://[", False),
    ],
)
def test_the_token_leaves_only_encrypted_or_to_this_machine(clock: VirtualClock, url: str, *, is_fine: bool) -> None:
    """An address is never repeated: it may hold a password."""
    answer = httpx.Response(200, json={"login": "bot"})
    router = respx.MockRouter(assert_all_called=False)
    route = router.route().mock(return_value=answer)
    if is_fine:
        assert work(github_job(url), router, clock, lambda forge: forge.author()) == "bot"
        assert f"{route.calls.last.request.url}" == f"{url}/user"
        return
    with pytest.raises(InvalidInput) as caught:
        work(github_job(url), router, clock, lambda forge: forge.author())
    assert _code(caught.value) == "forge-address"
    assert "secret" not in f"{caught.value}"
    assert route.call_count == 0


@pytest.mark.parametrize("repository", ["", "acme", "acme/centre/x", "acme/..", "/centre", "./centre"])
def test_a_repository_that_is_none_is_refused_before_anything_is_sent(clock: VirtualClock, repository: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        work(github_job(repository=repository), routed(), clock, _read)
    assert _code(caught.value) == "forge-repository"


def test_a_repository_of_odd_characters_stays_within_its_segments(clock: VirtualClock) -> None:
    router = routed()
    route = router.route().mock(return_value=LISTED)
    work(github_job(repository="ac?me/cen#tre"), router, clock, _read)
    assert route.calls.last.request.url.raw_path.startswith(b"/repos/ac%3Fme/cen%23tre/issues/7/comments?")


@pytest.mark.parametrize("token", [None, "", "two words", "line\nbreak", "é"])
def test_without_a_usable_token_nothing_is_sent(clock: VirtualClock, token: str | None) -> None:
    """A command that asks nothing needs none: the job of a fork may have none."""
    job = replace(github_job(), token=None if token is None else Secret(token))
    router = routed()
    route = router.route().mock(return_value=LISTED)

    async def nothing(forge: Forge) -> bool:
        return forge is not None

    assert work(job, router, clock, nothing)
    with pytest.raises(InvalidInput) as caught:
        work(job, router, clock, _read)
    assert _code(caught.value) == "forge-token"
    assert route.call_count == 0


def test_a_workflows_token_writes_as_github_actions(clock: VirtualClock) -> None:
    """It may not ask who it is; any other refusal of that question is an error."""
    router = routed()
    route = router.get("/user")
    route.mock(return_value=httpx.Response(403, json={"message": "Resource not accessible by integration"}))
    assert work(github_job(), router, clock, lambda forge: forge.author()) == "github-actions[bot]"
    route.mock(return_value=httpx.Response(403, json={"message": "Suspended"}))
    assert _code(_fails(router, clock, lambda forge: forge.author())) == "forge-denied"


def test_who_we_are_is_not_asked_when_it_was_said(clock: VirtualClock) -> None:
    assert work(github_job(), routed(), clock, lambda forge: forge.author(), author="my-app[bot]") == "my-app[bot]"


def test_an_account_that_is_gone_and_a_body_that_is_none_are_empty(clock: VirtualClock) -> None:
    router = routed()
    router.get(COMMENTS).mock(return_value=httpx.Response(200, json=[{"id": 1, "user": None, "body": None}]))
    [comment] = work(github_job(), router, clock, lambda forge: forge.comments(7))
    assert (comment.id, comment.author, comment.body) == ("1", "", "")


def test_a_pull_request_is_no_issue_of_ours(clock: VirtualClock) -> None:
    """GitHub lists pull requests as issues; one of our own author may have any body."""
    router = routed()
    issue = {"number": 1, "title": "Drift", "user": None, "body": None}
    rows = [issue, {**issue, "number": 2, "pull_request": {"url": "x"}}]
    router.get("/repos/acme/centre/issues").mock(return_value=httpx.Response(200, json=rows))
    listed = work(github_job(), router, clock, lambda forge: forge.open_issues())
    assert [each.number for each in listed] == [1]
