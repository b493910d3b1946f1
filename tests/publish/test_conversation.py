"""What a pull request is told, from its first plan to the end of its apply: one comment, and always the summary."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.position import SourcePosition
from reconciler.model.secret import Secret
from reconciler.plan.change import AgentName, Event, Kind, Plan, Turn
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.publish.bodies import Known, body_of
from reconciler.publish.conversation import Told, tell_pull_request
from reconciler.publish.failures import ForgeError, MayNotComment
from reconciler.publish.forge import Comment, Issue
from reconciler.render.marker import Marker, read_marker
from reconciler.render.report import Report
from reconciler.render.view import View
from reconciler.settings import Host, Job
from tests.conftest import VirtualClock
from tests.render.hand_made import NOW, entry_of
from tests.world import World, agent

VIEW = View("", "desired-state")
COMMIT = "a" * 40
ERROR = Diagnostic(
    "skill-unknown", "no skill is called `Bilng`", "did you mean Billing?", SourcePosition("a.yaml", 3, 5)
)
ANA, BO = (AgentName(f"id-{name}", f"{name}@example.com", name, f"{name}@example.com") for name in ("ana", "bo"))


@dataclass
class Discussion:
    """A pull request in memory; `refusal` is raised by everything that writes, `merged` is what commit it became."""

    listed: list[Comment] = field(default_factory=list)
    merged: dict[str, int] = field(default_factory=dict)
    refusal: Exception | None = None
    writes: list[str] = field(default_factory=list)
    newest: str = COMMIT

    async def author(self) -> str:
        """Everybody who writes here."""
        return "bot"

    async def comments(self, number: int) -> list[Comment]:
        """All of them."""
        assert number == 7
        return list(self.listed)

    def _write(self, what: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.writes.append(what)

    async def create_comment(self, number: int, body: str) -> Comment:
        """Add one."""
        assert number == 7
        self._write("create")
        self.listed.append(Comment(f"{len(self.listed) + 1}", "bot", body))
        return self.listed[-1]

    async def edit_comment(self, number: int, id: str, body: str) -> None:  # noqa: A002 - the protocol's
        """Replace one."""
        assert number == 7
        self._write("edit")
        self.listed = [replace(each, body=body) if each.id == id else each for each in self.listed]

    async def delete_comment(self, number: int, id: str) -> None:  # noqa: A002 - the protocol's
        """Take one away."""
        assert number == 7
        self._write("delete")
        self.listed = [each for each in self.listed if each.id != id]

    async def open_issues(self) -> list[Issue]:
        """None."""
        return []

    async def create_issue(self, title: str, body: str) -> Issue:
        """Not asked here."""
        raise NotImplementedError

    async def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, is_closed: bool | None = None
    ) -> None:
        """Not asked here."""
        raise NotImplementedError

    async def comment_on_issue(self, number: int, body: str) -> None:
        """Not asked here."""
        raise NotImplementedError

    async def is_open(self, number: int) -> bool:
        """Until it is merged."""
        return number not in self.merged.values()

    async def merged_as(self, commit: str, branch: str) -> int | None:
        """What `merged` says."""
        assert branch in {"", "main"}
        return self.merged.get(commit)

    async def newest_commit(self, branch: str) -> str:
        """The one that is merged."""
        assert branch == "main"
        return self.newest


def tell(  # noqa: PLR0913 - whatever a job may be
    there: Discussion,
    known: Known,
    tmp_path: Path,
    *,
    is_fork: bool = False,
    is_scheduled: bool = False,
    number: int | None = 7,
) -> Told:
    job = Job(
        Host.GITHUB,
        "https://api.github.com",
        "acme/centre",
        token=Secret("a-token"),
        number=number,
        commit=COMMIT,
        branch="" if number else "main",
        run="12",
        is_fork=is_fork,
        is_scheduled=is_scheduled,
        summary=tmp_path / "summary.md",
    )
    return asyncio.run(tell_pull_request(there, job, known, VIEW, lambda text: text.replace("s3cret", "***")))


@pytest.fixture
def plan(tmp_path: Path, clock: VirtualClock) -> Plan:
    """Two agents who change."""
    world = World(tmp_path / "world", clock, (agent("ana", Billing=50), agent("bo", Billing=50)))
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60, Chat: 40}")
    return world.plan()


def planned(plan: Plan, run: str = "12") -> Known:
    return Known("acme", COMMIT, run, plan=plan, report=Report("plan", 0))


def test_a_pull_request_has_one_comment_from_its_plan_to_the_end_of_its_apply(plan: Plan, tmp_path: Path) -> None:
    """Applying, partly, applied: the same comment; its marker stays that of the plan that was reviewed."""
    there = Discussion()
    tell(there, planned(plan), tmp_path)
    there.merged[COMMIT] = 7
    seen = read_marker(there.listed[0].body)
    assert seen == Marker("acme", COMMIT, plan.digest, "12")
    merged = Known("acme", "b" * 40, "13", is_merged=True)
    ends = [AgentOutcome(ANA, Status.APPLIED), AgentOutcome(BO, Status.CONFLICT, "somebody else changed `Chat`")]
    outcome = Outcome("run-1", "acme", plan.digest, tuple(ends), 5, 0, 1.0, is_verified=True)
    steps = (
        (replace(merged, is_applying=True, reviewed=plan), "Applying"),
        (replace(merged, plan=plan, report=Report("apply", 6, (), outcome)), "Partly applied: 1 of 2 agents"),
        (
            replace(merged, plan=plan, report=Report("apply", 0, (), replace(outcome, agents=(ends[0],)))),
            "Applied 1 of 1",
        ),
    )
    for known, words in steps:
        tell(there, known, tmp_path, number=None)
        (comment,) = there.listed
        assert words in comment.body
        assert read_marker(comment.body) == seen
        assert words in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert there.writes == ["create", "edit", "edit", "edit"]


def test_a_partly_applied_plan_names_who_is_left(plan: Plan) -> None:
    ends = (AgentOutcome(ANA, Status.APPLIED), AgentOutcome(BO, Status.NOT_TRIED))
    report = Report("apply", 4, (ERROR,), Outcome("run-1", "acme", plan.digest, ends, 5, 0, 1.0, is_verified=True))
    body = body_of(Known("acme", plan=plan, report=report, is_merged=True), None, VIEW)
    assert "bo@example.com" in body.partition("The plan that was applied")[0]
    assert "no skill is called" in body  # why it stopped
    assert "let the credential write" in body


def test_the_same_plan_is_not_sent_again(plan: Plan, tmp_path: Path) -> None:
    there = Discussion()
    for _ in range(2):
        tell(there, planned(plan), tmp_path)
    assert there.writes == ["create"]


def test_nothing_to_change_is_worth_no_comment_but_takes_an_old_one_back(plan: Plan, tmp_path: Path) -> None:
    """No changes and no earlier comment: nothing is sent. No changes after changes: it says so."""
    there, empty = Discussion(), replace(plan, changes=(), summary=replace(plan.summary, agents_changed=0))
    tell(there, planned(empty), tmp_path)
    assert there.writes == []
    tell(there, planned(plan), tmp_path)
    tell(there, planned(empty), tmp_path)
    assert there.writes == ["create", "edit"]
    assert "No changes." in there.listed[0].body


def test_what_only_comes_later_is_worth_a_comment_too(plan: Plan, tmp_path: Path) -> None:
    """Nobody reviews it again before it is written; after the merge the comment says that nothing was written."""
    there = Discussion()
    surge = Event(Kind.OVERRIDE, Turn.BEGINS, "team `Testers`", SourcePosition("surge.yaml", 2, 5), "Black Friday")
    none = replace(plan, changes=(), summary=replace(plan.summary, agents_changed=0))
    later = replace(none, coming=(entry_of(NOW, [surge], plan.changes),))
    tell(there, planned(later), tmp_path)
    assert there.writes == ["create"]
    assert "No changes." in there.listed[0].body
    assert "Black Friday" in there.listed[0].body
    there.merged[COMMIT] = 7
    outcome = Outcome("run-1", "acme", plan.digest, (), 2, 0, 1.0, is_verified=True)
    merged = Known("acme", COMMIT, "13", plan=none, report=Report("apply", 0, (), outcome), is_merged=True)
    tell(there, merged, tmp_path, number=None)
    assert "there was nothing left to do" in there.listed[0].body
    assert there.writes == ["create", "edit"]


def test_a_merge_that_changes_nothing_is_worth_no_comment(plan: Plan, tmp_path: Path) -> None:
    """Neither its beginning nor its end; a refusal is."""
    there = Discussion(merged={COMMIT: 7})
    merged = Known("acme", COMMIT, "13", is_merged=True)
    outcome = Outcome("run-1", "acme", plan.digest, (), 2, 0, 1.0, is_verified=True)
    tell(there, replace(merged, is_applying=True), tmp_path, number=None)
    tell(there, replace(merged, report=Report("apply", 0, (), outcome)), tmp_path, number=None)
    assert there.writes == []
    tell(there, replace(merged, plan=plan, report=Report("apply", 5)), tmp_path, number=None)
    assert there.writes == ["create"]


def test_a_blocked_plan_is_worth_a_comment_even_without_changes(plan: Plan, tmp_path: Path) -> None:
    there = Discussion()
    block = Diagnostic("coverage-floor", "Billing has 2 of 5 agents", severity=Severity.BLOCK)
    tell(there, planned(replace(plan, changes=(), findings=(block,))), tmp_path)
    assert there.writes == ["create"]


@pytest.mark.parametrize("report", [Report("plan", 3, (ERROR,)), Report("validate", 3, (ERROR,)), None])
def test_where_no_plan_could_be_made_the_comment_shows_none(plan: Plan, tmp_path: Path, report: Report | None) -> None:
    """A plan of an older commit must not look like one of this; nor may an apply take its digest for reviewed."""
    there = Discussion()
    tell(there, planned(plan), tmp_path)
    tell(there, Known("acme", COMMIT, "13", report=report), tmp_path)
    (comment,) = there.listed
    assert plan.digest not in comment.body
    marker = read_marker(comment.body)
    assert marker is not None
    assert (marker.digest, marker.run) == ("", "")
    assert ("a.yaml:3" in comment.body) == (report is not None)


def test_a_saved_plan_of_before_is_not_shown_beside_a_failure(plan: Plan) -> None:
    """What a machine that is used again may hold."""
    body = body_of(Known("acme", COMMIT, "13", plan=plan, report=Report("plan", 1, (ERROR,))), None, VIEW)
    assert plan.digest not in body


def test_a_refused_apply_shows_why_and_the_plan_as_it_is_now(plan: Plan, tmp_path: Path) -> None:
    there = Discussion()
    tell(there, planned(replace(plan, digest="sha256:" + "1" * 64)), tmp_path)
    there.merged[COMMIT] = 7
    refused = Diagnostic("plan-unexpected", "there is more to write than was reviewed; nothing was written")
    known = Known("acme", plan=plan, reviewed=plan, report=Report("apply", 5, (refused,)), is_merged=True)
    tell(there, known, tmp_path, number=None)
    assert "Refused" in there.listed[0].body
    assert "more to write than was reviewed" in there.listed[0].body
    assert plan.digest in there.listed[0].body
    marker = read_marker(there.listed[0].body)
    assert marker is not None
    assert marker.digest != plan.digest  # a second try is not taken for a review


@pytest.mark.parametrize("report", [Report("apply", 1, (ERROR,)), Report("apply", 4, (ERROR,)), None])
def test_an_apply_that_ended_early_says_so(plan: Plan, report: Report | None) -> None:
    body = body_of(Known("acme", plan=plan, report=report, is_merged=True), None, VIEW)
    assert "ended early" in body


def test_a_fork_gets_the_summary_and_nothing_is_sent(tmp_path: Path) -> None:
    there = Discussion()
    told = tell(there, Known("acme", COMMIT, report=Report("validate", 0), is_fork=True), tmp_path, is_fork=True)
    assert told.is_done
    assert there.writes == []
    assert "fork" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_a_token_that_may_not_comment_leaves_the_summary(plan: Plan, tmp_path: Path) -> None:
    """With a warning that says what to grant; the job goes on."""
    there = Discussion(refusal=MayNotComment(Diagnostic("forge-denied", "403", "permissions: pull-requests: write")))
    told = tell(there, planned(plan), tmp_path)
    assert told.is_done
    assert [(each.code, each.severity) for each in told.diagnostics] == [("forge-denied", Severity.WARN)]
    assert plan.digest in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_a_host_that_is_down_is_a_failure_with_a_summary(plan: Plan, tmp_path: Path) -> None:
    """The comment that stands there is not of this plan: somebody has to know."""
    told = tell(Discussion(refusal=ForgeError(Diagnostic("forge-unreachable", "502"))), planned(plan), tmp_path)
    assert not told.is_done
    assert [each.severity for each in told.diagnostics] == [Severity.ERROR]
    assert plan.digest in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_a_push_that_is_no_merge_has_only_a_summary(plan: Plan, tmp_path: Path) -> None:
    there = Discussion()
    told = tell(there, Known("acme", plan=plan, report=Report("apply", 5), is_merged=True), tmp_path, number=None)
    assert told.is_done
    assert there.writes == []
    assert "no merge of a pull request" in told.text
    assert "Refused" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_a_plan_made_after_the_merge_does_not_take_the_place_of_the_reviewed_one(plan: Plan, tmp_path: Path) -> None:
    """Its digest was shown to nobody: an apply that is started again must not find it."""
    there = Discussion()
    tell(there, planned(plan), tmp_path)
    there.merged[COMMIT] = 7
    before = list(there.listed)
    # The job of a push, and a job of the pull request that ends or is started again after the merge.
    for number in (None, 7):
        told = tell(there, planned(replace(plan, digest="sha256:" + "1" * 64), run="13"), tmp_path, number=number)
        assert told.is_done
        assert there.listed == before


def test_an_old_commit_does_not_take_back_what_became_of_it(plan: Plan, tmp_path: Path) -> None:
    """Its comment says how it was applied; a job that is started again, and refused for its age, changes nothing."""
    there = Discussion()
    tell(there, planned(plan), tmp_path)
    there.merged[COMMIT] = 7
    before = list(there.listed)
    old = Diagnostic("commit-old", "an old commit")
    merged = Known("acme", is_merged=True, plan=plan, report=Report("apply", 5, (old,)))
    assert tell(there, merged, tmp_path, number=None).is_done
    there.newest = "c" * 40
    assert tell(there, Known("acme", is_applying=True, reviewed=plan), tmp_path, number=None).is_done
    assert there.listed == before


def test_what_a_schedule_applies_has_only_a_summary(plan: Plan, tmp_path: Path) -> None:
    """Its commit is that of the last merge, whose comment tells of another apply."""
    there = Discussion(merged={COMMIT: 7})
    tell(there, planned(plan), tmp_path)
    before = list(there.listed)
    outcome = Outcome("run-1", "acme", plan.digest, (AgentOutcome(ANA, Status.APPLIED),), 5, 0, 1.0, is_verified=True)
    known = Known("acme", is_merged=True, plan=plan, report=Report("apply", 0, (), outcome))
    assert tell(there, known, tmp_path, is_scheduled=True, number=None).is_done
    assert there.listed == before
    assert "**Applied 1 of 1 agent**" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    tell(there, known, tmp_path, number=None)
    assert there.listed != before


def test_where_the_review_could_not_be_found_the_pull_request_is_told() -> None:
    """The apply never began: that is no plan that could not be made."""
    body = body_of(Known("acme", report=Report("reviewed", 0), is_merged=True), None, VIEW)
    assert "ended early" in body
    assert "exit code 0" not in body


def test_an_unverified_apply_is_not_said_to_have_stopped(plan: Plan) -> None:
    ends = (AgentOutcome(ANA, Status.APPLIED),)
    outcome = Outcome("run-1", "acme", plan.digest, ends, 5, 0, 1.0, is_verified=False)
    body = body_of(Known("acme", plan=plan, report=Report("apply", 1, (ERROR,), outcome), is_merged=True), None, VIEW)
    assert "Why it is not verified" in body
    assert "Why it stopped" not in body


def test_files_that_do_not_say_their_tenant_are_those_of_the_one_comment(plan: Plan, tmp_path: Path) -> None:
    """A `tenant.yaml` that is broken must not leave `Ready` standing beside a second comment."""
    there = Discussion()
    tell(there, planned(plan), tmp_path)
    broken = Known("desired-state", is_named=False, report=Report("validate", 3, (ERROR,)))
    tell(there, broken, tmp_path)
    assert there.writes == ["create", "edit"]
    assert "No plan could be made" in there.listed[0].body
    tell(there, planned(plan), tmp_path)
    assert there.writes == ["create", "edit", "edit"]


def test_without_a_token_the_summary_has_it(plan: Plan, tmp_path: Path) -> None:
    """Dependabot's branches are no forks, and get no token either."""
    summary = tmp_path / "summary.md"
    job = Job(Host.GITHUB, "https://api.github.com", "acme/centre", number=7, summary=summary)
    told = asyncio.run(tell_pull_request(Discussion(), job, planned(plan), VIEW))
    assert told.is_done
    assert [(each.code, each.severity) for each in told.diagnostics] == [("forge-token", Severity.WARN)]
    assert plan.digest in summary.read_text(encoding="utf-8")


def test_a_secret_is_masked_in_the_comment_and_in_the_summary(tmp_path: Path) -> None:
    """P6: whatever a message of the tenant holds."""
    there = Discussion()
    leak = replace(ERROR, message="the tenant said s3cret")
    tell(there, Known("acme", COMMIT, report=Report("plan", 1, (leak,))), tmp_path)
    assert "***" in there.listed[0].body
    assert "s3cret" not in there.listed[0].body + (tmp_path / "summary.md").read_text(encoding="utf-8")
