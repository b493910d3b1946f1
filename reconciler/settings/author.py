"""Who is at work, and from which commit: asked of CI, else of git, for the record of a run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.settings.git import Git

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
        commit = commit or _commit(git, configured)
    return Author(who or _first(environ, _LOGIN_VARIABLES), commit)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((word for name in names if (word := _tidy(environ.get(name, "")))), "")


def _tidy(word: str) -> str:
    return "".join(char for char in word[: 4 * _LONGEST] if char.isprintable()).strip()[:_LONGEST]


def _commit(git: Git, configured: Mapping[str, str]) -> str:
    """Give the commit that is checked out, and whether the folder differs from it; empty where that is unknown."""
    lines = (git.status(configured) or "").splitlines()
    commits = [line.removeprefix(_COMMIT_LINE) for line in lines if line.startswith(_COMMIT_LINE)]
    if not commits or not _COMMIT.fullmatch(commits[0]):
        return ""
    return commits[0] + ("-dirty" if any(not line.startswith("#") for line in lines) else "")
