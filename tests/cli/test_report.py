"""`--report FILE` says how a command ended, in whatever way it did; it changes nothing of what the command does."""

from pathlib import Path

import pytest

from reconciler.render.plan_json import read_plan
from reconciler.render.report import Report, read_report
from tests.cli.conftest import Reconcile, Served

FILE = "report.json"


def report() -> Report:
    """Read the report of the last command."""
    return read_report(Path(FILE).read_bytes(), FILE)


def test_an_apply_reports_its_outcome(reconcile: Reconcile, example: Path) -> None:
    assert example.is_dir()
    ended = reconcile("--report", FILE, "apply", "--yes", "--format", "json")
    assert ended.code == 0
    said = report()
    assert (said.command, said.exit_code) == ("apply", 0)
    assert said.outcome is not None
    assert len(said.outcome.agents) == 10


def test_invalid_files_are_reported_with_their_places(reconcile: Reconcile, example: Path) -> None:
    """From where the command was started: that is where CI looks for a file."""
    (example / "agents" / "billing-emea.yaml").write_text("agents: {ana: {skills: {Billing: 400}}}\n", encoding="utf-8")
    for command in (("validate", "--format", "github"), ("plan",), ("apply", "--yes")):
        assert reconcile("--report", FILE, *command).code == 3
        (found,) = report().diagnostics
        assert (report().command, report().exit_code, found.code) == (command[0], 3, "proficiency-range")
        assert f"{found.position}".startswith("desired-state/agents/billing-emea.yaml:1:")


def test_both_places_of_a_message_are_given_from_there(reconcile: Reconcile, example: Path) -> None:
    """On the screen, in every format, and in the report."""
    text = "agents: {ana.silva@example.com: {skills: {Billing: 40}}}\n"
    (example / "twice.yaml").write_text(text, encoding="utf-8")
    first = "first at desired-state/agents/billing-emea.yaml:7:3"
    for command in (("validate",), ("validate", "--format", "json"), ("validate", "--format", "github"), ("plan",)):
        ended = reconcile("--report", FILE, *command)
        assert first in ended.out + ended.err
        (found,) = report().diagnostics
        assert first in found.message


def test_every_refusal_is_reported(reconcile: Reconcile, example: Path) -> None:
    """Usage, settings, a refusal: the report has the code and the words of each."""
    assert example.is_dir()
    for code, name, args in (
        (3, "usage", ("plan", "--bad")),
        (5, "not-confirmed", ("apply",)),
        (5, "plan-unexpected", ("apply", "--yes", "--expect", "sha256:0")),
        (5, "plan-unreviewed", ("apply", "--yes", "--expect", "")),
    ):
        ended = reconcile("--report", FILE, *args)
        assert ended.code == report().exit_code == code, ended.err
        assert [each.code for each in report().diagnostics] == [name]


def test_a_report_from_before_is_not_taken_for_this_one(reconcile: Reconcile, example: Path) -> None:
    """Whoever is killed leaves none."""
    assert example.is_dir()
    Path(FILE).write_text("old", encoding="utf-8")
    assert reconcile("--report", FILE, "plan").code == 0
    assert report().command == "plan"


def test_a_place_that_takes_no_file_is_refused_before_anything_is_done(reconcile: Reconcile, served: Served) -> None:
    ended = reconcile("--report", "missing/report.json", "apply", "--yes")
    assert ended.code == 3
    assert "missing/report.json" in ended.err
    assert served.app.requests == []


def test_a_disk_that_takes_no_report_stops_no_apply(reconcile: Reconcile, example: Path) -> None:
    """P19: what is written to the tenant does not hang on a report."""
    assert example.is_dir()
    # The file is written under a longer name first, which no disk takes; to root no folder is shut.
    ended = reconcile("--report", "r" * 250, "apply", "--yes")
    assert ended.code == 1
    assert "Apply complete!" in ended.out
    assert reconcile("plan", "--detailed-exitcode").code == 0


def test_the_fresh_plan_is_kept_even_when_it_is_refused(reconcile: Reconcile, example: Path) -> None:
    """Who has to review it now can see it."""
    assert example.is_dir()
    assert reconcile("apply", "--yes", "--expect", "sha256:0", "--out", "fresh.json").code == 5
    fresh = read_plan(Path("fresh.json").read_bytes(), "fresh.json").plan
    assert reconcile("apply", "--yes", "--expect", fresh.digest).code == 0


def test_a_fresh_plan_that_cannot_be_kept_stops_no_apply(reconcile: Reconcile, example: Path) -> None:
    """P19; the exit code tells."""
    assert example.is_dir()
    ended = reconcile("apply", "--yes", "--out", "missing/fresh.json")
    assert ended.code == 1
    assert "out-file" in ended.err
    assert "Apply complete!" in ended.out


def test_what_was_reviewed_goes_with_its_digest(reconcile: Reconcile, example: Path) -> None:
    assert example.is_dir()
    assert reconcile("plan", "--out", "plan.json").code == 0
    ended = reconcile("apply", "--yes", "--reviewed", "plan.json")
    assert ended.code == 3
    assert "--expect" in ended.err


def test_no_secret_is_in_a_report(reconcile: Reconcile, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """P6."""
    assert served.url
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "s3cret-s3cret-s3cret")
    assert reconcile("--report", FILE, "plan").code == 4
    assert "s3cret" not in Path(FILE).read_text(encoding="utf-8")
    assert report().exit_code == 4
