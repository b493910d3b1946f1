"""How the files stand to git, asked of real repositories, and what a hostile one can make of being asked."""

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.plan.checkup.facts import Checkout
from reconciler.settings import read_checkout

ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


def _git(folder: Path, *words: str) -> str:
    author = ("-c", "user.email=ana@example.com", "-c", "user.name=Ana")
    command = ["git", "-C", str(folder), *author, *words]
    return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone, level with its upstream."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    _git(tmp_path, "init", "-q", "-b", "main", str(origin))
    (origin / "desired-state").mkdir()
    (origin / "desired-state" / "agents.yaml").write_text("agents: {}\n")
    (origin / ".gitignore").write_text(".reconcile/\n")
    _git(origin, "add", ".")
    _git(origin, "commit", "-q", "-m", "first")
    _git(tmp_path, "clone", "-q", str(origin), str(clone))
    return clone


def _read(repository: Path, state: str = ".reconcile") -> Checkout | None:
    return read_checkout(ENVIRON, repository / "desired-state", repository / state)


def _commit(folder: Path, title: str) -> None:
    _git(folder, "commit", "-q", "--allow-empty", "-m", title)


def test_a_clone_that_is_level(repository: Path) -> None:
    commit = _git(repository, "rev-parse", "HEAD")
    assert _read(repository) == Checkout(commit, "main", "origin/main", 0, 0, 0, is_state_ignored=True)


def test_ahead_and_behind_as_far_as_known_here(repository: Path) -> None:
    """Nothing is fetched: what others pushed shows once somebody fetched it."""
    _commit(repository, "ours")
    origin = repository.parent / "origin"
    _commit(origin, "theirs")
    _commit(origin, "theirs too")
    before = _read(repository)
    _git(repository, "fetch", "-q")
    after = _read(repository)
    assert before
    assert after
    assert ((before.ahead, before.behind), (after.ahead, after.behind)) == ((1, 0), (1, 2))


def test_changed_and_new_files_below_the_folder_count(repository: Path) -> None:
    (repository / "desired-state" / "agents.yaml").write_text("changed\n")
    (repository / "desired-state" / "new.yaml").write_text("new\n")
    (repository / "beside").write_text("beside\n")
    found = _read(repository)
    assert found
    assert found.changed == 2


def test_without_a_branch_or_an_upstream(repository: Path) -> None:
    _git(repository, "checkout", "-q", "--detach")
    found = _read(repository)
    assert found
    assert (found.branch, found.upstream) == ("", "")


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    (tmp_path / "desired-state").mkdir()
    _git(tmp_path, "init", "-q", "-b", "main")
    found = _read(tmp_path)
    assert found == Checkout("", "main", "", 0, 0, 0, is_state_ignored=False)


@pytest.mark.parametrize(("state", "ignored"), [(".reconcile", True), ("state", False), ("../elsewhere", None)])
def test_whether_the_state_folder_is_ignored(repository: Path, state: str, *, ignored: bool | None) -> None:
    """Outside the checkout nobody could commit it."""
    found = _read(repository, state)
    assert found
    assert found.is_state_ignored is ignored


def test_no_checkout_and_no_git(tmp_path: Path, repository: Path) -> None:
    assert _read(tmp_path / "nowhere") is None
    assert read_checkout({"PATH": str(tmp_path)}, repository, repository) is None
    assert read_checkout(ENVIRON, tmp_path / "not-there", tmp_path) is None


def test_a_hostile_repository_runs_nothing(repository: Path) -> None:
    """Neither its file watcher, nor a filter, nor a hook, nor a pager."""
    trap = repository / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {repository}/sprung\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "core.pager", "core.sshCommand"):
        _git(repository, "config", key, str(trap))
    (repository / ".git" / "hooks" / "post-index-change").write_bytes(trap.read_bytes())
    (repository / ".git" / "hooks" / "post-index-change").chmod(0o755)
    (repository / "desired-state" / ".gitattributes").write_text("* filter=x\n")
    (repository / "desired-state" / "agents.yaml").write_text("changed\n")
    assert _read(repository)
    assert not (repository / "sprung").exists()
