"""The files around desired state: put down over nothing, calling what there is to call, from the right commit."""

import json
import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest
import yaml

from reconciler.cli import scaffold
from reconciler.errors import ReconcileError
from tests.cli.conftest import Reconcile
from tests.cli.test_init import TOOL, files_below

WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"


def test_a_file_that_is_half_written_is_taken_away(folder: Path) -> None:
    file = scaffold.NewFile(folder / "x", "a\ud800b")  # which no file can hold
    with pytest.raises(UnicodeEncodeError):
        scaffold.place([file])
    assert files_below(folder) == set()


def test_a_tenants_file_that_appears_meanwhile_is_not_written_over(folder: Path) -> None:
    """While somebody answers questions, anything may happen."""
    (folder / "x").write_text("mine", encoding="utf-8")
    kept = scaffold.place([scaffold.NewFile(folder / "x", "ours")])
    assert (kept.written, kept.kept) == ((), (folder / "x",))
    with pytest.raises(ReconcileError, match="File exists"):
        scaffold.place([scaffold.NewFile(folder / "x", "ours", must_be_new=True)])
    assert (folder / "x").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["plan", "apply", "drift"])
def test_the_workflows_fit_those_that_they_call(reconcile: Reconcile, folder: Path, name: str) -> None:
    """Every input and secret is known there, and what its jobs may do, the caller grants, and no more."""
    reconcile("init", "--api", "simulator", "--all", "--tool", TOOL)
    text = (folder / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    caller = yaml.safe_load(text)
    called = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))
    (job,) = caller["jobs"].values()
    assert job["uses"] == TOOL.replace("@", f"/.github/workflows/{name}.yml@")
    takes = called[True]["workflow_call"]  # YAML 1.1 reads the key `on` as true
    assert job["with"].keys() <= takes["inputs"].keys()
    assert job["secrets"].keys() == takes["secrets"].keys()
    needed = {scope: access for each in called["jobs"].values() for scope, access in each["permissions"].items()}
    assert job["permissions"] == needed
    assert caller["permissions"] == {}
    assert len(text.splitlines()) <= 20


def test_a_schedule_applies_once_somebody_lets_its_line_count(folder: Path) -> None:
    """Until there are overrides a job every quarter of an hour would run for nothing."""
    written = {each.path.stem: each.text for each in scaffold.repository_files(folder, "desired-state", TOOL)}
    assert "schedule" not in yaml.safe_load(written["apply"])[True]
    counting = yaml.safe_load(written["apply"].replace("  # schedule:", "  schedule:"))[True]
    assert counting["schedule"] == [{"cron": "7,22,37,52 * * * *"}]


@pytest.mark.parametrize(
    ("document", "tool"),
    [
        ({"url": "https://github.com/acme/reconciler.git"}, TOOL),
        ({"url": "https://github.com/acme/reconciler"}, TOOL),
        ({"url": "ssh://git@github.example.com/acme/reconciler.git"}, TOOL),
        ({"url": "https://user:hidden@github.com/acme/reconciler"}, TOOL),
        ({"url": "https://github.com/acme/group/reconciler"}, None),
        ({"url": "https://github.com/acme/reconciler", "vcs_info": {"commit_id": "main"}}, None),
        ({"url": "https://github.com/acme/reconciler", "vcs_info": None}, None),
        ({"url": "file:///home/ana/reconciler", "vcs_info": {}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_tool_is_found_where_it_was_installed_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch, document: dict[str, object] | None, tool: str | None
) -> None:
    """As installers record it (PEP 610): a commit, or nothing."""
    info = folder / f"{scaffold.DISTRIBUTION.replace('-', '_')}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {scaffold.DISTRIBUTION}\nVersion: 1\n", encoding="utf-8")
    if document is not None:
        whole = {"vcs_info": {"vcs": "git", "commit_id": "0a" * 20}} | document if document else []
        (info / "direct_url.json").write_text(json.dumps(whole), encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    assert Distribution.from_name(scaffold.DISTRIBUTION).version == "1"
    assert scaffold.installed_tool() == tool
