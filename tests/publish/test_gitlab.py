"""GitLab through the same interface: where its API differs, and what of it is passed over."""

import json

import httpx
import pytest
import respx

from reconciler.errors import InvalidInput, ReconcileError
from reconciler.publish.drift import Wanted, publish_issue
from reconciler.publish.failures import MayNotComment, TooLong
from reconciler.publish.forge import Forge
from reconciler.publish.one_comment import publish_comment
from reconciler.publish.published import Happened, Published
from reconciler.publish.reviewed import Reviewed, find_reviewed
from tests.conftest import VirtualClock
from tests.publish.hosts import DIGEST, GITLAB_URL, TOKEN, body_of, gitlab_job, routed, work

PROJECT = "/projects/acme%2Fcentre"
NOTES = f"{PROJECT}/merge_requests/7/notes"
BOT = "project_42_bot"


@pytest.fixture
def gitlab() -> respx.MockRouter:
    """A GitLab that knows who we are, and takes every write."""
    router = routed(GITLAB_URL)
    router.get("/user").mock(return_value=httpx.Response(200, json={"username": BOT, "id": 9}))
    return router


def _route(router: respx.MockRouter, method: str, path: str, *answers: httpx.Response) -> respx.Route:
    """Answer one path, spelled as it is sent."""
    url = f"{GITLAB_URL}{path}"
    route = router.route(method=method, url__regex=rf"^{url}(\?|$)".replace("+", r"\+"))
    route.mock(side_effect=list(answers))
    return route


def _note(number: int, body: str, author: str = BOT, *, is_system: bool = False) -> dict[str, object]:
    return {"id": number, "body": body, "author": {"username": author}, "system": is_system}


def _listed(*rows: dict[str, object], following: str | None = None) -> httpx.Response:
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return httpx.Response(200, json=list(rows), headers=headers)


def _publish(router: respx.MockRouter, clock: VirtualClock, body: str) -> Published:
    return work(gitlab_job(), router, clock, lambda forge: publish_comment(forge, 7, "acme", lambda _: body))


def test_a_note_is_found_on_a_later_page_and_edited_in_place(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    """The token goes in its own header, and the project is one segment of the path."""
    listing = _route(
        gitlab,
        "GET",
        NOTES,
        _listed(_note(1, "a word", "dev"), following=f"{GITLAB_URL}{NOTES}?page=2&per_page=100"),
        _listed(_note(2, body_of(text="old"))),
    )
    edit = _route(gitlab, "PUT", f"{NOTES}/2", httpx.Response(200, json=_note(2, "new")))
    assert _publish(gitlab, clock, body_of(text="new")).happened is Happened.EDITED
    assert json.loads(edit.calls.last.request.content) == {"body": body_of(text="new")}
    assert listing.calls[0].request.url.params["per_page"] == "100"
    for call in gitlab.calls:
        assert call.request.headers["PRIVATE-TOKEN"] == TOKEN
        assert "Authorization" not in call.request.headers


def test_a_note_of_gitlabs_own_is_never_taken_for_ours(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    """Whoever pushes a commit may have our marker quoted in a system note."""
    _route(gitlab, "GET", NOTES, _listed(_note(1, body_of(), is_system=True)))
    create = _route(gitlab, "POST", NOTES, httpx.Response(201, json=_note(2, body_of())))
    assert _publish(gitlab, clock, body_of()).happened is Happened.CREATED
    assert create.call_count == 1


def test_an_equal_note_sends_nothing_and_an_older_one_is_deleted(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    _route(gitlab, "GET", NOTES, _listed(_note(1, body_of(text="old")), _note(2, body_of().rstrip())))
    delete = _route(gitlab, "DELETE", f"{NOTES}/1", httpx.Response(204))
    assert _publish(gitlab, clock, body_of()).happened is Happened.UNCHANGED
    assert delete.call_count == 1
    assert [call.request.method for call in gitlab.calls] == ["GET", "GET", "DELETE"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (httpx.Response(401, json={"message": "401 Unauthorized"}), MayNotComment, "401 Unauthorized"),
        (httpx.Response(403, json={"error": "insufficient_scope"}), MayNotComment, "insufficient_scope"),
        (
            httpx.Response(400, json={"message": {"note": ["is too long (maximum is 1000000 characters)"]}}),
            TooLong,
            "note is too long",
        ),
    ],
)
def test_a_refusal_is_told_in_gitlabs_words(
    gitlab: respx.MockRouter, clock: VirtualClock, answer: httpx.Response, kind: type[ReconcileError], words: str
) -> None:
    _route(gitlab, "GET", NOTES, _listed())
    _route(gitlab, "POST", NOTES, answer)
    with pytest.raises(kind) as caught:
        _publish(gitlab, clock, body_of())
    assert words in caught.value.diagnostics[0].message
    assert "GitLab" in caught.value.diagnostics[0].message
    assert TOKEN not in f"{caught.value}"


def test_a_rate_limit_in_gitlabs_spelling_is_waited_out(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    limit = httpx.Response(429, headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "1795356009"})
    _route(gitlab, "GET", NOTES, limit, _listed(_note(1, body_of())))
    assert _publish(gitlab, clock, body_of()).happened is Happened.UNCHANGED
    assert clock.monotonic() == 10


def test_drift_has_one_issue(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    """Opened, brought up to date, closed by an event; a note says why."""
    old = {"iid": 3, "title": "Drift", "description": body_of(text="old"), "author": {"username": BOT}}
    listing = _route(gitlab, "GET", f"{PROJECT}/issues", _listed(), _listed(old), _listed(old))
    opened = _route(gitlab, "POST", f"{PROJECT}/issues", httpx.Response(201, json=old))
    changed = _route(gitlab, "PUT", f"{PROJECT}/issues/3", *[httpx.Response(200, json=old)] * 2)
    said = _route(gitlab, "POST", f"{PROJECT}/issues/3/notes", httpx.Response(201, json=_note(5, "agree")))
    wanted = Wanted("Drift", body_of(text="new"))

    def publish(wanted: Wanted | None) -> Happened:
        return work(gitlab_job(), gitlab, clock, lambda forge: publish_issue(forge, "acme", wanted, "agree")).happened

    assert [publish(wanted), publish(wanted), publish(None)] == [Happened.CREATED, Happened.EDITED, Happened.CLOSED]
    assert dict(listing.calls.last.request.url.params)["author_username"] == BOT
    assert [json.loads(call.request.content) for call in (*opened.calls, *changed.calls, *said.calls)] == [
        {"title": "Drift", "description": body_of(text="new")},
        {"title": "Drift", "description": body_of(text="new")},
        {"state_event": "close"},
        {"body": "agree"},
    ]


def test_what_was_reviewed_is_found_by_the_merged_commit(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    """Of the merge requests of a commit only one that is merged counts; of our notes the newest, and no stranger's."""
    commit = "c" * 40
    _route(
        gitlab,
        "GET",
        f"{PROJECT}/repository/commits/{commit}/merge_requests",
        _listed(
            {"iid": 9, "state": "opened"},
            {"iid": 7, "state": "merged", "target_branch": "main"},
            {"iid": 6, "state": "merged", "target_branch": "main"},
        ),
    )
    forged = _note(3, body_of(digest="sha256:" + "f" * 64), "mallory")
    older = _note(1, body_of(digest="sha256:" + "1" * 64, run="3"))
    _route(gitlab, "GET", NOTES, _listed(older, _note(2, body_of()), forged))
    found = work(gitlab_job(), gitlab, clock, lambda forge: find_reviewed(forge, commit, "main", "acme"))
    assert found == Reviewed(7, DIGEST, "12")


def test_the_newest_commit_of_a_branch_with_a_slash(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    path = f"{PROJECT}/repository/branches/release%2F1"
    _route(gitlab, "GET", path, httpx.Response(200, json={"commit": {"id": "d" * 40}}))
    assert work(gitlab_job(), gitlab, clock, lambda forge: forge.newest_commit("release/1")) == "d" * 40


def test_without_a_project_nothing_is_sent(gitlab: respx.MockRouter, clock: VirtualClock) -> None:
    async def comments(forge: Forge) -> int:
        return len(await forge.comments(7))

    with pytest.raises(InvalidInput) as caught:
        work(gitlab_job(repository=""), gitlab, clock, comments)
    assert caught.value.diagnostics[0].code == "forge-repository"
    assert not gitlab.calls
