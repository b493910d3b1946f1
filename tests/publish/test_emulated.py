"""Against a GitHub that nobody here wrote: comments, pages, duplicates, strangers, issues and merges."""

import pytest

from reconciler.clock import SystemClock
from reconciler.publish.drift import Wanted, publish_issue
from reconciler.publish.one_comment import publish_comment
from reconciler.publish.published import Happened, Published
from reconciler.publish.reviewed import Reviewed, find_reviewed
from reconciler.render.marker import Marker
from tests.emulated import BOT, OWNER, STRANGER, EmulatedGitHub
from tests.publish.hosts import DIGEST, Recorded, body_of, github_job, work

pytestmark = pytest.mark.real


class Place:
    """A repository with a pull request, and the two ways to it: the tool's, and that of people."""

    def __init__(self, github: EmulatedGitHub, repository: str) -> None:
        self.github = github
        self.repository = repository
        self.number = github.new_pull_request(repository)
        self.job = github_job(github.url, repository, github.token(BOT))
        self.seen: list[Marker | None] = []

    def say(self, login: str, body: str) -> None:
        """Comment as a person."""
        self.github.ask("POST", f"/repos/{self.repository}/issues/{self.number}/comments", login, body=body)

    def said(self) -> list[tuple[str, str]]:
        """Author and body of the newest comments, as GitHub has them."""
        path = f"/repos/{self.repository}/issues/{self.number}/comments?per_page=100&direction=desc&sort=created"
        listed = self.github.ask("GET", path).json()
        return sorted((each["user"]["login"], each["body"]) for each in listed)

    def publish(self, body: str | None, *, only_if_present: bool = False) -> tuple[Published, Recorded]:
        """Bring the comment up to date."""

        def make(marker: Marker | None) -> str | None:
            self.seen.append(marker)
            return body

        wire = Recorded()
        published = work(
            self.job,
            wire,
            SystemClock(),
            lambda forge: publish_comment(forge, self.number, "acme", make, only_if_present=only_if_present),
        )
        return published, wire

    def issue(self, wanted: Wanted | None) -> tuple[Published, Recorded]:
        """Bring the issue up to date."""
        wire = Recorded()
        published = work(self.job, wire, SystemClock(), lambda forge: publish_issue(forge, "acme", wanted, "agree\n"))
        return published, wire

    def issues(self, state: str) -> list[tuple[str, str, str]]:
        """Author, title and body of the issues, as GitHub has them."""
        listed = self.github.ask("GET", f"/repos/{self.repository}/issues?state={state}&per_page=100").json()
        return [(each["user"]["login"], each["title"], each["body"]) for each in listed if "pull_request" not in each]


@pytest.fixture
def place(github: EmulatedGitHub, repository: str) -> Place:
    return Place(github, repository)


def test_there_is_one_comment_and_it_is_edited_in_place(place: Place) -> None:
    """Created, then edited; each run sends one write and no more."""
    place.say(OWNER, "please look")
    first, created = place.publish(body_of(text="4 to add"))
    second, edited = place.publish(body_of(text="5 to add"))
    assert (first.happened, second.happened) == (Happened.CREATED, Happened.EDITED)
    assert (created.writes, edited.writes) == (["POST"], ["PATCH"])
    assert place.said() == [(OWNER, "please look"), (BOT, body_of(text="5 to add"))]
    assert first.diagnostics == second.diagnostics == ()
    assert place.seen == [None, Marker("acme", "a" * 40, DIGEST, "12")]


def test_an_equal_body_sends_nothing(place: Place) -> None:
    """The comment is read and left alone."""
    place.publish(body_of())
    again, wire = place.publish(body_of())
    assert again.happened is Happened.UNCHANGED
    assert wire.sent == [("GET", "/user"), ("GET", f"/repos/{place.repository}/issues/{place.number}/comments")]


def test_nothing_to_say_creates_no_comment_but_edits_one(place: Place) -> None:
    """No changes and no comment: silence. No changes after changes: the comment says so."""
    silent, wire = place.publish(body_of(text="no changes"), only_if_present=True)
    assert (silent.happened, wire.writes) == (Happened.NOTHING, [])
    place.publish(body_of(text="4 to add"))
    told, _ = place.publish(body_of(text="no changes"), only_if_present=True)
    assert told.happened is Happened.EDITED
    assert place.said() == [(BOT, body_of(text="no changes"))]


@pytest.mark.parametrize("others", [35, 130])
def test_the_comment_is_found_on_any_page(place: Place, others: int) -> None:
    """Past GitHub's page of 30, and past our own of 100: later comments of people do not hide it, nor earlier ones."""
    for _ in range(others):
        place.say(OWNER, "a word")
    place.publish(body_of(text="old"))
    for _ in range(5):
        place.say(OWNER, "another word")
    published, wire = place.publish(body_of(text="new"))
    assert published.happened is Happened.EDITED
    assert wire.writes == ["PATCH"]
    assert (BOT, body_of(text="new")) in place.said()
    assert (BOT, body_of(text="old")) not in place.said()
    path = f"/repos/{place.repository}/issues/{place.number}/comments"
    assert wire.sent.count(("GET", path)) == -(-(others + 6) // 100)


def test_a_strangers_comment_with_our_marker_is_neither_edited_nor_believed(place: Place) -> None:
    """Anybody can write a marker."""
    forged = body_of(text="approved", digest="sha256:" + "f" * 64)
    place.say(STRANGER, forged)
    place.publish(body_of())
    place.say(STRANGER, forged)
    place.publish(body_of(text="5 to add"))
    assert place.said() == [(STRANGER, forged), (STRANGER, forged), (BOT, body_of(text="5 to add"))]
    commit = place.github.merge(place.repository, place.number)
    found = work(place.job, Recorded(), SystemClock(), lambda forge: find_reviewed(forge, commit, "main", "acme"))
    assert found == Reviewed(place.number, DIGEST, "12")


def test_comments_of_two_tenants_stand_beside_each_other(place: Place) -> None:
    """A tenant's comment is found by its own marker."""
    place.say(BOT, body_of("other"))
    place.publish(body_of("acme"))
    assert place.said() == sorted([(BOT, body_of("other")), (BOT, body_of("acme"))])


def test_older_duplicates_are_deleted(place: Place) -> None:
    """Two jobs may have commented at once: the newest stays."""
    for text in ("first", "second", "third"):
        place.say(BOT, body_of(text=text))
    published, wire = place.publish(body_of(text="fourth"))
    assert published.happened is Happened.EDITED
    assert wire.writes == ["PATCH", "DELETE", "DELETE"]
    assert place.said() == [(BOT, body_of(text="fourth"))]


def test_drift_has_one_issue_that_is_opened_updated_and_closed(place: Place) -> None:
    """Equal drift sends nothing; agreement closes it with a word, and then says nothing more."""
    title = "Drift on acme"
    assert place.issue(None)[0].happened is Happened.NOTHING
    opened, _ = place.issue(Wanted(title, body_of(text="1 differs")))
    same, silent = place.issue(Wanted(title, body_of(text="1 differs")))
    edited, wire = place.issue(Wanted(title, body_of(text="2 differ")))
    assert [opened.happened, same.happened, edited.happened] == [
        Happened.CREATED,
        Happened.UNCHANGED,
        Happened.EDITED,
    ]
    assert (silent.writes, wire.writes) == ([], ["PATCH"])
    assert place.issues("open") == [(BOT, title, body_of(text="2 differ"))]
    closed, _ = place.issue(None)
    after, silent = place.issue(None)
    assert (closed.happened, after.happened, silent.writes) == (Happened.CLOSED, Happened.NOTHING, [])
    assert place.issues("open") == []
    number = int(closed.text.split()[1])
    comments = place.github.ask("GET", f"/repos/{place.repository}/issues/{number}/comments").json()
    assert [each["body"] for each in comments] == ["agree\n"]


def test_of_several_issues_the_newest_stays_and_those_of_strangers_too(place: Place) -> None:
    """A stranger's issue with our marker is theirs."""
    wanted = Wanted("Drift on acme", body_of(text="1 differs"))
    for login in (BOT, BOT, STRANGER):
        place.github.ask("POST", f"/repos/{place.repository}/issues", login, title="x", body=body_of(text="old"))
    published, wire = place.issue(wanted)
    assert published.happened is Happened.EDITED
    assert wire.writes == ["PATCH", "PATCH"]
    assert sorted(place.issues("open")) == sorted(
        [(BOT, wanted.title, wanted.body), (STRANGER, "x", body_of(text="old"))]
    )


def test_a_merge_is_found_by_its_commit_and_nothing_else_is_taken_for_it(place: Place) -> None:
    """Closed without a merge, still open, merged as another commit: none of them."""
    other = place.github.new_pull_request(place.repository, "other")
    place.github.ask("PATCH", f"/repos/{place.repository}/pulls/{other}", state="closed")
    place.github.new_pull_request(place.repository, "third")
    commit = place.github.merge(place.repository, place.number)
    assert work(place.job, Recorded(), SystemClock(), lambda forge: forge.merged_as(commit, "main")) == place.number
    assert work(place.job, Recorded(), SystemClock(), lambda forge: forge.merged_as("b" * 40, "")) is None
    assert work(place.job, Recorded(), SystemClock(), lambda forge: forge.newest_commit("main")) == commit
    found = work(place.job, Recorded(), SystemClock(), lambda forge: find_reviewed(forge, commit, "main", "acme"))
    assert found == Reviewed(place.number)
    assert (
        work(place.job, Recorded(), SystemClock(), lambda forge: find_reviewed(forge, "b" * 40, "main", "acme")) is None
    )
