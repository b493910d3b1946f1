"""An old job must not undo a later merge: only the newest commit of its branch is applied."""

import asyncio
from dataclasses import replace

import pytest

from reconciler.errors import InvalidInput, Refused
from reconciler.publish.newest import require_newest
from reconciler.settings import Job
from tests.conftest import VirtualClock
from tests.emulated import EmulatedGitHub
from tests.publish.hosts import Recorded, github_job, work


def judged(github: EmulatedGitHub, job: Job, clock: VirtualClock) -> None:
    """Ask the host whether this job is the newest."""
    work(replace(job, api_url=github.url), Recorded(), clock, lambda forge: require_newest(forge, job))


@pytest.mark.real
def test_the_newest_commit_passes_and_an_older_one_does_not(
    github: EmulatedGitHub, repository: str, clock: VirtualClock
) -> None:
    """The merge of the first pull request is old as soon as a second one is merged."""
    first = github.merge(repository, github.new_pull_request(repository, "one"))
    job = replace(github_job(github.url, repository, github.token("dev")), branch="main", commit=first)
    judged(github, job, clock)
    second = github.merge(repository, github.new_pull_request(repository, "two"))
    with pytest.raises(Refused) as caught:
        judged(github, job, clock)
    (said,) = caught.value.diagnostics
    assert said.code == "commit-old"
    assert first[:12] in said.message
    assert second[:12] in (said.hint or "")
    judged(github, replace(job, commit=second), clock)


def test_what_was_merged_into_another_branch_is_not_applied() -> None:
    """It was reviewed for that branch; whoever starts the job there by hand is told."""
    job = replace(github_job(), branch="feature", default_branch="main", commit="a" * 40)
    unasked: object = None
    with pytest.raises(Refused) as caught:
        asyncio.run(require_newest(unasked, job))  # type: ignore[arg-type] # it is not asked
    assert [each.code for each in caught.value.diagnostics] == ["branch-other"]


@pytest.mark.parametrize("missing", [{"branch": ""}, {"commit": ""}])
def test_where_nobody_says_which_commit_nothing_passes(missing: dict[str, str]) -> None:
    """A guard that is asked for and cannot judge refuses."""
    job = replace(github_job(), branch="main", commit="a" * 40)
    unasked: object = None
    with pytest.raises(InvalidInput):
        asyncio.run(require_newest(unasked, replace(job, **missing)))  # type: ignore[arg-type] # it is not asked
