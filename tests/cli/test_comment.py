"""`reconcile comment`, `reviewed` and `issue` as typed: what they refuse, and what they leave without asking a host."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile

FORK = {
    "pull_request": {
        "number": 7,
        "head": {"sha": "b" * 40, "repo": {"full_name": "someone/centre"}},
        "base": {"sha": "a" * 40, "repo": {"full_name": "acme/centre"}},
    }
}


@pytest.fixture
def fork(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job for the pull request of a fork: no token, and a summary."""
    (folder / "event.json").write_text(json.dumps(FORK), encoding="utf-8")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/centre")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(folder / "event.json"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("comment",), "usage"),
        (("comment", "--plan", "missing.json", "--repo", "acme/centre", "--pr", "7"), "plan-file"),
        (("comment", "--plan", "tenant.yaml", "--result", "tenant.yaml"), "repository"),
        (("comment", "--applying", "--repo", "acme", "--pr", "7"), "repository"),
        (("comment", "--applying", "--repo", "acme/centre", "--pr", "7"), "forge-token"),
        (("reviewed",), "repository"),
        (("reviewed", "--repo", "acme/centre"), "forge-token"),
        (("issue", "--plan", "missing.json", "--repo", "acme/centre"), "plan-file"),
        (("issue",), "usage"),
        (("apply", "--yes", "--newest"), "repository"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_sent(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], code: str
) -> None:
    """A name mistyped by hand must not become a comment that no plan could be made."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    Path("tenant.yaml").write_text("not json", encoding="utf-8")
    ended = reconcile(*args)
    assert ended.code == 3
    assert f"error[{code}]" in ended.err
    assert "hint: " in ended.err


def test_a_fork_reads_in_the_summary_why_there_is_no_plan(reconcile: Reconcile, example: Path, fork: Path) -> None:
    assert example.is_dir()
    assert reconcile("--report", "report.json", "validate").code == 0
    ended = reconcile("comment", "--result", "report.json")
    assert ended.code == 0
    assert "fork" in ended.err
    assert "The files are valid" in (fork / "summary.md").read_text(encoding="utf-8")


def test_errors_become_annotations_at_their_lines_ten_at_most(
    reconcile: Reconcile, example: Path, fork: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub shows ten, and says nothing of the others."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    lines = "".join(f"  agent{number}: {{skills: {{Billing: 400}}}}\n" for number in range(25))
    (example / "agents" / "retention.yaml").write_text(f"agents:\n{lines}", encoding="utf-8")
    assert reconcile("--report", "report.json", "validate").code == 3
    ended = reconcile("comment", "--result", "report.json")
    assert ended.code == 0
    shown = ended.out.splitlines()
    assert len(shown) == 10
    assert shown[0].startswith("::error file=desired-state/agents/retention.yaml,line=2,col=")
    assert "16 more errors" in shown[-1]
    summary = (fork / "summary.md").read_text(encoding="utf-8")
    assert "No plan could be made" in summary
    assert "retention.yaml:26" in summary


def test_a_plan_of_a_damaged_file_is_no_plan(reconcile: Reconcile, example: Path, fork: Path) -> None:
    """Beside a result too: what is there must be what it says it is."""
    assert example.is_dir()
    assert fork.is_dir()
    Path("plan.json").write_text("{}", encoding="utf-8")
    assert reconcile("--report", "report.json", "validate").code == 0
    ended = reconcile("comment", "--plan", "plan.json", "--result", "report.json")
    assert ended.code == 3
    assert "plan-damaged" in ended.err
