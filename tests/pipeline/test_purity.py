"""Same files and same live state give the same bytes and the same digest, whatever the machine is like."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _plan(folder: Path, **environ: str) -> dict[str, object]:
    """Plan in a process of its own, and leave out the one thing that moves with time."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("CXONE_", "RECONCILE_"))}
    settings |= {"PYTHONPATH": str(ROOT), "RECONCILE_STATE_DIR": str(folder / "state"), **environ}
    command = [sys.executable, "-m", "reconciler", "plan", "--format", "json"]
    ended = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=True)
    document: dict[str, object] = json.loads(ended.stdout)
    del document["created_at"]
    return document


@pytest.fixture(scope="module")
def as_shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The example in a folder, and its plan."""
    folder = tmp_path_factory.mktemp("as-shipped")
    shutil.copytree(ROOT / "desired-state", folder / "desired-state")
    return folder, _plan(folder)


@pytest.mark.real
@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"RECONCILE_STATE_DIR": "/proc/nowhere"},
    ],
    ids=" ".join,
)
def test_the_machine_does_not_matter(as_shipped: tuple[Path, dict[str, object]], environ: dict[str, str]) -> None:
    """Nor does a state folder that cannot be had, but for the embedded tenant, which lives there."""
    folder, plan = as_shipped
    if "RECONCILE_STATE_DIR" in environ:
        with pytest.raises(subprocess.CalledProcessError) as caught:
            _plan(folder, **environ)
        assert caught.value.returncode == 3
        assert "error[state-folder]" in caught.value.stderr
    else:
        assert _plan(folder, **environ) == plan


def _with_crlf(files: list[Path]) -> None:
    for file in files:
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))


def _touched(files: list[Path]) -> None:
    """Give the folder another order: files made anew, the last first."""
    for file in reversed(files):
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data)


@pytest.mark.real
@pytest.mark.parametrize("change", [_with_crlf, _touched], ids=["CRLF and a BOM", "another order"])
def test_how_the_files_came_there_does_not_matter(
    tmp_path: Path, as_shipped: tuple[Path, dict[str, object]], change: Callable[[list[Path]], None]
) -> None:
    _, plan = as_shipped
    shutil.copytree(ROOT / "desired-state", tmp_path / "desired-state")
    change(sorted((tmp_path / "desired-state").rglob("*.yaml")))
    assert _plan(tmp_path) == plan
