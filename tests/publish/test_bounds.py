"""Where requests go, with what, and how far a listing is followed: the token reaches the host's API and nobody else."""

from dataclasses import replace

import httpx
import pytest
import respx

from reconciler.errors import InvalidInput, ReconcileError
from reconciler.model.secret import Secret
from reconciler.publish.client import MOST_PAGES
from reconciler.publish.failures import ForgeError, MayNotComment
from reconciler.publish.forge import Forge
from tests.conftest import VirtualClock
from tests.publish.hosts import github_job, routed, work

COMMENTS = "/repos/acme/centre/issues/7/comments"
ONE = {"id": 1, "user": {"login": "github-actions[bot]"}, "body": "hello"}
LISTED = httpx.Response(200, json=[ONE])


async def _read(forge: Forge) -> int:
    return len(await forge.comments(7))


def _code(error: ReconcileError) -> str:
    return error.diagnostics[0].code


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
    with pytest.raises(ForgeError, match="another host") as caught:
        work(github_job(), router, clock, _read)
    assert "evil" not in f"{caught.value}"
    assert route.call_count == 1


def test_a_listing_that_never_ends_is_left(clock: VirtualClock) -> None:
    router = routed()
    link = {"Link": f'<{COMMENTS}?page=2>; rel="next"'}
    route = router.get(COMMENTS).mock(return_value=httpx.Response(200, json=[ONE], headers=link))
    with pytest.raises(ForgeError, match="does not end"):
        work(github_job(), router, clock, _read)
    assert route.call_count == MOST_PAGES


def test_a_merge_long_ago_is_not_looked_for_for_ever(clock: VirtualClock) -> None:
    """Five pages of those that were closed last, and no error: a commit may be no merge at all."""
    router = routed()
    pulls = "/repos/acme/centre/pulls"
    link = {"Link": f'<{pulls}?page=2>; rel="next"'}
    closed = {"number": 3, "merged_at": None, "merge_commit_sha": "b" * 40}
    route = router.get(pulls).mock(return_value=httpx.Response(200, json=[closed], headers=link))
    assert work(github_job(), router, clock, lambda forge: forge.merged_as("b" * 40, "")) is None
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
    with pytest.raises(MayNotComment, match="Suspended"):
        work(github_job(), router, clock, lambda forge: forge.author())


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
