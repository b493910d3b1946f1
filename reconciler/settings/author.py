"""Who is at work, and from which commit: asked of CI, else of git, for the record of a run."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Where each CI system says who started it, and at which commit; the first that is set counts, each for itself.
_WHO_VARIABLES = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_REQUESTEDFOR",  # Azure Pipelines
    "BUILD_USER_ID",  # Jenkins, by its build user plugin
    "BUILD_USER",
    "CIRCLE_USERNAME",
    "BUILDKITE_BUILD_CREATOR_EMAIL",
    "BUILDKITE_BUILD_CREATOR",
    "DRONE_COMMIT_AUTHOR",
)
_COMMIT_VARIABLES = (
    "GITHUB_SHA",
    "CI_COMMIT_SHA",  # GitLab
    "BUILD_SOURCEVERSION",  # Azure Pipelines
    "GIT_COMMIT",  # Jenkins
    "CIRCLE_SHA1",
    "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
    "DRONE_COMMIT_SHA",
)
_LOGIN_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")
# What git needs to find itself and its owner's configuration; the credential of the tenant is not for it.
_PASSED_ON = (
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
)
# No questions; no writing, and so no hooks; no fetching of what a partial clone lacks, by any protocol.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "none", "LC_ALL": "C"}
# What a repository's own configuration could make `git status` run; and a bare repository is no place for files, but
# could come with them in a pull request.
_DISARMED = ("core.fsmonitor=false", "safe.bareRepository=explicit")
_ASKED = r"^(user\.email|filter\..*\.(clean|process|required))$"
_TIMEOUT_S = 2.0
_LONGEST = 200
_COMMIT_LINE = "# branch.oid "
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Author:
    """Who started a run, and the commit of the files it applies; both empty where nobody says.

    `commit` ends in `-dirty` where the files differ from it.
    """

    who: str
    commit: str


def read_author(environ: Mapping[str, str], cwd: Path) -> Author:
    """Ask CI's variables, then the git repository around the folder `cwd`, then who is logged in. Never raises."""
    who = _first(environ, _WHO_VARIABLES)
    commit = _first(environ, _COMMIT_VARIABLES)
    git = None if who and commit else Git.find(environ, cwd)
    configured = git.configuration() if git else None
    if git and configured is not None:
        who = who or _tidy(configured.get("user.email", ""))
        commit = commit or git.commit(configured)
    return Author(who or _first(environ, _LOGIN_VARIABLES), commit)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((word for name in names if (word := _tidy(environ.get(name, "")))), "")


def _tidy(word: str) -> str:
    return "".join(char for char in word[: 4 * _LONGEST] if char.isprintable()).strip()[:_LONGEST]


@dataclass(frozen=True, slots=True)
class Git:
    """A git that is asked a few questions about one folder, and can run nothing else for it."""

    program: str
    environ: Mapping[str, str]
    folder: Path

    @classmethod
    def find(cls, environ: Mapping[str, str], folder: Path) -> "Git | None":
        """Find it; None where there is none."""
        program = shutil.which("git", path=environ.get("PATH", os.defpath))
        if program is None or not Path(program).is_absolute():
            return None
        passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
        return cls(program, passed_on | _QUIET, folder)

    def configuration(self) -> dict[str, str] | None:
        """Read the owner's address, and the names of the filters that git would run; None where git does not answer."""
        answer = self.ask({}, "config", "--null", "--get-regexp", _ASKED)
        if answer is None:
            return None
        return {name: value for name, _, value in (entry.partition("\n") for entry in answer.split("\0")) if name}

    def commit(self, configured: Mapping[str, str]) -> str:
        """Give the commit that is checked out, and whether the folder differs from it; empty where that is unknown."""
        lines = (self.status(configured) or "").splitlines()
        commits = [line.removeprefix(_COMMIT_LINE) for line in lines if line.startswith(_COMMIT_LINE)]
        if not commits or not _COMMIT.fullmatch(commits[0]):
            return ""
        return commits[0] + ("-dirty" if any(not line.startswith("#") for line in lines) else "")

    def status(self, configured: Mapping[str, str]) -> str | None:
        """Ask how the folder stands to its commit and its upstream, in git's own lines; None where it does not answer.

        The filters that are `configured` are emptied, so that none of them runs.
        """
        filters = [name for name in configured if name.startswith("filter.")]
        emptied = {"GIT_CONFIG_COUNT": f"{len(filters)}"}
        for number, name in enumerate(filters):
            emptied |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": ""}
        question = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=all")
        return self.ask(emptied, *question, "--", ".")

    def ask(self, settings: Mapping[str, str], *question: str) -> str | None:
        """Run git; None where it is slow or fails, nothing where it found nothing (exit code 1)."""
        options = [part for setting in _DISARMED for part in ("-c", setting)]
        try:
            done = subprocess.run(  # noqa: S603 - the words are ours, and there is no shell
                [self.program, "-C", str(self.folder), *options, *question],
                env={**self.environ, **settings},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return done.stdout.decode("utf-8", "replace") if done.returncode in {0, 1} else None
