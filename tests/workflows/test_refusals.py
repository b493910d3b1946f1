"""What is not what was reviewed is not applied; what is left of it is. Judged by the tenant's own log."""

import json
import re

import pytest

from reconciler.simulator import Author, Fault, Kind
from tests.workflows.centre import TENANT, Centre, PullRequest, agents_file
from tests.workflows.runner import JobRun, Outcome

pytestmark = pytest.mark.real
AGENTS = "desired-state/agents.yaml"
RAISED = {"Billing": 75, "English": 80, "Spanish": 40}


def _reviewed(centre: Centre) -> PullRequest:
    """Open a pull request that raises two agents, and have it planned."""
    pull = centre.propose("raise", {AGENTS: agents_file(ana=RAISED, bo=RAISED)})
    planned = centre.run("plan", centre.opened(pull))
    assert not planned.is_red, planned.said
    return pull


def _assert_refused(centre: Centre, job: JobRun) -> None:
    assert job.is_red
    assert job.steps["Apply"].code == 5
    assert centre.writes() == 0


def test_live_that_moved_since_the_review_is_not_overwritten(centre: Centre) -> None:
    """Exit 5, and the comment shows the fresh plan, so that a reviewer sees what is new."""
    pull = _reviewed(centre)
    centre.edit("ana", Billing=10)
    applied = centre.run("apply", centre.merge(pull))
    _assert_refused(centre, applied)
    assert centre.live("ana") == {"Billing": 10, "English": 80}
    text = centre.comment(pull)
    assert "plan-unexpected" in applied.steps["Apply"].err
    assert "10" in text
    assert "75" in text
    assert applied.steps["Say how it ended"].outcome is Outcome.SUCCESS


def test_what_is_left_of_the_reviewed_plan_is_applied(centre: Centre) -> None:
    """Somebody did the half of it by hand, exactly as reviewed: the other half is written, and no more."""
    pull = _reviewed(centre)
    centre.edit("ana", Billing=75, Spanish=40)
    applied = centre.run("apply", centre.merge(pull))
    assert not applied.is_red, applied.said
    assert centre.live("ana") == centre.live("bo") == RAISED
    assert [commit.author for commit in centre.tenant.commits] == [Author.OUTSIDER, Author.API]


def test_without_the_kept_plan_only_the_very_same_one_is_applied(centre: Centre) -> None:
    """Artifacts expire: then the digest of the comment decides alone, and a part of the plan will not do."""
    pull = _reviewed(centre)
    event = centre.merge(pull)
    centre.forget_artifacts()
    centre.edit("ana", Billing=75, Spanish=40)
    refused = centre.run("apply", event)
    _assert_refused(centre, refused)
    centre.edit("ana", Billing=60, Spanish=None)
    applied = centre.run("apply", event)
    assert not applied.is_red, applied.said
    assert applied.steps["Fetch the plan that was reviewed"].is_forgiven
    assert centre.live("ana") == RAISED


def test_a_rerun_of_an_old_commit_is_refused(centre: Centre) -> None:
    """It would take back what was merged since."""
    run = centre.start("apply", centre.merge(_reviewed(centre)))
    run.play()
    centre.commit_to_main({AGENTS: agents_file(bo=RAISED)})
    centre.edit("ana", Billing=60, Spanish=None)  # as the newer commit says
    written = centre.writes()
    (again,) = centre.rerun(run).play().values()
    assert again.steps["Apply"].code == 5
    assert "commit-old" in again.steps["Apply"].err
    assert centre.writes() == written


def test_what_nobody_reviewed_is_not_applied(centre: Centre) -> None:
    """A push to main without a pull request: refused while there is something to write, with the digest to go on."""
    event = centre.commit_to_main({AGENTS: agents_file(ana=RAISED)})
    pushed = centre.run("apply", event)
    _assert_refused(centre, pushed)
    assert "plan-unreviewed" in pushed.steps["Apply"].err


def test_a_person_may_have_a_plan_applied_by_its_digest(centre: Centre) -> None:
    """The digest is what the refusal names; another one is refused."""
    centre.commit_to_main({AGENTS: agents_file(ana=RAISED)})
    _assert_refused(centre, centre.run("apply", centre.dispatched(digest=f"sha256:{0:064}")))
    checked = centre.run("drift", centre.scheduled())
    (line,) = (line for line in checked.steps["Plan"].out.splitlines() if line.startswith("Digest: "))
    applied = centre.run("apply", centre.dispatched(digest=line.removeprefix("Digest: ")))
    assert not applied.is_red, applied.said
    assert applied.steps["Find what was reviewed"].outcome is Outcome.SKIPPED
    assert centre.live("ana") == RAISED


FORBIDDING = f"{TENANT}policies:\n  max_agents_changed: 1\n  max_agents_changed_per_team: 1\n"
CODES = "max-agents-changed max-agents-changed-per-team"


def test_what_a_policy_blocks_is_applied_only_by_whoever_names_its_code(centre: Centre) -> None:
    """Exit 5 without a write; the comment says how: this digest, these codes, in one run, which the journal keeps."""
    centre.commit_to_main({"desired-state/tenant.yaml": FORBIDDING})
    pull = _reviewed(centre)
    assert "**Blocked**" in centre.comment(pull)
    refused = centre.run("apply", centre.merge(pull))
    _assert_refused(centre, refused)
    assert "plan-blocked" in refused.steps["Apply"].err
    text = centre.comment(pull)
    assert "**Refused**: nothing was written" in text
    way = re.search(r"start the apply workflow by hand with the digest `(sha256:\w+)`, and `([^`]*)` to allow", text)
    assert way
    assert way[2] == CODES
    for given in ("", "coverage-floor", "max-agents-changed"):
        again = centre.run("apply", centre.dispatched(digest=way[1], allow=given))
        _assert_refused(centre, again)
    run = centre.start("apply", centre.dispatched(digest=way[1], allow=way[2]))
    (applied,) = run.play().values()
    assert not applied.is_red, applied.said
    assert centre.live("ana") == centre.live("bo") == RAISED
    (journal,) = centre.artifact(run, "runs-default-1").glob("*.jsonl")
    head = json.loads(journal.read_text(encoding="utf-8").splitlines()[0])
    assert head["allowed"] == CODES.split()
    assert "**Applied 2 of 2 agents**" in centre.comment(pull)


@pytest.mark.parametrize("is_called", [False, True])
def test_a_code_is_allowed_for_what_was_reviewed_and_for_nothing_else(centre: Centre, is_called: bool) -> None:
    """Without a digest too: what live adds meanwhile is refused although its code is allowed."""
    centre.commit_to_main({"desired-state/tenant.yaml": FORBIDDING})
    pull = _reviewed(centre)
    merged = centre.merge(pull)

    def allowed(code: str) -> JobRun:
        event = centre.dispatched() if is_called else centre.dispatched(allow=code)
        return centre.run("apply", event, {"allow": code} if is_called else None)

    centre.edit("cy", Billing=10)
    refused = allowed(CODES)
    _assert_refused(centre, refused)
    assert "plan-unexpected" in refused.steps["Apply"].err
    centre.edit("cy", Billing=60)
    _assert_refused(centre, centre.run("apply", merged))
    assert not allowed(CODES).is_red
    assert centre.live("ana") == RAISED


@pytest.mark.parametrize("typed", ["coverage-flor", "$(touch /tmp/x); --allow", "--yes"])
def test_what_is_no_code_allows_nothing_and_runs_nothing(centre: Centre, typed: str) -> None:
    """Wrong use, before anything is asked of the tenant; no text of a person gets into the script."""
    pull = _reviewed(centre)
    merged = centre.merge(pull)
    asked = len(centre.app.requests)
    applied = centre.run("apply", centre.dispatched(allow=typed))
    assert applied.steps["Apply"].code == 3
    assert "is not one of" in applied.steps["Apply"].err
    assert len(centre.app.requests) == asked
    assert "**The apply ended early** with exit code 3" in centre.comment(pull)
    assert not centre.run("apply", merged).is_red


def test_an_apply_that_was_done_in_part_says_who_is_left_and_a_rerun_does_the_rest(centre: Centre) -> None:
    """One agent is refused by the tenant: exit 6, its name in the comment; the same job again completes it."""
    pull = _reviewed(centre)
    refused = centre.tenant.agent_named("bo@example.com").id
    centre.app.faults.add(Fault(Kind.STATUS, "PATCH", f"*/{refused}", status=400, times=None))
    run = centre.start("apply", centre.merge(pull))
    (job,) = run.play().values()
    assert job.is_red
    assert job.steps["Apply"].code == 6
    text = centre.comment(pull)
    assert "1 of 2" in text
    assert "bo@example.com" in text
    assert (centre.live("ana"), centre.live("bo")) == (RAISED, {"Billing": 60, "English": 80})

    assert list(centre.artifact(run, "runs-default-1").iterdir())

    centre.app.faults.clear()
    (again,) = centre.rerun(run).play().values()
    assert not again.is_red, again.said
    assert centre.live("ana") == centre.live("bo") == RAISED
    assert len(centre.tenant.commits) == 2
    assert "bo@example.com" not in _failures(centre.comment(pull))


def _failures(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "failed" in line)


def test_a_job_that_is_cancelled_finishes_what_is_in_flight_and_says_how_far_it_came(centre: Centre) -> None:
    """The signal reaches the tool through the shell: no write starts after it. The same job again does the rest."""
    pull = _reviewed(centre)
    run = centre.start("apply", centre.merge(pull))
    centre.app.faults.add(Fault(Kind.ACT_AFTER, "PATCH", act=centre.hosting.cancel))
    (job,) = run.play().values()
    assert job.steps["Apply"].code == 130
    assert job.steps["Say how it ended"].outcome is Outcome.SUCCESS
    assert len(centre.tenant.commits) == centre.writes() == 1
    assert "1 of 2" in centre.comment(pull)
    (again,) = centre.rerun(run).play().values()
    assert not again.is_red, again.said
    assert centre.live("ana") == centre.live("bo") == RAISED
    assert len(centre.tenant.commits) == 2


def test_a_host_that_is_down_stops_the_apply_before_any_write(centre: Centre) -> None:
    """What was reviewed cannot be found out, and so nothing is what was reviewed."""
    event = centre.commit_to_main({AGENTS: agents_file(ana=RAISED)})
    centre.hosting.environ["GITHUB_API_URL"] = "http://127.0.0.1:9"
    applied = centre.run("apply", event)
    assert applied.is_red
    assert applied.steps["Apply"].outcome is Outcome.SKIPPED
    assert centre.writes() == 0
