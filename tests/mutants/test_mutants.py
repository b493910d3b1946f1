"""Whatever is broken on purpose is noticed: else the tests of the promises prove nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.mutant import STORM, STORM_UNVERSIONED, SWARM, Mutant
from tests.mutants.table import MUTANTS

_ROOT = Path(__file__).resolve().parents[2]
_MOST = "200"
_SIMULATIONS = (SWARM, STORM, STORM_UNVERSIONED)
_BROKEN = 1


def _copy(folder: Path, mutant: Mutant | None) -> Path:
    """Put the package, broken, into `folder`, with the tests and the example beside it, as they are."""
    shutil.copytree(_ROOT / "reconciler", folder / "reconciler", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests", "desired-state"):
        (folder / name).symlink_to(_ROOT / name)
    shutil.copy(_ROOT / "pyproject.toml", folder)
    if mutant is not None:
        path = folder / "reconciler" / mutant.file
        path.write_text(path.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
    return folder


def _run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *args]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=110, check=False)


def _judge(folder: Path, mutant: Mutant) -> subprocess.CompletedProcess[str]:
    if mutant.judge in _SIMULATIONS:
        return _run(folder, "tests.mutants.judge", mutant.judge, mutant.promise, _MOST, mutant.family)
    return _run(folder, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"tests/{mutant.judge}")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_broken_variant_is_noticed(tmp_path: Path, mutant: Mutant) -> None:
    """By a broken promise, or a red test: a crash would notice nothing."""
    source = (_ROOT / "reconciler" / mutant.file).read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, "the table is out of date"
    done = _judge(_copy(tmp_path, mutant), mutant)
    assert done.returncode == _BROKEN, (
        f"{mutant.promise} was not seen to break: {done.stdout[-3000:]}{done.stderr[-2000:]}"
    )
    # A red test, not one that could not even be collected.
    assert f": {mutant.promise}: " in done.stdout or " failed" in done.stdout.splitlines()[-1], done.stdout[-3000:]


@pytest.mark.parametrize("kind", _SIMULATIONS)
def test_what_is_not_broken_passes_the_same_judge(tmp_path: Path, kind: str) -> None:
    """In the same copy, by the same commands."""
    done = _run(_copy(tmp_path, None), "tests.mutants.judge", kind, "", "20", "")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_test_that_judges_passes_when_nothing_is_broken(tmp_path: Path) -> None:
    judges = [f"tests/{mutant.judge}" for mutant in MUTANTS if mutant.judge not in _SIMULATIONS]
    done = _run(_copy(tmp_path, None), "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *judges)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_enough_of_them_and_every_promise_that_a_log_shows_has_one() -> None:
    from tests.simulation.checker import PROMISES  # noqa: PLC0415 - only this test needs it

    assert len(MUTANTS) >= 20
    named = {promise for mutant in MUTANTS for promise in mutant.promise.split(", ")}
    assert {promise for promises in PROMISES for promise in promises.split(", ")} <= named
