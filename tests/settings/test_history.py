"""Which commit wrote a line: asked of real small repositories, which cannot make git run or write anything."""

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from reconciler.model.commits import Commit, History
from reconciler.settings import history as module
from reconciler.settings import read_history

ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
FILE = "agents.yaml"


def _git(folder: Path, *words: str, **environ: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], env=ENVIRON | environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _commit(folder: Path, subject: str, author: str = "Ana Silva", day: str = "2026-11-03") -> str:
    _git(folder, "add", ".")
    environ = {f"GIT_{whose}_DATE": f"{day}T23:30:00-05:00" for whose in ("AUTHOR", "COMMITTER")}
    _git(folder, "commit", "-q", "-m", subject, f"--author={author} <a@example.com>", **environ)
    return _git(folder, "rev-parse", "HEAD")


@pytest.fixture
def desired(tmp_path: Path) -> Path:
    """A repository with one commit, and in it the folder of desired state with a file of three lines."""
    folder = tmp_path / "repository" / "desired-state"
    folder.mkdir(parents=True)
    _git(folder, "init", "-q", "..")
    _git(folder, "config", "user.email", "ana@example.com")
    _git(folder, "config", "user.name", "Ana")
    (folder / FILE).write_text("one: 1\ntwo: 2\nthree: 3\n")
    _commit(folder, "First")
    return folder


def _read(desired: Path, *lines: int, file: str = FILE, **environ: str) -> History:
    return read_history(ENVIRON | environ, desired, [(file, line) for line in lines], lambda: 0.0)


def test_each_line_has_the_commit_that_last_wrote_it(desired: Path) -> None:
    """With the day where its author was."""
    first = _git(desired, "rev-parse", "HEAD")
    (desired / FILE).write_text("one: 1\ntwo: 20\nthree: 3\n")
    second = _commit(desired, 'Say "two"', "Bo Ito", "2026-11-04")
    ana = Commit(first, "Ana Silva", date(2026, 11, 3), "First")
    bo = Commit(second, "Bo Ito", date(2026, 11, 4), 'Say "two"')
    assert _read(desired, 3, 2, 1, 2) == History({(FILE, 1): ana, (FILE, 2): bo, (FILE, 3): ana})


def test_what_is_not_committed_says_so(desired: Path) -> None:
    """A changed line, a file that nobody added, and a file that waits to be committed."""
    (desired / FILE).write_text("one: 1\ntwo: changed\nthree: 3\n")
    (desired / "new.yaml").write_text("new: 1\n")
    assert _read(desired, 2) == History({(FILE, 2): None})
    assert _read(desired, 1).commits[FILE, 1] is not None
    assert _read(desired, 1, file="new.yaml") == History({("new.yaml", 1): None})
    _git(desired, "add", ".")
    assert _read(desired, 1, file="new.yaml") == History({("new.yaml", 1): None})


def test_a_repository_without_a_commit_has_committed_nothing(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q", ".")
    (tmp_path / FILE).write_text("one: 1\n")
    assert _read(tmp_path, 1) == History({(FILE, 1): None})


def test_a_renamed_file_keeps_its_history(desired: Path) -> None:
    first = _git(desired, "rev-parse", "HEAD")
    (desired / "teams").mkdir()
    _git(desired, "mv", FILE, "teams/billing.yaml")
    _commit(desired, "Move", day="2026-11-05")
    found = _read(desired, 1, file="teams/billing.yaml").commits["teams/billing.yaml", 1]
    assert found is not None
    assert found.id == first


def test_a_link_is_followed_as_the_files_are(desired: Path) -> None:
    (desired / "linked.yaml").symlink_to(FILE)
    found = _read(desired, 3, file="linked.yaml").commits["linked.yaml", 3]
    assert found is not None
    assert found.subject == "First"


def test_where_a_shallow_clone_ends_another_commit_may_be_meant(desired: Path, tmp_path: Path) -> None:
    """And only there: in a whole one the first commit is the first, and newer ones are told as they are."""
    (desired / FILE).write_text("one: 1\ntwo: 20\nthree: 3\n")
    _commit(desired, "Second")
    (desired / FILE).write_text("one: 1\ntwo: 20\nthree: 30\n")
    _commit(desired, "Third")
    clone = tmp_path / "clone"
    _git(tmp_path, "clone", "-q", "--depth", "2", f"file://{desired.parent}", str(clone))
    commits = _read(clone / "desired-state", 1, 2, 3).commits
    told = [(each.subject, each.may_be_earlier) for each in commits.values() if each]
    assert told == [("Second", True), ("Second", True), ("Third", False)]
    whole = [each.may_be_earlier for each in _read(desired, 1, 2, 3).commits.values() if each]
    assert whole == [False, False, False]


def test_odd_authors_and_subjects_come_as_they_are_but_cut(desired: Path) -> None:
    """Whoever shows them escapes them; nothing in them is taken for a fact of the commit."""
    (desired / FILE).write_text("one: 10\ntwo: 2\nthree: 3\n")
    _commit(desired, "\x1b[31mauthor-time 5\u202e" + "x" * 500, "boundary \x1b]0;evil\x07!")
    found = _read(desired, 1).commits[FILE, 1]
    assert found is not None
    assert (found.author, found.date) == ("boundary \x1b]0;evil\x07!", date(2026, 11, 3))
    assert found.subject.startswith("\x1b[31mauthor-time 5\u202ex")
    assert len(found.subject) == 200
    assert not found.may_be_earlier


def test_without_git_or_a_checkout_there_is_a_gap_and_why(desired: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / FILE).write_text("one: 1\n")
    assert _read(desired, 1, PATH="/nonexistent") == History(gap="there is no git here")
    outside = _read(tmp_path / "plain", 1)
    gap = f"git knows of no checkout at `{tmp_path / 'plain'}`, or does not trust it"
    assert outside == History(gap=gap, hint=f"git -C {tmp_path / 'plain'} status says why")
    assert _read(desired, 99).gap == f"git does not answer for `{FILE}`"
    assert _read(desired) == History()


def test_time_and_files_are_bounded(desired: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        (desired / f"{number}.yaml").write_text("one: 1\n")
    lines = [(f"{number}.yaml", 1) for number in range(4)]
    ticks = iter(range(0, 100, 4))
    slow = read_history(ENVIRON, desired, lines, lambda: float(next(ticks)))
    assert (len(slow.commits), slow.gap) == (2, "git was not asked about all files: they are many, or it is slow")
    monkeypatch.setattr(module, "_MOST_FILES", 3)
    assert len(read_history(ENVIRON, desired, lines, lambda: 0.0).commits) == 3


def test_of_many_lines_the_whole_file_is_asked_about(desired: Path) -> None:
    """More than fit into a command line; lines that nobody asked for are left out all the same."""
    (desired / FILE).write_text("".join(f"k{number}: 1\n" for number in range(100_000)))
    _commit(desired, "Many")
    found = _read(desired, *range(2, 100_000)).commits
    assert sorted(found) == [(FILE, line) for line in range(2, 100_000)]
    assert {commit and commit.subject for commit in found.values()} == {"Many"}


def _program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)


@pytest.mark.parametrize("script", ["exit 128", "kill -9 $$", "head -c 100000 /dev/zero", "echo true; echo true"])
def test_a_git_that_makes_no_sense_gives_nothing(desired: Path, tmp_path: Path, script: str) -> None:
    _program(tmp_path / "bin" / "git", script)
    assert not any(_read(desired, 1, PATH=f"{tmp_path}/bin:/usr/bin:/bin").commits.values())


HOSTILE: Mapping[str, Mapping[str, str]] = {
    "fsmonitor": {"core.fsmonitor": "{evil}"},
    "clean filter": {"filter.evil.clean": "{evil}", "filter.evil.required": "true"},
    "process filter": {"filter.evil.process": "{evil}"},
    "textconv": {"diff.evil.textconv": "{evil}", "diff.evil.command": "{evil}", "diff.external": "{evil}"},
    "pager": {"core.pager": "{evil}", "pager.blame": "{evil}"},
    "alias": {"alias.blame": "!{evil}", "alias.rev-parse": "!{evil}"},
    "signature": {"log.showSignature": "true", "gpg.program": "{evil}"},
    "hooks": {"core.hooksPath": "{evil}/.."},
    "root": {"blame.showRoot": "true"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_repository_cannot_make_git_run_a_program(desired: Path, tmp_path: Path, name: str) -> None:
    """Whatever its own configuration says; the commit is told all the same."""
    expected = _read(desired, 1, 2, 3)
    evil = tmp_path / "evil"
    _program(evil, f"touch {tmp_path}/ran; cat $1")
    for key, value in HOSTILE[name].items():
        _git(desired, "config", key, value.format(evil=evil))
    (desired.parent / ".git" / "info" / "attributes").write_text("*.yaml filter=evil diff=evil\n")
    os.utime(desired / FILE, (1, 1))  # so that git looks into the file
    assert _read(desired, 1, 2, 3) == expected
    assert len(expected.commits) == 3
    assert not (tmp_path / "ran").exists()


def test_the_traps_of_these_tests_do_spring(desired: Path, tmp_path: Path) -> None:
    """Asked carelessly, git runs what the repository says."""
    _program(tmp_path / "evil", f"touch {tmp_path}/ran; cat $1")
    (desired.parent / ".git" / "info" / "attributes").write_text("*.yaml diff=evil\n")
    _git(desired, "config", "diff.evil.textconv", f"{tmp_path}/evil")
    _git(desired, "blame", FILE)
    assert (tmp_path / "ran").exists()


def test_nothing_is_written(desired: Path) -> None:
    os.utime(desired / FILE, (1, 1))
    before = _stamps(desired.parent)
    _read(desired, 1)
    assert _stamps(desired.parent) == before


def _stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_bare_repository_among_the_files_is_not_asked(desired: Path, tmp_path: Path) -> None:
    """It could come with a pull request, and its configuration with it."""
    _program(tmp_path / "evil", f"touch {tmp_path}/ran; cat $1")
    _git(tmp_path, "init", "-q", "--bare", str(tmp_path / "bare"))
    shutil.copytree(tmp_path / "bare", desired, dirs_exist_ok=True)
    with (desired / "config").open("a") as file:
        file.write(f"[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = {tmp_path}/evil\n")
    assert not any(_read(desired, 1).commits.values())
    assert not (tmp_path / "ran").exists()
