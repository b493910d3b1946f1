"""Who is at work, and at which commit: asked of CI and git, without letting a repository run anything."""

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.settings import Author, read_author
from reconciler.settings import git as module

ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], env=ENVIRON, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and in it the folder of desired state."""
    repository = tmp_path / "repository"
    (repository / "desired-state").mkdir(parents=True)
    (repository / "desired-state" / "agents.yaml").write_text("agents: {}\n")
    (repository / "README.md").write_text("hello\n")
    _git(repository.parent, "init", "-q", str(repository))
    _git(repository, "config", "user.email", "ana@example.com")
    _git(repository, "config", "user.name", "Ana")
    _git(repository, "add", ".")
    _git(repository, "commit", "-q", "-m", "first")
    return repository


def _read(repository: Path, **environ: str) -> Author:
    return read_author(ENVIRON | environ, repository / "desired-state")


def test_git_says_who_and_which_commit(repository: Path) -> None:
    assert _read(repository) == Author("ana@example.com", _git(repository, "rev-parse", "HEAD"))


@pytest.mark.parametrize("file", ["agents.yaml", "new.yaml"])
def test_a_folder_that_differs_from_its_commit_is_dirty(repository: Path, file: str) -> None:
    """A changed file and a new one alike; what lies beside the folder is not applied, so it does not count."""
    (repository / "README.md").write_text("changed\n")
    (repository / "beside.txt").write_text("new\n")
    assert not _read(repository).commit.endswith("-dirty")
    (repository / "desired-state" / file).write_text("agents: {bo: {}}\n")
    assert _read(repository).commit == _git(repository, "rev-parse", "HEAD") + "-dirty"


@pytest.mark.parametrize(
    ("environ", "author"),
    [
        ({"GITHUB_ACTOR": "octo", "GITHUB_SHA": "a" * 40}, Author("octo", "a" * 40)),
        ({"GITLAB_USER_LOGIN": "lab", "CI_COMMIT_SHA": "b" * 40}, Author("lab", "b" * 40)),
        ({"BUILD_USER": "Jen Kins", "GIT_COMMIT": "c" * 40}, Author("Jen Kins", "c" * 40)),
        ({"GITHUB_ACTOR": "octo", "GITHUB_SHA": "a" * 40, "USER": "root"}, Author("octo", "a" * 40)),
    ],
)
def test_ci_is_believed_before_git(repository: Path, environ: dict[str, str], author: Author) -> None:
    assert _read(repository, **environ) == author


def test_what_ci_does_not_say_git_adds(repository: Path) -> None:
    head = _git(repository, "rev-parse", "HEAD")
    assert _read(repository, GITHUB_ACTOR="octo") == Author("octo", head)
    assert _read(repository, CI_COMMIT_SHA="b" * 40) == Author("ana@example.com", "b" * 40)


def test_where_neither_says_who_is_logged_in_counts(tmp_path: Path) -> None:
    assert read_author(ENVIRON | {"USER": "bo"}, tmp_path) == Author("bo", "")
    assert read_author(ENVIRON | {"LOGNAME": "cy", "USER": "bo"}, tmp_path) == Author("cy", "")
    assert read_author({}, tmp_path / "missing") == Author("", "")


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q", ".")
    assert read_author(ENVIRON, tmp_path).commit == ""


def test_values_are_cut_and_lose_what_a_terminal_would_obey(tmp_path: Path) -> None:
    author = read_author({"GITHUB_ACTOR": "\x1b[31mo\u202ec\nto" + "x" * 5000, "GITHUB_SHA": " \t\n"}, tmp_path)
    assert author == Author(("[31mocto" + "x" * 5000)[:200], "")


def _program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)


@pytest.mark.parametrize(
    "script",
    [
        "exit 128",
        "exit 1",
        "kill -9 $$",
        "head -c 100000 /dev/zero",
        "echo '# branch.oid ../x'",
        "echo '# branch.oid 1234567'; exit 128",
    ],
)
def test_a_git_that_makes_no_sense_gives_nothing(tmp_path: Path, script: str) -> None:
    _program(tmp_path / "bin" / "git", script)
    assert read_author({"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "USER": "bo"}, tmp_path) == Author("bo", "")


def test_a_slow_git_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once is enough: where it does not say what it is configured to run, it is not asked for more."""
    _program(tmp_path / "bin" / "git", "exec sleep 60")
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.2)
    before = time.monotonic()
    assert read_author({"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "USER": "bo"}, tmp_path) == Author("bo", "")
    assert time.monotonic() - before < 5


def test_without_git_there_is_no_commit(repository: Path) -> None:
    assert _read(repository, PATH="/nonexistent", USER="bo") == Author("bo", "")


def test_a_program_of_the_working_folder_is_not_taken_for_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However careless the PATH is."""
    _program(tmp_path / "git", f": > {tmp_path}/ran")
    monkeypatch.chdir(tmp_path)
    assert read_author({"PATH": ".", "USER": "bo"}, tmp_path) == Author("bo", "")
    assert not (tmp_path / "ran").exists()


def test_git_does_not_get_the_credential(tmp_path: Path) -> None:
    _program(tmp_path / "bin" / "git", f"env >> {tmp_path}/environ; exit 1")
    secret = {"CXONE_CLIENT_SECRET": "s3cret-s3cret", "GIT_DIR": "/elsewhere", "LD_PRELOAD": "/x"}
    read_author({"PATH": f"{tmp_path}/bin:/usr/bin:/bin"} | secret, tmp_path)
    seen = (tmp_path / "environ").read_text()
    assert "GIT_OPTIONAL_LOCKS=0" in seen
    assert not any(name in seen for name in secret)


HOSTILE: Mapping[str, tuple[str, ...]] = {
    "fsmonitor": ("core.fsmonitor",),
    "clean filter": ("filter.evil.clean",),
    "process filter": ("filter.evil.process", "filter.evil.required"),
    "filter with an odd name": ("filter.a=b.clean",),
    "pager": ("core.pager", "pager.status", "pager.config"),
    "alias": ("alias.status", "alias.config"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_repository_cannot_make_git_run_a_program(repository: Path, tmp_path: Path, name: str) -> None:
    """Whatever its own configuration says; the commit is told all the same."""
    _program(tmp_path / "evil", f"touch {tmp_path}/ran; cat")
    for key in HOSTILE[name]:
        _git(repository, "config", key, "true" if key.endswith("required") else str(tmp_path / "evil"))
    driver = "a=b" if "odd" in name else "evil"
    (repository / ".git" / "info" / "attributes").write_text(f"*.yaml filter={driver}\n")
    os.utime(repository / "desired-state" / "agents.yaml", (1, 1))  # so that git looks into the file
    assert _read(repository) == Author("ana@example.com", _git(repository, "rev-parse", "HEAD"))
    assert not (tmp_path / "ran").exists()


def test_hooks_do_not_run_and_nothing_is_written(repository: Path, tmp_path: Path) -> None:
    hooks = repository / ".git" / "hooks"
    shutil.rmtree(hooks, ignore_errors=True)
    for hook in ("post-index-change", "fsmonitor-watchman"):
        _program(hooks / hook, f"touch {tmp_path}/ran")
    os.utime(repository / "desired-state" / "agents.yaml", (1, 1))
    index = (repository / ".git" / "index").stat()
    _read(repository)
    assert (repository / ".git" / "index").stat().st_mtime_ns == index.st_mtime_ns
    assert not (tmp_path / "ran").exists()


def test_what_a_partial_clone_lacks_is_not_fetched(repository: Path, tmp_path: Path) -> None:
    """Its configuration says with which program, and may allow itself any protocol; no commit is the honest answer."""
    _program(tmp_path / "evil", f"touch {tmp_path}/ran; exit 1")
    tree = _git(repository, "rev-parse", "HEAD^{tree}")
    (repository / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"file://{repository}",
        "remote.origin.uploadpack": f"{tmp_path}/evil",
        "protocol.allow": "always",
        "protocol.file.allow": "always",
    }.items():
        _git(repository, "config", key, value)
    assert _read(repository) == Author("ana@example.com", "")
    assert not (tmp_path / "ran").exists()


def test_a_bare_repository_among_the_files_is_not_asked(repository: Path, tmp_path: Path) -> None:
    """It could come with a pull request, and its configuration with it."""
    _program(tmp_path / "evil", f"touch {tmp_path}/ran")
    desired = repository / "desired-state"
    _git(tmp_path, "init", "-q", "--bare", str(tmp_path / "bare"))
    shutil.copytree(tmp_path / "bare", desired, dirs_exist_ok=True)
    with (desired / "config").open("a") as file:
        file.write(f"[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = {tmp_path}/evil\n[user]\n\temail = evil@x\n")
    assert _read(repository, USER="bo").who != "evil@x"
    assert not (tmp_path / "ran").exists()
