"""`reconcile runs` shows the past whatever state the files and the network are in."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler.apply.journal import Journal
from reconciler.cli.app import app
from reconciler.plan.record import RunHead, RunKind, RunState
from tests.cli.conftest import Ended, Reconcile, Served
from tests.conftest import VirtualClock

TENANT = "acme-demo"


@pytest.fixture
def applied(reconcile: Reconcile, example: Path) -> list[str]:
    """Apply, change the files, apply again; give the names of the two runs, the newer first."""
    assert reconcile("apply", "--yes", "--agent", "ana.silva@example.com").code == 0
    assert reconcile("apply", "--yes").code == 0
    assert example.is_dir()
    return sorted((path.stem for path in Path("state/runs").iterdir()), key=_started, reverse=True)


def _started(run: str) -> str:
    """Two runs within one second are told apart by their heads."""
    first = Path(f"state/runs/{run}.jsonl").read_text(encoding="ascii").splitlines()[0]
    return str(json.loads(first)["started_at"])


def _listed(ended: Ended) -> list[str]:
    assert ended.code == 0, ended.err
    return [run["run"] for run in json.loads(ended.out)["runs"]]


@pytest.mark.usefixtures("folder")
def test_an_empty_list_says_so_and_where_it_looked(reconcile: Reconcile) -> None:
    """There need not even be a folder of desired state."""
    folder = Path(os.environ["RECONCILE_STATE_DIR"]) / "runs"
    assert reconcile("runs") == Ended(0, f"no run is recorded in `{folder}`.\n", "")
    assert reconcile("--tenant", "x", "runs").out == f"no run of tenant `x` is recorded in `{folder}`.\n"
    assert json.loads(reconcile("runs", "--format", "json").out) == {"format_version": 1, "runs": []}
    ended = reconcile("runs", "last")
    assert (ended.code, ended.out) == (3, "")
    assert "error[run-unknown]" in ended.err
    assert str(folder) in ended.err


def test_runs_are_listed_newest_first_and_no_more_than_asked_for(reconcile: Reconcile, applied: list[str]) -> None:
    assert _listed(reconcile("runs", "--format", "json")) == applied
    assert _listed(reconcile("runs", "--format", "json", "--limit", "1")) == applied[:1]
    heads = [line.split() for line in reconcile("runs").out.splitlines()[1::2]]
    assert [(words[0], words[3:]) for words in heads] == [
        (applied[0], ["apply", "complete", "9/9"]),
        (applied[1], ["apply", "complete", "1/1"]),
    ]


def test_one_run_is_found_by_its_name_its_beginning_or_as_the_last(reconcile: Reconcile, applied: list[str]) -> None:
    first = reconcile("runs", applied[1])
    assert first.code == 0
    assert "applied ana.silva@example.com, Billing EMEA\n    Spanish  40 -> 60\n" in first.out
    assert reconcile("runs", applied[1][:-1]).out == first.out
    last = reconcile("runs", "last")
    assert last.out == reconcile("runs", applied[0]).out
    assert last.out.startswith(f"{applied[0]}: apply of {TENANT}, every agent as planned\n")


def test_a_name_that_means_no_run_or_two_is_an_error_that_lists_them(reconcile: Reconcile, applied: list[str]) -> None:
    for name in ("20200101", "20", "../runs", "/", "*", ""):
        ended = reconcile("runs", name)
        assert (ended.code, ended.out) == (3, ""), name
        assert "error[run-unknown]" in ended.err
        assert all(run in ended.err for run in applied)


@pytest.mark.usefixtures("applied")
def test_a_tenant_narrows_the_list_and_the_search(reconcile: Reconcile) -> None:
    everything = reconcile("runs").out
    assert reconcile("--tenant", TENANT, "runs").out == everything
    assert reconcile("--tenant", "other", "runs").out.startswith("no run of tenant `other` ")
    assert reconcile("--tenant", "other", "runs", "last").code == 3
    assert reconcile("--tenant", TENANT, "runs", "last").out == reconcile("runs", "last").out


@pytest.mark.usefixtures("folder")
def test_without_a_tenant_a_run_is_found_whosever_it_is(reconcile: Reconcile) -> None:
    """And `last` is the newest of all."""
    for second, tenant in enumerate(("one", "two", "one")):
        head = RunHead(f"2026112{second}-a", RunKind.APPLY, tenant, "", datetime(2026, 11, 20 + second, tzinfo=UTC))
        journal = Journal.create(Path("state/runs"), head, clock=VirtualClock())
        journal.end(RunState.COMPLETE)
        journal.close()
    heads = {name: reconcile("runs", name).out.splitlines()[0] for name in ("20261120", "20261121", "last")}
    assert heads == {
        "20261120": "20261120-a: apply of one, every agent as planned",
        "20261121": "20261121-a: apply of two, every agent as planned",
        "last": "20261122-a: apply of one, every agent as planned",
    }
    assert reconcile("--tenant", "two", "runs", "last").out.startswith(heads["20261121"])
    assert _listed(reconcile("--tenant", "one", "runs", "--format", "json")) == ["20261122-a", "20261120-a"]


def test_broken_files_do_not_hide_the_past(reconcile: Reconcile, example: Path, applied: list[str]) -> None:
    (example / "tenant.yaml").write_text("tenant: [", encoding="utf-8")
    assert reconcile("plan").code == 3
    assert _listed(reconcile("runs", "--format", "json")) == applied
    assert reconcile("runs", "last").code == 0


def test_nothing_is_asked_of_the_tenant(reconcile: Reconcile, served: Served) -> None:
    assert reconcile("apply", "--yes", "--agent", "ana.silva@example.com").code == 0
    served.app.requests.clear()
    assert reconcile("runs").code == reconcile("runs", "last").code == 0
    assert served.app.requests == []


def test_an_edited_journal_is_shown_as_damaged(reconcile: Reconcile, applied: list[str]) -> None:
    """With the line, in the list and in detail; what stands before it is still shown."""
    path = Path(os.environ["RECONCILE_STATE_DIR"]) / "runs" / f"{applied[1]}.jsonl"
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    edited = next(number for number, line in enumerate(lines) if '"type":"outcome"' in line)
    lines[edited] = lines[edited].replace('"applied"', '"failed"')
    path.write_text("".join(lines), encoding="ascii")
    assert f"damaged: line {edited + 1} of " in reconcile("runs").out
    shown = reconcile("runs", applied[1]).out
    assert f"damaged: line {edited + 1} of " in shown
    assert "in doubt ana.silva@example.com" in shown
    assert "  ? Spanish  40 -> 60" in shown


def test_files_that_are_no_journals_end_nothing(reconcile: Reconcile, applied: list[str]) -> None:
    """Foreign, empty, torn, a folder, a pipe: each is listed as damaged or passed over."""
    runs = Path(os.environ["RECONCILE_STATE_DIR"]) / "runs"
    for name, data in {"nonsense": b"\xff{[\x00\n\n", "empty": b"", "torn": b'{"type":"head"'}.items():
        (runs / f"{name}.jsonl").write_bytes(data)
    (runs / "folder.jsonl").mkdir()
    os.mkfifo(runs / "pipe.jsonl")
    listed = _listed(reconcile("runs", "--format", "json"))
    assert [run for run in listed if run in applied] == applied
    assert "nonsense" in listed
    for name in ("nonsense", "empty", "torn", "folder", "pipe", applied[0]):
        ended = reconcile("runs", name)
        assert (ended.code, "error[surprise]" in ended.err) in ((0, False), (3, False)), name


def test_a_run_is_completed_from_the_journals(applied: list[str]) -> None:
    shell = ShellComplete(app, {}, "reconcile", "_RECONCILE_COMPLETE")
    found = [item.value for item in shell.get_completions(["runs"], "20")]
    assert set(applied) <= set(found)
