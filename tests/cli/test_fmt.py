"""`reconcile fmt`: all files or none, only those that change, and never another meaning."""

import os
import shutil
from pathlib import Path

import pytest

from reconciler.desired import Loaded
from reconciler.desired.writing.layout import folder as layout_folder
from reconciler.desired.writing.layout.formatting import format_bytes
from tests.cli.conftest import EXAMPLE, Reconcile
from tests.cli.test_pull import contents

FILE = "agents/retention.yaml"


@pytest.fixture
def untidy(example: Path) -> Path:
    """Give the shipped example with two files that are not in canonical layout."""
    for name in (FILE, "profiles.yaml"):
        text = (example / name).read_text(encoding="utf-8")
        (example / name).write_text(text.replace("    skills:", "    'skills':"), encoding="utf-8")
    return example


def test_the_shipped_example_is_canonical(reconcile: Reconcile, example: Path) -> None:
    before = contents(example)
    for _ in range(2):
        ended = reconcile("fmt", "--check")
        assert (ended.code, ended.out, ended.err) == (0, "", "")
    ended = reconcile("fmt")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert contents(example) == before


def test_check_names_what_would_change_and_writes_nothing(reconcile: Reconcile, untidy: Path) -> None:
    before = contents(untidy)
    ended = reconcile("fmt", "--check")
    assert (ended.code, ended.out) == (2, f"desired-state/{FILE}\ndesired-state/profiles.yaml\n")
    assert contents(untidy) == before


def test_only_what_changes_is_written_and_keeps_its_mode(reconcile: Reconcile, untidy: Path) -> None:
    (untidy / FILE).chmod(0o640)
    others = {path: path.stat().st_mtime_ns for path in untidy.rglob("*.yaml")}
    ended = reconcile("fmt")
    assert (ended.code, ended.out, ended.err) == (0, f"desired-state/{FILE}\ndesired-state/profiles.yaml\n", "")
    assert contents(untidy) == contents(EXAMPLE)
    assert (untidy / FILE).stat().st_mode & 0o777 == 0o640
    written = {path for path, before in others.items() if path.stat().st_mtime_ns != before}
    assert written == {untidy / FILE, untidy / "profiles.yaml"}
    assert reconcile("fmt", "--check").code == 0


@pytest.mark.parametrize("path", [FILE, "agents", f"agents/../{FILE}"])
def test_paths_narrow(reconcile: Reconcile, untidy: Path, path: str) -> None:
    ended = reconcile("fmt", f"desired-state/{path}")
    assert (ended.code, ended.out) == (0, f"desired-state/{FILE}\n")
    assert reconcile("fmt", "--check").out == "desired-state/profiles.yaml\n"
    assert "'skills':" in (untidy / "profiles.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["nowhere.yaml", "desired-state/agents/x.yaml", "/", ".."])
def test_a_path_without_a_file_of_ours_is_an_error(reconcile: Reconcile, untidy: Path, path: str) -> None:
    (untidy.parent / "nowhere.yaml").touch()
    ended = reconcile("fmt", "desired-state", path)
    if path in {"/", ".."}:
        assert ended.code == 0
    else:
        assert (ended.code, ended.out) == (3, "")
        assert f"error[fmt-path]: {path}: no file of desired state is there\n  hint: " in ended.err
        assert "'skills':" in (untidy / FILE).read_text(encoding="utf-8")


def test_a_fault_anywhere_leaves_every_file_as_it_is(reconcile: Reconcile, untidy: Path) -> None:
    (untidy / "agents" / "sales-americas.yaml").write_text(
        "agents: {a@x: {skills: {A: 101, B: x}}}\n", encoding="utf-8"
    )
    before = contents(untidy)
    ended = reconcile("fmt", f"desired-state/{FILE}")
    assert (ended.code, ended.out) == (3, "")
    assert "desired-state/agents/sales-americas.yaml:1:28: error[proficiency-range]" in ended.err
    assert "desired-state/agents/sales-americas.yaml:1:36: error[proficiency-type]" in ended.err
    assert contents(untidy) == before


def test_a_difference_is_shown_without_what_a_terminal_obeys(reconcile: Reconcile, example: Path) -> None:
    text = (example / FILE).read_text(encoding="utf-8")
    (example / FILE).write_bytes(text.replace("    skills:", "    'skills':").replace("\n", "\r\n", 1).encode())
    ended = reconcile("fmt", "--check", "--diff")
    assert ended.code == 2
    assert ended.out.startswith(f"--- desired-state/{FILE} (as it is)\n+++ desired-state/{FILE} (canonical)\n@@ -1,")
    assert "\n-    'skills':" in ended.out
    assert "\n+    skills:" in ended.out
    assert "\\u{d}\n" in ended.out
    assert "\r" not in ended.out
    only = reconcile("fmt", "--diff")
    assert (only.code, only.out) == (0, ended.out)
    assert "'skills':" in (example / FILE).read_text(encoding="utf-8")
    assert reconcile("fmt").code == 0
    assert (example / FILE).read_text(encoding="utf-8") == text


def test_a_file_that_would_say_something_else_is_refused(
    reconcile: Reconcile, untidy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof is the loader's: whatever the layout did wrong, no file is touched."""

    def wrong(data: bytes, *rest: object, **named: object) -> bytes | None:
        formatted = format_bytes(data, *rest, **named)  # type: ignore[arg-type] # passed on
        return formatted and formatted.replace(b": 60", b": 61")

    monkeypatch.setattr(layout_folder, "format_bytes", wrong)
    before = contents(untidy)
    ended = reconcile("fmt")
    assert (ended.code, ended.out) == (1, "")
    assert "error[fmt-meaning]: the files would not say the same afterwards; no file was changed, of: " in ended.err
    assert contents(untidy) == before


def test_what_changes_meanwhile_is_not_written_over(
    reconcile: Reconcile, untidy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = layout_folder.format_tenants

    def slow(root: Path, loaded: Loaded, *rest: object) -> object:
        found = honest(root, loaded, *rest)  # type: ignore[arg-type] # passed on
        (untidy / FILE).write_text("# somebody else was here\n", encoding="utf-8")
        return found

    monkeypatch.setattr("reconciler.desired.writing.layout.format_tenants", slow)
    ended = reconcile("fmt")
    assert (ended.code, ended.out) == (1, "")
    assert f"error[fmt-changed]: desired-state/{FILE} changed in the meantime; nothing was written" in ended.err
    assert "'skills':" in (untidy / "profiles.yaml").read_text(encoding="utf-8")


def test_where_one_cannot_be_written_none_is(
    reconcile: Reconcile, untidy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the second file."""
    honest = Path.replace

    def full(self: Path, place: Path) -> Path:
        if place.name == "profiles.yaml":
            raise OSError(28, os.strerror(28))
        return honest(self, place)

    monkeypatch.setattr(Path, "replace", full)
    before = contents(untidy)
    ended = reconcile("fmt")
    assert (ended.code, ended.out) == (1, "")
    assert "error[fmt-file]: desired-state/profiles.yaml cannot be written: No space left on device" in ended.err
    assert contents(untidy) == before


def test_several_tenants_or_one(reconcile: Reconcile, untidy: Path) -> None:
    """A tenant without a name of its own keeps that of its folder while it is proved."""
    for name in ("one", "two"):
        shutil.copytree(untidy, untidy / name, ignore=shutil.ignore_patterns("one", "two"))
    for path in list(untidy.iterdir()):
        if path.name not in {"one", "two"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in ("one", "two"):
        text = (untidy / name / "tenant.yaml").read_text(encoding="utf-8")
        lines = (line for line in text.splitlines(keepends=True) if not line.startswith("  name:"))
        (untidy / name / "tenant.yaml").write_text("".join(lines), encoding="utf-8")
    ended = reconcile("--tenant", "two", "fmt")
    assert (ended.code, ended.out) == (0, f"desired-state/two/{FILE}\ndesired-state/two/profiles.yaml\n")
    assert reconcile("fmt", "--check").out == f"desired-state/one/{FILE}\ndesired-state/one/profiles.yaml\n"
