"""The comments of a pull request as a whole, held by files that a person has read; and what no golden file says."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Event, Kind, Plan, Turn
from reconciler.plan.claim import check_blocked
from reconciler.plan.moved import moved
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.plan.scope import Filters
from reconciler.render.markdown import (
    applied_comment,
    applying_comment,
    drift_issue,
    failed_comment,
    in_sync_comment,
    outdated_comment,
    plan_as_markdown,
    plan_comment,
    refused_comment,
    stopped_comment,
    valid_comment,
)
from reconciler.render.marker import Marker, read_marker
from tests.render.hand_made import NOW, VIEW, change, entry_of, html_of, plan_of

Golden = Callable[[str, str], None]
MARKER = Marker("acme-prod", "8f3c2a1b9d0e", "sha256:" + "0123456789abcdef" * 4, "4711")
MISSING = Diagnostic(
    "agent-missing",
    "`zoe.king@example.com` is not on the tenant; the others go on without it",
    "did you mean `zoe.kink@example.com`?",
    SourcePosition("agents/sales.yaml", 9, 3),
    Severity.WARN,
)
UNVERSIONED = Diagnostic(
    "agents-unversioned",
    "the tenant does not version its agents: each is read right before it is written",
    "let nobody edit these agents by hand during the apply",
    severity=Severity.INFO,
)
FLOOR = Diagnostic(
    "coverage-floor",
    "`Billing`: 4 agents could take it, and the floor is 5",
    "keep `Billing` on one agent more, or waive the floor",
    SourcePosition("tenant.yaml", 12, 5),
    Severity.BLOCK,
)
SMALL = plan_of(
    [
        change("ana.silva@example.com", "Billing EMEA", ("Spanish", 40, 60), ("Email", None, 50)),
        change("bo.ito@example.com", "Billing EMEA", ("Email", 30, (45, False)), line=12),
        change("cy.young@example.com", "Sales", ("Sales", None, (70, False)), file="agents/sales.yaml"),
    ],
    [("Email", 10, 10, None), ("Sales", 12, 12, None), ("Spanish", 6, 6, None)],
    [MISSING, UNVERSIONED],
)
REMOVALS = plan_of(
    [
        change("ana.silva@example.com", "Billing EMEA", ("Chat", 30, None), ("Billing", 60, None)),
        change("bo.ito@example.com", "Billing EMEA", ("Chat", (20, False), None), ("Email", 30, (30, False)), line=12),
        change("cy.young@example.com", "Sales", ("Chat", 80, None), ("Sales", None, 70), has_union=True),
        change("di.wolf@example.com", None, ("Claims", 10, None), line=20),
    ],
    [("Chat", 2, 0, None), ("Billing", 6, 5, 5), ("Email", 10, 9, None), ("Claims", 5, 4, 5), ("Sales", 0, 1, None)],
)
BLOCKED = replace(REMOVALS, findings=(MISSING, FLOOR, UNVERSIONED))
EVIL = "x`|@ana</details>\u202e\n::error::##[error]<img src=x>[a](http://e)"
HOSTILE = plan_of(
    [change(f"{number}{EVIL}", EVIL, (f"a{EVIL}", 1, None), (f"b{EVIL}", None, 2), file=EVIL) for number in (1, 2)],
    [(f"a{EVIL}", 2, 0, None)],
    [Diagnostic(EVIL, EVIL, EVIL, SourcePosition(EVIL, 1, 1), Severity.BLOCK)],
    EVIL,
)
NO_CHANGES = plan_of([])


def large() -> Plan:
    """Three thousand agents: few lose a skill, more gain one, for most another proficiency is written."""
    changes = []
    for number in range(3000):
        skill = ("Billing", "Chat", "Claims", "Email", "Sales", "Spanish")[number % 6]
        row = (skill, 40, None) if number % 30 == 0 else (skill, None, 70) if number % 3 == 0 else (skill, 40, 60)
        team = f"Team {number // 100 + 1:02}"
        changes.append(change(f"agent.{number:04}@example.com", team, row, file="agents/all.yaml", line=2 * number + 4))
    rows = [("Billing", 520, 420, 450), ("Chat", 500, 500, None), ("Email", 480, 980, None)]
    return plan_of(changes, rows, [MISSING, UNVERSIONED])


PLANS = {
    "no-changes": NO_CHANGES,
    "small": SMALL,
    "removals": REMOVALS,
    "blocked": BLOCKED,
    "hostile": HOSTILE,
    "large": large(),
}


@pytest.mark.parametrize("name", PLANS)
def test_plan_comment(name: str, golden: Golden) -> None:
    golden(f"comment-{name}.md", plan_comment(replace(MARKER, tenant=PLANS[name].tenant), PLANS[name], VIEW))


def _agent(name: str, status: Status, message: str = "") -> AgentOutcome:
    return AgentOutcome(change(f"{name}@example.com", None).agent, status, message)


DONE = Outcome(
    "20261122T140000Z-00abcd",
    "acme-prod",
    SMALL.digest,
    (_agent("ana.silva", Status.APPLIED), _agent("bo.ito", Status.ALREADY_DONE), _agent("cy.young", Status.APPLIED)),
    14,
    0,
    3.2,
    is_verified=True,
)
PARTLY = replace(
    DONE,
    agents=(
        _agent("ana.silva", Status.APPLIED),
        _agent("bo.ito", Status.CONFLICT, "somebody else changed `Email` meanwhile: 30 -> 35"),
        _agent("cy.young", Status.FAILED, "the tenant refused it: Invalid skill ID (HTTP 400)"),
        _agent("di.wolf", Status.UNKNOWN, "no answer within 30 s"),
        *(_agent(f"late.{number:03}", Status.NOT_TRIED) for number in range(400)),
    ),
    throttled=2,
    is_verified=False,
    stopped_by=(Diagnostic("write-refused", "the tenant refused two agents in a row", "mend what it says, run again"),),
    unverified_by=(Diagnostic("read-failed", "GET /agents: no answer within 30 s"),),
    unrecorded=(_agent("di.wolf", Status.UNKNOWN),),
)
ERRORS = (
    Diagnostic("proficiency", "85.0 is not a whole number", "write 85", SourcePosition("desired-state/a.yaml", 3, 9)),
    Diagnostic("skill-unknown", "`Biling` is no skill of the tenant", "did you mean `Billing`?"),
)
NOBODY: frozenset[str] = frozenset()
STALE = Diagnostic("plan-moved", "the plan is not the one that was reviewed", "review the plan as it is now")
COMMENTS = {
    "failed": lambda: failed_comment(MARKER, ERRORS, VIEW, exit_code=3),
    "valid": lambda: valid_comment(MARKER, VIEW, is_fork=False),
    "fork": lambda: valid_comment(MARKER, VIEW, is_fork=True),
    "applying": lambda: applying_comment(MARKER, SMALL, VIEW),
    "applied": lambda: applied_comment(MARKER, DONE, SMALL, VIEW),
    "partly": lambda: applied_comment(MARKER, PARTLY, SMALL, VIEW),
    "refused": lambda: refused_comment(MARKER, [STALE], REMOVALS, SMALL, VIEW),
    "refused-blocked": lambda: refused_comment(MARKER, list(check_blocked(BLOCKED, NOBODY)), BLOCKED, BLOCKED, VIEW),
    "stopped": lambda: stopped_comment(MARKER, ERRORS[1:], VIEW, exit_code=4),
    "drift": lambda: drift_issue(REMOVALS, replace(VIEW, next_step=""), MARKER)[1],
}


@pytest.mark.parametrize("name", COMMENTS)
def test_every_other_comment(name: str, golden: Golden) -> None:
    """Each has the marker, so that it is found again and edited."""
    text = COMMENTS[name]()
    golden(f"comment-{name}.md", text)
    assert read_marker(text) == MARKER


def test_every_comment_fits_whatever_it_is_about() -> None:
    """Thousands of agents, messages without end, and names as long as the tenant allows."""
    long = "ä😀" * 500
    many = [Diagnostic(long, long, long, SourcePosition(long, 1, 1)) for _ in range(300)]
    agents = [_agent(f"{number}{long}", status, long) for status in Status for number in range(99)]
    outcome = replace(PARTLY, run=long, agents=tuple(agents), stopped_by=tuple(many), unverified_by=tuple(many))
    fresh, view = replace(large(), findings=tuple(many)), replace(VIEW, folder=long, whole_plan=long, commit=long)
    for text in (
        plan_comment(MARKER, fresh, view),
        failed_comment(MARKER, many, view, exit_code=3),
        applying_comment(MARKER, fresh, view),
        applied_comment(MARKER, outcome, fresh, view),
        refused_comment(MARKER, many, fresh, SMALL, view),
        stopped_comment(MARKER, many, view, exit_code=1),
        drift_issue(fresh, view, MARKER)[1],
    ):
        assert len(text.encode("utf-16-le")) // 2 <= VIEW.limit
        html_of(text)


def test_an_outdated_comment_is_not_found_again() -> None:
    text = outdated_comment(MARKER)
    assert read_marker(text) is None
    assert "acme-prod" in text


def test_what_comes_by_itself_is_no_drift() -> None:
    event = Event(Kind.OVERRIDE, Turn.BEGINS, "team `Testers`", SourcePosition("surge.yaml", 2, 5), "Black Friday")
    plan = replace(SMALL, coming=(entry_of(NOW, [event], SMALL.changes),), now=NOW)
    assert "Coming by itself" in plan_comment(MARKER, plan, VIEW)
    assert drift_issue(plan, VIEW, MARKER) == drift_issue(SMALL, VIEW, MARKER)


def test_of_very_many_moments_and_agents_those_are_shown_that_fit() -> None:
    """What changes now comes first; the nearest moments are shown, and the rest is counted."""
    event = Event(Kind.OVERRIDE, Turn.BEGINS, "team `Testers`", SourcePosition("surge.yaml", 2, 5))
    crowd = [change(f"agent.number{number:04}@example.com", "A", ("Chat", None, 1)) for number in range(400)]
    coming = tuple(entry_of(NOW + timedelta(days=day), [event], crowd, unlisted=9) for day in range(1, 31))
    later = replace(plan_of([]), coming=coming, coming_later=3, now=NOW)
    text = plan_as_markdown(later, VIEW)
    assert "- and 25 more moments: `reconcile calendar --days 365`" in text
    folds = text.count(": who changes</summary>")
    left = sum(int(number) for number in re.findall(r"@@ and (\d+) more agents: reconcile plan --at 2026-11-2", text))
    assert 1 < folds < 8
    assert text.count("@@ agent.number") + left == 409 * folds
    small = plan_as_markdown(later, replace(VIEW, limit=900))
    assert len(small) <= 900
    assert "who changes" not in small
    assert "more moments" in small


def test_a_plan_for_another_time_says_so_and_offers_no_apply() -> None:
    text = plan_as_markdown(replace(SMALL, at=NOW), VIEW)
    assert "As the files want it at `22 Nov 2026 14:00 UTC`" in text
    assert "reconcile apply" not in text
    assert "merge this pull request" not in text


def test_the_title_of_a_drift_stays_whatever_drifts() -> None:
    """It is no Markdown, one line, and has an end."""
    assert drift_issue(SMALL, VIEW, MARKER)[0] == drift_issue(REMOVALS, VIEW, MARKER)[0] == "Drift on acme-prod"
    title, _ = drift_issue(replace(SMALL, tenant="a\n\u202e" * 300), VIEW, MARKER)
    assert title.startswith(r"Drift on a\u{a}\u{202e}")
    assert len(title) <= 256


def test_what_an_issue_is_closed_with_names_the_run() -> None:
    assert VIEW.run_url in in_sync_comment(VIEW)
    assert in_sync_comment(replace(VIEW, run_url="", commit="")).count("\n") == 1


def test_nobody_who_is_not_as_planned_goes_unmentioned() -> None:
    """By name, or in the count of those there was no room for."""
    text = applied_comment(MARKER, PARTLY, large(), VIEW)
    rest = re.search(r"- and ([\d,]+) more agents", text)
    assert len(re.findall(r"late\.\d+", text)) + (int(rest[1]) if rest else 0) == 400
    assert "1 of 404 agents" in text
    assert len(text) <= VIEW.limit


def test_an_unknown_ending_says_so() -> None:
    assert "nobody knows how" in stopped_comment(MARKER, [], VIEW, exit_code=-1)


def test_without_a_fresh_plan_a_refusal_says_why_alone() -> None:
    text = refused_comment(MARKER, [STALE], None, SMALL, VIEW)
    assert "the plan is not the one that was reviewed" in text
    assert "open a new pull request" not in text


def test_what_is_blocked_and_not_what_was_reviewed_takes_both() -> None:
    """A new review, or the digest and every code that blocks; a code that nothing can allow is not offered."""
    other = Diagnostic("made-up", "says a file", severity=Severity.BLOCK)
    blocked = replace(BLOCKED, findings=(*BLOCKED.findings, other, replace(FLOOR, code="agent-empty")))
    text = refused_comment(MARKER, [STALE], blocked, SMALL, VIEW)
    assert "open a new pull request, so that the plan as it is now is reviewed" in text
    assert f"with the digest `{blocked.digest}`, and `agent-empty coverage-floor` to allow." in text
    assert "to allow" not in refused_comment(MARKER, [STALE], REMOVALS, SMALL, VIEW)


def test_a_refused_apply_on_a_schedule_is_settled_by_a_pull_request() -> None:
    """By hand there is only a whole apply, whose plan has another digest."""
    timed = replace(BLOCKED, filters=Filters(timed=True))
    text = refused_comment(MARKER, list(check_blocked(timed, NOBODY)), timed, None, VIEW)
    assert "To go on, settle it in a pull request" in text
    assert "start the apply workflow" not in text
    assert "and `coverage-floor` to allow" in drift_issue(BLOCKED, VIEW, MARKER)[1]


def test_what_moved_is_said_once() -> None:
    """The refusal of a saved plan lists it already."""
    listed = refused_comment(MARKER, [STALE], REMOVALS, SMALL, VIEW)
    again = refused_comment(
        MARKER,
        [STALE, *moved(SMALL, REMOVALS)],
        REMOVALS,
        SMALL,
        VIEW,
    )
    assert [text.count("now there is 1 change to make") for text in (listed, again)] == [1, 1]
    assert "#### What moved" in listed
    assert "#### What moved" not in again


def test_names_that_two_skills_share_come_with_their_ids() -> None:
    plan = plan_of([change("ana", None, ("Chat", 1, None), ("Mail", 1, None))])
    row = plan.changes[0].skills[1]
    twin = replace(row, skill=replace(row.skill, name="Chat"))
    plan = replace(plan, changes=(replace(plan.changes[0], skills=(plan.changes[0].skills[0], twin)),))
    text = plan_as_markdown(plan, VIEW)
    assert "- Chat (id-Chat)  ana  was 1" in text
    assert "- Chat (id-Mail)  ana  was 1" in text


def test_equal_plans_are_equal_texts() -> None:
    """An equal body is not sent again."""
    assert plan_comment(MARKER, large(), VIEW) == plan_comment(MARKER, large(), replace(VIEW, created_at="later"))


def test_the_worst_comes_first() -> None:
    """Left without anybody, then below the floor, then by the part that is lost; what does not change is not shown."""
    rows = [("up", 1, 9, None), ("half", 4, 2, None), ("same", 3, 3, 9), ("floor", 100, 99, 100), ("none", 9, 0, 1)]
    rows.append(("tenth", 10, 9, 1))
    text = plan_as_markdown(plan_of([change("ana", None, ("up", None, 1))], rows), VIEW)
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == ["none", "floor", "half", "tenth", "up"]


@pytest.mark.parametrize(
    ("plan", "verdict"),
    [
        (BLOCKED, "**Blocked**: 1 finding forbids this plan"),
        (REMOVALS, "**Take care**: nobody is left to take `Chat`; `Claims` has fewer agents than the floor"),
        (SMALL, "**Ready**: no skill has fewer agents afterwards"),
        (
            replace(SMALL, coverage=BLOCKED.coverage[2:3]),
            "**Ready**: 1 skill has fewer agents afterwards, none is left without",
        ),
        # A list of agents without their skills says nothing of cover: nor do we.
        (replace(SMALL, coverage=()), "**Ready**, but nobody knows how many agents each skill has"),
    ],
)
def test_the_verdict_says_what_to_look_at(plan: Plan, verdict: str) -> None:
    assert verdict in plan_as_markdown(plan, VIEW)


def test_a_blocked_plan_offers_no_way_to_apply_it() -> None:
    text = plan_as_markdown(BLOCKED, VIEW)
    assert "merge this pull request" not in text
    assert "- Next: settle what is blocked above, and plan again" in text


def test_without_a_next_step_the_command_is_named() -> None:
    assert f"`reconcile apply --expect {SMALL.digest}`" in plan_as_markdown(SMALL, replace(VIEW, next_step=""))


def test_places_link_to_the_commit() -> None:
    html = html_of(plan_as_markdown(SMALL, VIEW))
    assert f"{VIEW.blob_url}desired-state/agents/sales.yaml#L9" in html.addresses


def test_a_plan_comment_says_where_its_page_is_and_only_where_there_is_one() -> None:
    made = plan_of([change("ana@example.com", None, ("Sales", 1, 2))])
    line = f"- Report: `report.html` in the artifacts of [this run]({VIEW.run_url}), all agents with a search\n"
    assert line in plan_comment(Marker("acme-prod"), made, replace(VIEW, page="report.html"))
    assert "Report" not in plan_comment(Marker("acme-prod"), made, VIEW)
    odd = plan_comment(Marker("acme-prod"), made, replace(VIEW, page="`a` @b", run_url=""))
    assert "- Report: `` `a` @b `` in the artifacts of this run, all" in odd
