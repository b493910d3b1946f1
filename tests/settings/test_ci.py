"""What CI says of its job is read from its variables and its event, and from nowhere in the repository."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InvalidInput
from reconciler.settings import Host, read_job

SHA, HEAD = "a" * 40, "b" * 40
PUSHED = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/centre",
    "GITHUB_SHA": SHA,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_TOKEN": "a-token",
}


def pull_request(tmp_path: Path, head: object = "acme/centre", **more: object) -> dict[str, str]:
    """Give the variables of a job for a pull request, with its event on the disk."""
    event = {
        "number": 7,
        "pull_request": {
            "number": 7,
            "head": {"sha": HEAD, "repo": None if head is None else {"full_name": head}},
            "base": {"sha": SHA, "repo": {"full_name": "acme/centre"}},
        }
        | more,
    }
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    said = {"GITHUB_EVENT_PATH": str(path), "GITHUB_REF": "refs/pull/7/merge", "GITHUB_REF_NAME": "7/merge"}
    return PUSHED | said


def test_a_push_is_a_branch_and_no_pull_request() -> None:
    job = read_job(PUSHED)
    assert (job.host, job.repository, job.number, job.branch, job.commit) == (
        Host.GITHUB,
        "acme/centre",
        None,
        "main",
        SHA,
    )
    assert (job.run, job.run_url) == ("4711", "https://github.com/acme/centre/actions/runs/4711")
    assert job.api_url == "https://api.github.com"


def test_what_a_schedule_started_is_known() -> None:
    assert not read_job(PUSHED | {"GITHUB_EVENT_NAME": "push"}).is_scheduled
    assert read_job(PUSHED | {"GITHUB_EVENT_NAME": "schedule"}).is_scheduled
    assert not read_job(GITLAB | {"CI_PIPELINE_SOURCE": "push"}).is_scheduled
    assert read_job(GITLAB | {"CI_PIPELINE_SOURCE": "schedule"}).is_scheduled


def test_the_default_branch_is_known_by_the_event(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text('{"repository": {"default_branch": "main"}}', encoding="utf-8")
    assert read_job(PUSHED | {"GITHUB_EVENT_PATH": str(path)}).default_branch == "main"
    assert read_job(GITLAB | {"CI_DEFAULT_BRANCH": "main"}).default_branch == "main"


def test_a_tag_is_no_branch() -> None:
    """What is applied is the newest commit of a branch."""
    assert not read_job(PUSHED | {"GITHUB_REF": "refs/tags/main"}).branch


def test_a_pull_request_is_known_by_its_event(tmp_path: Path) -> None:
    """The commit is its head, which people see; what is checked out is a merge that nobody knows."""
    job = read_job(pull_request(tmp_path))
    assert (job.number, job.commit, job.branch, job.is_fork) == (7, HEAD, "", False)


@pytest.mark.parametrize("head", ["someone/centre", None])
def test_a_fork_is_told_from_a_branch(tmp_path: Path, head: object) -> None:
    """A fork that was deleted meanwhile is a fork too."""
    assert read_job(pull_request(tmp_path, head)).is_fork


def test_an_enterprise_server_has_its_own_address() -> None:
    said = {"GITHUB_API_URL": "https://git.acme.example/api/v3/", "GITHUB_SERVER_URL": "https://git.acme.example"}
    job = read_job(PUSHED | said)
    assert job.api_url == "https://git.acme.example/api/v3"
    assert job.run_url == "https://git.acme.example/acme/centre/actions/runs/4711"
    assert job.files_url == f"https://git.acme.example/acme/centre/blob/{SHA}"


def test_the_command_line_wins() -> None:
    job = read_job(PUSHED, "other/place", 9)
    assert (job.repository, job.number) == ("other/place", 9)


GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.acme.example/api/v4",
    "CI_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
    "CI_COMMIT_SHA": SHA,
    "CI_JOB_ID": "99",
    "CI_PROJECT_URL": "https://gitlab.acme.example/acme/centre",
    "CI_JOB_URL": "https://gitlab.acme.example/acme/centre/-/jobs/99",
    "GITLAB_TOKEN": "a-token",
}


def test_gitlab_says_the_same_in_other_words() -> None:
    job = read_job(GITLAB)
    assert (job.host, job.repository, job.number, job.commit, job.run) == (Host.GITLAB, "42", 7, SHA, "99")
    assert job.files_url == f"https://gitlab.acme.example/acme/centre/-/blob/{SHA}"
    assert not job.is_fork
    assert read_job(GITLAB | {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "43"}).is_fork


def test_a_token_never_shows() -> None:
    assert "a-token" not in f"{read_job(PUSHED)!r}{read_job(GITLAB)!r}"


@pytest.mark.parametrize("said", ["", "acme", "acme/../secrets", "a/b/c", "acme/centre?x=1", "../x", "acme/cen tre"])
def test_what_is_no_repository_is_refused(said: str) -> None:
    """It becomes part of an address."""
    with pytest.raises(InvalidInput):
        read_job(PUSHED | {"GITHUB_REPOSITORY": said})


EVENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["pull_request", "number", "head", "base", "repo", "sha"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(EVENTS, st.booleans())
def test_an_odd_event_is_no_pull_request_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory, event: object, is_broken: bool
) -> None:
    """Whatever the file holds, the number is a number, and the commit one."""
    path = tmp_path_factory.mktemp("event") / "event.json"
    text = json.dumps(event)
    path.write_text(text[: len(text) // 2] if is_broken else text, encoding="utf-8")
    said: Mapping[str, str] = PUSHED | {"GITHUB_EVENT_PATH": str(path)}
    job = read_job(said)
    assert job.number is None or job.number >= 0
    assert job.commit == SHA
