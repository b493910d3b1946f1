"""The apply on a schedule writes what an override began or ended; what nobody saw stays. By the tenant's log."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.simulator import Author
from tests.workflows.centre import TENANT, Centre
from tests.workflows.runner import JobRun, Outcome

pytestmark = pytest.mark.real
SURGE = "desired-state/surge.yaml"
LASTING = {"Billing": 60, "English": 80}
SURGING = {**LASTING, "Spanish": 40}
_HOUR = timedelta(hours=1)


def _surge(until: timedelta, skills: str = "Spanish: 40", hold: str = "") -> dict[str, str]:
    """Write an override of ana and bo that began two hours ago, with moments as seen from now."""
    now = datetime.now(UTC).replace(microsecond=0)
    window = f"from: {(now - 2 * _HOUR).isoformat()}, until: {(now + until).isoformat()}"
    text = f"overrides:\n  - {{{window}, agents: [ana@example.com, bo@example.com], skills: {{{skills}}}}}\n"
    held = f"holds: [{{until: {(now + _HOUR).isoformat()}, agents: [{hold}]}}]\n" if hold else ""
    return {SURGE: text + held}


def _scheduled(centre: Centre) -> JobRun:
    """Run it as the schedule does, as a caller's workflow would."""
    job = centre.run("apply", centre.scheduled(), {})
    assert job.steps["Find what was reviewed"].outcome is Outcome.SKIPPED
    return job


def test_an_override_that_begins_is_written_and_taken_back_when_it_ends(centre: Centre) -> None:
    """Drift on another skill stays, of these agents and of others, and no comment is touched."""
    pull = centre.propose("surge", _surge(_HOUR))
    centre.run("plan", centre.opened(pull))
    said = centre.comments(pull)
    centre.merge(pull)
    centre.edit("ana", Billing=10)
    centre.edit("cy", Billing=10)
    run = centre.start("apply", centre.scheduled(), {})
    (job,) = run.play().values()
    assert not job.is_red, job.said
    assert centre.live("ana") == {**SURGING, "Billing": 10}
    assert centre.live("bo") == SURGING
    assert centre.live("cy") == {**LASTING, "Billing": 10}
    assert "**Applied 2 of 2 agents**" in job.summary
    assert [path.name for path in centre.artifact(run, "fresh-default-1").iterdir()] == ["fresh.json"]
    (journal,) = centre.artifact(run, "runs-default-1").glob("*.jsonl")
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[0])["kind"] == "apply"

    centre.commit_to_main(_surge(-_HOUR))
    ended = _scheduled(centre)
    assert not ended.is_red, ended.said
    assert centre.live("ana") == {**LASTING, "Billing": 10}
    assert centre.live("bo") == LASTING
    assert centre.comments(pull) == said


def test_what_somebody_edited_is_left_alone_and_told(centre: Centre) -> None:
    centre.commit_to_main(_surge(_HOUR))
    centre.edit("ana", Spanish=55)
    job = _scheduled(centre)
    assert not job.is_red, job.said
    assert centre.live("ana") == {**LASTING, "Spanish": 55}
    assert centre.live("bo") == SURGING
    assert "timed-edited" in job.steps["Apply"].err
    assert "so it is left alone" in job.summary


def test_what_is_held_stays(centre: Centre) -> None:
    centre.commit_to_main(_surge(_HOUR, hold="bo@example.com"))
    assert not _scheduled(centre).is_red
    assert (centre.live("ana"), centre.live("bo")) == (SURGING, LASTING)


def test_what_a_policy_forbids_is_red_with_the_reason_in_the_summary(centre: Centre) -> None:
    floor = f"{TENANT}policies:\n  coverage: [{{skill: Billing, min_available: 4}}]\n"
    centre.commit_to_main({"desired-state/tenant.yaml": floor, **_surge(_HOUR, "Billing: absent")})
    job = _scheduled(centre)
    assert job.is_red
    assert job.steps["Apply"].code == 5
    assert centre.writes() == 0
    assert "**Refused**: nothing was written" in job.summary
    assert "coverage-floor" in job.summary
    assert "settle it in a pull request" in job.summary
    assert "by hand" not in job.summary


def test_with_nothing_to_do_it_is_green_and_quiet(centre: Centre) -> None:
    """Whatever else differs is for the drift workflow; without overrides there is never anything."""
    centre.edit("cy", Billing=10)
    job = _scheduled(centre)
    assert not job.is_red, job.said
    assert centre.writes() == 0
    assert {commit.author for commit in centre.tenant.commits} == {Author.OUTSIDER}
    assert "there was nothing left to do" in job.summary
    assert job.steps["Say that it begins"].outcome is Outcome.SKIPPED


def test_by_hand_and_on_a_push_it_is_a_whole_apply_as_ever(centre: Centre) -> None:
    """Nothing but the schedule leaves the review out: what began by itself is refused with the rest."""
    event = centre.commit_to_main(_surge(_HOUR))
    for each in (event, centre.dispatched()):
        job = centre.run("apply", each)
        assert job.steps["Apply"].code == 5
        assert "plan-unreviewed" in job.steps["Apply"].err
    assert centre.writes() == 0


def test_an_old_commit_is_refused_on_a_schedule_too(centre: Centre) -> None:
    """A job that waited must not bring back a surge that was taken out meanwhile."""
    centre.commit_to_main(_surge(_HOUR))
    event = centre.scheduled()
    centre.commit_to_main({SURGE: "overrides: []\n"})
    job = centre.run("apply", event, {})
    assert job.steps["Apply"].code == 5
    assert "commit-old" in job.steps["Apply"].err
    assert centre.writes() == 0
