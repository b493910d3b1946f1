"""What must be true of the workflows however they run; the linters of `.ci/workflows` say the rest."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.scaffold import repository_files
from tests.workflows.actions import ROOT

WORKFLOWS = tuple(sorted((ROOT / ".github" / "workflows").glob("*.yml")))
Node = dict[str, Any]


def _read(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _jobs(path: Path) -> list[Node]:
    return list(_read(path)["jobs"].values())


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> Path:
    """Each workflow."""
    path: Path = request.param
    return path


def test_nothing_is_granted_to_all_jobs_and_each_names_what_it_needs(workflow: Path) -> None:
    assert _read(workflow)["permissions"] == {}
    assert all(job["permissions"]["contents"] == "read" for job in _jobs(workflow))


def test_a_pull_request_never_runs_with_the_rights_of_main(workflow: Path) -> None:
    """`pull_request_target` and `workflow_run` give a fork's code a token that writes."""
    assert not _read(workflow)[True].keys() & {"pull_request_target", "workflow_run"}


def test_every_action_is_pinned_by_commit(workflow: Path) -> None:
    steps = [step for job in _jobs(workflow) for step in job["steps"] if "uses" in step]
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
    assert all(step["uses"] == "./.reconcile-tool" or pinned.fullmatch(step["uses"]) for step in steps)


def test_a_secret_is_given_to_the_one_step_that_needs_it(workflow: Path) -> None:
    """Not to the job, nor to a step that runs somebody else's code; and to no job that a fork can start."""
    for job in _jobs(workflow):
        holders = [step for step in job["steps"] if "secrets." in str(step)]
        assert all("run" in step and step["name"] in {"Plan", "Apply"} for step in holders)
        assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})
        assert not holders or "environment" in job


def test_an_apply_is_never_cut_short_and_hears_signals() -> None:
    """Bash does not hand a signal on to what it runs: the shell has to become the command."""
    path = ROOT / ".github" / "workflows" / "apply.yml"
    assert _read(path)["concurrency"]["cancel-in-progress"] is False
    (job,) = _jobs(path)
    (step,) = (step for step in job["steps"] if step.get("name") == "Apply")
    assert step["run"].splitlines()[-1].startswith("exec reconcile ")


@pytest.mark.parametrize("name", ["plan", "apply", "drift"])
def test_what_init_writes_calls_them_as_they_want_to_be_called(name: str, tmp_path: Path) -> None:
    """A call that grants less than a job asks for, or hands on what nobody declared, does not even start."""
    written = {
        each.path.name: each.text for each in repository_files(tmp_path, "desired-state", f"tools/it@{'0' * 40}")
    }
    (call,) = yaml.safe_load(written[f"{name}.yml"])["jobs"].values()
    called = ROOT / ".github" / "workflows" / f"{name}.yml"
    assert call["uses"] == f"tools/it/.github/workflows/{name}.yml@{'0' * 40}"
    granted = {scope: level for job in _jobs(called) for scope, level in sorted(job["permissions"].items())}
    assert call["permissions"] == granted
    declared = _read(called)[True]["workflow_call"]
    assert call["with"].keys() <= declared["inputs"].keys()
    assert call["secrets"].keys() == declared["secrets"].keys()


def test_what_a_person_types_reaches_a_command_by_its_environment_alone() -> None:
    """An override is for the one step that applies; a text inside a script would be run."""
    path = ROOT / ".github" / "workflows" / "apply.yml"
    triggers = _read(path)[True]
    assert (
        triggers["workflow_dispatch"]["inputs"].keys()
        == {"digest", "allow"}
        <= triggers["workflow_call"]["inputs"].keys()
    )
    (job,) = _jobs(path)
    assert all("${{" not in step.get("run", "") for step in job["steps"])
    (holder,) = (step for step in job["steps"] if "inputs.allow" in str(step))
    assert (holder["name"], holder["env"]["RECONCILE_ALLOW"]) == ("Apply", "${{ inputs.allow }}")
    assert "allow" not in str({key: value for key, value in job.items() if key != "steps"})


def test_what_apply_downloads_is_what_plan_uploads() -> None:
    names = {
        step["with"]["name"]
        for name in ("plan", "apply")
        for job in _jobs(ROOT / ".github" / "workflows" / f"{name}.yml")
        for step in job["steps"]
        if "-artifact@" in step.get("uses", "")
        and step["name"] in {"Keep the plan", "Fetch the plan that was reviewed"}
    }
    assert len(names) == 1
