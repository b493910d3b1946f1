"""Writes whose answer is lost, and writes that are refused on the way: what the pull request has in the end."""

import httpx
import pytest

from reconciler.publish.drift import Wanted, publish_issue
from reconciler.publish.failures import MayNotComment, Unclear
from reconciler.publish.one_comment import ROUNDS, publish_comment
from reconciler.publish.published import Happened, Published
from reconciler.render.markdown import outdated_comment
from reconciler.render.marker import Marker
from tests.conftest import VirtualClock
from tests.publish.hosts import body_of, github_job, work
from tests.publish.lossy import BOT, Lossy


def _publish(host: Lossy, clock: VirtualClock, text: str = "new") -> Published:
    body = body_of(text=text)
    return work(github_job(), host, clock, lambda forge: publish_comment(forge, 7, "acme", lambda _: body), author=BOT)


def _drift(host: Lossy, clock: VirtualClock, wanted: Wanted | None) -> Published:
    return work(github_job(), host, clock, lambda forge: publish_issue(forge, "acme", wanted, "agree"), author=BOT)


@pytest.mark.parametrize(("is_committed", "writes"), [(True, ["POST"]), (False, ["POST", "POST"])])
def test_a_create_whose_answer_is_lost_is_looked_for_first(
    clock: VirtualClock, writes: list[str], *, is_committed: bool
) -> None:
    """Committed: found by its marker, nothing is sent again. Not committed: sent once more."""
    host = Lossy((502, is_committed))
    assert _publish(host, clock).happened is Happened.CREATED
    assert host.bodies == [body_of(text="new")]
    assert host.writes == writes
    assert clock.monotonic() >= 2


@pytest.mark.parametrize(("is_committed", "writes"), [(True, ["PATCH"]), (False, ["PATCH", "PATCH"])])
def test_an_edit_whose_answer_is_lost_is_looked_for_first(
    clock: VirtualClock, writes: list[str], *, is_committed: bool
) -> None:
    host = Lossy((500, is_committed), comments=(body_of(text="old"),))
    assert _publish(host, clock).happened is Happened.EDITED
    assert host.bodies == [body_of(text="new")]
    assert host.writes == writes


def test_a_write_that_stays_unclear_is_given_up(clock: VirtualClock) -> None:
    host = Lossy(*[(502, False)] * ROUNDS)
    with pytest.raises(Unclear):
        _publish(host, clock)
    assert host.writes == ["POST"] * ROUNDS


def test_a_comment_that_somebody_deletes_meanwhile_is_written_anew(clock: VirtualClock) -> None:
    host = Lossy((404, False), comments=(body_of(text="old"),))
    plain = host.handle_async_request

    async def vanishing(request: httpx.Request) -> httpx.Response:
        answer = await plain(request)
        if request.method == "PATCH":
            host.rows.clear()
        return answer

    host.handle_async_request = vanishing  # type: ignore[method-assign] # somebody else's hand
    _publish(host, clock)
    assert host.bodies == [body_of(text="new")]
    assert host.writes == ["PATCH", "POST"]


def test_a_token_that_may_not_comment_is_the_callers_decision(clock: VirtualClock) -> None:
    """It is tried once; the caller says it elsewhere."""
    host = Lossy((403, False))
    with pytest.raises(MayNotComment):
        _publish(host, clock)
    assert host.writes == ["POST"]


def test_a_duplicate_that_may_not_be_deleted_is_marked_outdated(clock: VirtualClock) -> None:
    """After that it is none of ours any more: the next run leaves it alone."""
    host = Lossy(None, (403, False), comments=(body_of(text="old"), body_of(text="newer")))
    published = _publish(host, clock)
    assert published.diagnostics == ()
    assert host.bodies == [outdated_comment(Marker("acme")), body_of(text="new")]
    host.writes.clear()
    assert _publish(host, clock).happened is Happened.UNCHANGED
    assert host.writes == []


def test_a_duplicate_that_can_be_neither_deleted_nor_edited_is_told(clock: VirtualClock) -> None:
    """The comment itself is up to date all the same."""
    host = Lossy(None, (403, False), (403, False), comments=(body_of(text="old"), body_of(text="newer")))
    published = _publish(host, clock)
    assert [each.code for each in published.diagnostics] == ["comment-duplicate"]
    assert published.happened is Happened.EDITED


def test_a_token_that_writes_as_somebody_else_is_told(clock: VirtualClock) -> None:
    """The next run would not find the comment, and write another."""
    host = Lossy()
    host.wrote_as = "my-app[bot]"
    [warning] = _publish(host, clock).diagnostics
    assert (warning.code, warning.hint) == ("forge-author", "--author 'my-app[bot]'")


@pytest.mark.parametrize("is_committed", [True, False])
def test_an_issue_whose_answer_is_lost_is_opened_once(clock: VirtualClock, *, is_committed: bool) -> None:
    host = Lossy((502, is_committed))
    published = _drift(host, clock, Wanted("Drift", body_of()))
    assert (published.happened, published.text) == (Happened.CREATED, "issue 20 opened")
    assert len(host.issues) == 1


@pytest.mark.parametrize("is_committed", [True, False])
def test_an_issue_whose_closing_is_lost_is_closed_and_told_why_once(clock: VirtualClock, *, is_committed: bool) -> None:
    host = Lossy(None, (502, is_committed))
    _drift(host, clock, Wanted("Drift", body_of()))
    published = _drift(host, clock, None)
    assert (published.happened, published.diagnostics) == (Happened.CLOSED, ())
    assert published.text == "issue 20 closed: live and files agree again"
    assert (host.issues, host.bodies) == ([], ["agree"])
    assert host.commented_on[-1] == "20"


def test_a_closing_whose_reason_cannot_be_said_is_closed_all_the_same(clock: VirtualClock) -> None:
    host = Lossy(None, None, (403, False))
    _drift(host, clock, Wanted("Drift", body_of()))
    published = _drift(host, clock, None)
    assert published.happened is Happened.CLOSED
    assert [each.code for each in published.diagnostics] == ["issue-comment"]
