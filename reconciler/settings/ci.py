"""What a CI system says of the job it runs: repository, pull request, commit, and where a summary goes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.secret import Secret

_OWNER_AND_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_PROJECT = re.compile(r"[0-9]+|[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_LARGEST_EVENT = 25_000_000  # GitHub's own limit for a webhook's payload


class Host(StrEnum):
    """Where the repository is hosted, and so which API comments go through."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Job:
    """One job of CI, or a person's machine that was told as much; what nobody said is empty or None.

    `api_url` is the root of the host's API, without a slash at its end. `repository` is `owner/name` on GitHub, the
    project's number or path on GitLab. `number` is that of the pull request; `commit` is its head, or what was pushed
    to `branch`; `default_branch` is the one that others are merged into. `run` names the job of CI and is a number.
    `is_fork`: the pull request comes from another repository, so there is no secret. `is_scheduled`: the time started
    it, not what somebody did. `summary` is the file that the
    host shows as the summary of the step, `files_url` what stands before a file's path in the address of its page at
    that commit.
    """

    host: Host
    api_url: str
    repository: str
    token: Secret | None = None
    number: int | None = None
    commit: str = ""
    branch: str = ""
    default_branch: str = ""
    run: str = ""
    run_url: str = ""
    is_fork: bool = False
    is_scheduled: bool = False
    summary: Path | None = None
    files_url: str = ""


def read_job(environ: Mapping[str, str], repository: str | None = None, number: int | None = None) -> Job:
    """Ask CI's variables; `repository` and `number` win over what they say.

    Raises InvalidInput when the repository is neither given nor said, or has no form that one could have.
    """
    job = _gitlab(environ, repository) if environ.get("GITLAB_CI") else _github(environ, repository)
    form = _PROJECT if job.host is Host.GITLAB else _OWNER_AND_NAME
    if not form.fullmatch(job.repository) or any(part in {".", ".."} for part in job.repository.split("/")):
        message = f"`{job.repository}` is not a repository" if job.repository else "no repository is known here"
        hint = "give --repo OWNER/NAME; in CI it is known by itself"
        raise InvalidInput(Diagnostic("repository", message, hint))
    job = replace(job, files_url=_files_url(environ, job))
    return job if number is None else replace(job, number=number)


def _github(environ: Mapping[str, str], repository: str | None) -> Job:
    said = environ.get("GITHUB_REPOSITORY", "")
    event = _event(environ)
    pull = event.get("pull_request")
    default_branch = _at(event, "repository", "default_branch")
    run = environ.get("GITHUB_RUN_ID", "")
    server = environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    summary = environ.get("GITHUB_STEP_SUMMARY", "")
    job = Job(
        host=Host.GITHUB,
        api_url=environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        repository=repository or said,
        token=_token(environ, "GITHUB_TOKEN", "GH_TOKEN"),
        commit=_commit(environ.get("GITHUB_SHA")),
        default_branch=default_branch if isinstance(default_branch, str) else "",
        run=run if run.isdecimal() else "",
        run_url=f"{server}/{said}/actions/runs/{run}" if said and run.isdecimal() else "",
        is_scheduled=environ.get("GITHUB_EVENT_NAME") == "schedule",
        summary=Path(summary) if summary else None,
    )
    if isinstance(pull, dict):
        head, base = pull.get("head"), pull.get("base")
        return replace(
            job,
            number=_number(pull.get("number")),
            commit=_commit(_at(head, "sha")) or job.commit,
            is_fork=_at(head, "repo", "full_name") != _at(base, "repo", "full_name"),
        )
    is_branch = environ.get("GITHUB_REF", "").startswith("refs/heads/")
    return replace(job, branch=environ.get("GITHUB_REF_NAME", "") if is_branch else "")


def _gitlab(environ: Mapping[str, str], repository: str | None) -> Job:
    source, into = (environ.get(f"CI_MERGE_REQUEST_{which}PROJECT_ID", "") for which in ("SOURCE_", ""))
    run = environ.get("CI_JOB_ID", "")
    return Job(
        host=Host.GITLAB,
        api_url=environ.get("CI_API_V4_URL", "https://gitlab.com/api/v4").rstrip("/"),
        repository=repository or environ.get("CI_PROJECT_ID", ""),
        token=_token(environ, "GITLAB_TOKEN"),
        number=_number(environ.get("CI_MERGE_REQUEST_IID", "")),
        commit=_commit(environ.get("CI_COMMIT_SHA")),
        branch=environ.get("CI_COMMIT_BRANCH", ""),
        default_branch=environ.get("CI_DEFAULT_BRANCH", ""),
        run=run if run.isdecimal() else "",
        run_url=environ.get("CI_JOB_URL", ""),
        is_fork=source != into,
        is_scheduled=environ.get("CI_PIPELINE_SOURCE") == "schedule",
    )


def _files_url(environ: Mapping[str, str], job: Job) -> str:
    if job.host is Host.GITLAB:
        root = environ.get("CI_PROJECT_URL", "").rstrip("/")
        return f"{root}/-/blob/{job.commit}" if root and job.commit else ""
    server, said = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    return f"{server.rstrip('/')}/{said}/blob/{job.commit}" if server and said and job.commit else ""


def _token(environ: Mapping[str, str], *names: str) -> Secret | None:
    return next((Secret(value) for name in names if (value := environ.get(name, "").strip())), None)


def _event(environ: Mapping[str, str]) -> dict[str, object]:
    """Read what happened, as GitHub wrote it down; nothing where there is no such file, or none of its form."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        if not path or Path(path).stat().st_size > _LARGEST_EVENT:
            return {}
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _number(value: object) -> int | None:
    text = f"{value}" if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) if text.isdecimal() and text.isascii() else None


def _commit(value: object) -> str:
    return value if isinstance(value, str) and _COMMIT.fullmatch(value) else ""
