"""The pipelines of the pages: they keep to their schemas, and the one for GitLab does what its page says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.scaffold import repository_files
from reconciler.simulator import Assignment
from tests.cli.conftest import Served
from tests.docs.hosted import TOKEN, GitLab, hosted_gitlab
from tests.docs.pages import PAGES, ROOT, Block, blocks_of

_NAME = re.compile(r"# (\.gitlab-ci\.yml|\.github/workflows/\w+\.yml)\n")
_SCHEMAS = {".gitlab-ci.yml": "vendor.gitlab-ci", ".github": "vendor.github-workflows"}
_COMMIT = "0" * 40
_MERGE, _HEAD = "a" * 40, "b" * 40
_LONGEST_S = 60
BLOCKS = [
    (found[1], block) for page in PAGES for block in blocks_of(page, "yaml") if (found := _NAME.match(block.text))
]


def _filled(block: Block) -> str:
    """Fill in what the reader fills in."""
    return block.text.replace("COMMIT", _COMMIT) if ".github" in block.text else block.text


@pytest.mark.parametrize("start", _SCHEMAS)
def test_every_pipeline_keeps_to_its_schema(start: str, tmp_path: Path) -> None:
    """By the schemas that the checker brings along, so no network is asked."""
    files = [tmp_path / f"{number}.yml" for number, (name, _) in enumerate(BLOCKS) if name.startswith(start)]
    assert files, "the first line of a block says which file it is"
    for number, (_, block) in enumerate(BLOCKS):
        (tmp_path / f"{number}.yml").write_text(_filled(block), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", _SCHEMAS[start], *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST_S)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_workflows_to_copy_are_those_that_init_writes() -> None:
    written = {
        str(file.path): yaml.safe_load(file.text)
        for file in repository_files(Path(), "desired-state", f"OWNER/NAME@{_COMMIT}")
        if file.path.suffix == ".yml"
    }
    page = ROOT / "docs" / "how-to" / "github.md"
    shown = [(name, yaml.safe_load(_filled(block))) for name, block in BLOCKS if block.page == page]
    assert dict(shown[: len(written)]) == written


def test_a_page_calls_a_workflow_only_with_inputs_that_it_has() -> None:
    called = 0
    for name, block in BLOCKS:
        jobs = yaml.safe_load(_filled(block))["jobs"].values() if name.startswith(".github") else ()
        for job in jobs:
            if found := re.fullmatch(rf"OWNER/NAME/(\S+)@{_COMMIT}", job.get("uses", "")):
                offered = yaml.safe_load((ROOT / found[1]).read_text(encoding="utf-8"))[True]["workflow_call"]
                assert job["with"].keys() <= offered["inputs"].keys()
                assert job["secrets"].keys() == offered["secrets"].keys()
                called += 1
    assert called >= 4


def _pipeline() -> dict[str, Any]:
    (text,) = [block.text for name, block in BLOCKS if name == ".gitlab-ci.yml"]
    pipeline: dict[str, Any] = yaml.safe_load(text)
    return pipeline


class Project:
    """Runs jobs of the page's pipeline as a runner would, each in a checkout of its own."""

    def __init__(self, gitlab: GitLab, served: Served, checkout: Path, folder: Path) -> None:
        self.gitlab, self.tenant = gitlab, served.app.tenant
        self._checkout, self._folder = checkout, folder
        self._jobs = 100
        tool = folder / "bin" / "reconcile"
        tool.parent.mkdir()
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', encoding="utf-8")
        tool.chmod(0o755)

    def run(self, name: str, **variables: str) -> int:
        """Run a job, keep its artifacts, and give the code that its script ended with."""
        job = _pipeline()[name]
        self._jobs += 1
        work = self._folder / f"{self._jobs}"
        shutil.copytree(self._checkout, work / "desired-state")
        environ = {**self._variables(), "CI_JOB_ID": str(self._jobs), **variables}
        code, *_ = [_shell(job[part], work, environ) for part in ("script", "after_script") if part in job]
        if (work / "plan.json").exists() and "plan.json" in job.get("artifacts", {}).get("paths", ()):
            self.gitlab.artifacts[str(self._jobs)] = (work / "plan.json").read_bytes()
        if name == "plan" and not code:
            assert "report.html" in job["artifacts"]["paths"]
            assert (work / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        for report in job.get("artifacts", {}).get("reports", {}).values():
            assert json.loads((work / report).read_bytes()).keys() == {"create", "update", "delete"}
        return code

    def review(self) -> int:
        """Run the plan of a merge request."""
        into = {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "42"}
        return self.run("plan", CI_COMMIT_SHA=_HEAD, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="42", **into)

    def merge(self, digest: str = "", allow: str = "") -> int:
        """Run the apply of the commit that the merge made."""
        self.gitlab.tip = _MERGE
        given = {"DIGEST": digest, "RECONCILE_ALLOW": allow}
        assert given.keys() <= _pipeline()["variables"].keys()
        return self.run("apply", CI_COMMIT_SHA=_MERGE, CI_COMMIT_BRANCH="main", **given)

    def forbid(self, policy: str) -> None:
        """Write a policy into the files."""
        path = self._checkout / "tenant.yaml"
        path.write_text(f"{path.read_text(encoding='utf-8')}policies: {{{policy}}}\n", encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        """Put one more file beside the others."""
        (self._checkout / file).write_text(text, encoding="utf-8")

    def comment(self) -> str:
        """Give the one comment that there is."""
        (note,) = self.gitlab.notes
        return str(note["body"])

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith("CXONE_")}
        return {
            **kept,
            "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.gitlab.url,
            "CI_PROJECT_ID": "42",
            "GITLAB_TOKEN": TOKEN,
        }


def _shell(lines: list[str], folder: Path, environ: dict[str, str]) -> int:
    command = ["bash", "-eo", "pipefail", "-c", "\n".join(lines)]
    return subprocess.run(command, cwd=folder, env=environ, check=False, timeout=_LONGEST_S).returncode


@pytest.fixture
def project(served: Served, example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose tenant is served, and differs from its files as shipped."""
    with hosted_gitlab() as gitlab:
        yield Project(gitlab, served, example, tmp_path_factory.mktemp("runner"))


@pytest.mark.real
def test_on_gitlab_a_reviewed_plan_is_applied_once_it_is_merged(project: Project) -> None:
    """Merge request, comment, merge, the plan fetched from the job that made it, apply, the same comment; no drift."""
    assert project.review() == 0
    assert "**Ready**" in project.comment()
    somebody = project.tenant.agent_named("ana.silva@example.com")
    project.tenant.edit_skills(somebody.id, {project.tenant.skill_named("Spanish").id: Assignment(60)})
    assert project.merge() == 0
    assert "**Applied 9 of 9 agents**" in project.comment()
    assert project.run("drift", CI_COMMIT_SHA=_MERGE, CI_COMMIT_BRANCH="main") == 0
    assert project.gitlab.issues == []


@pytest.mark.real
def test_on_gitlab_what_nobody_reviewed_is_refused_until_somebody_gives_its_digest(project: Project) -> None:
    assert project.review() == 0
    somebody = project.tenant.agent_named("bo.ito@example.com")
    project.tenant.edit_skills(somebody.id, {project.tenant.skill_named("Fraud").id: Assignment(30)})
    assert project.merge() == 5
    assert project.tenant.commits[-1].agent_id == somebody.id
    fresh = re.search(r"with the digest `(sha256:\w+)`", project.comment())
    assert fresh
    assert project.merge(fresh[1]) == 0
    assert "**Applied 11 of 11 agents**" in project.comment()


@pytest.mark.real
def test_on_gitlab_what_a_policy_blocks_is_applied_once_somebody_allows_its_code(project: Project) -> None:
    project.forbid("max_agents_changed: 1")
    assert project.review() == 0
    assert project.merge() == 5
    assert project.tenant.commits == []
    way = re.search(r"with the digest `(sha256:\w+)`, and `([^`]*)` to allow", project.comment())
    assert way
    assert project.merge(way[1], "max-agent-changed") == 3
    assert project.merge(way[1], way[2]) == 0
    assert "**Applied 10 of 10 agents**" in project.comment()


@pytest.mark.real
def test_on_gitlab_a_schedule_applies_what_began_and_nothing_else(project: Project) -> None:
    """No note is written, and drift on the same agent stays."""
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    somebody = project.tenant.agent_named("ana.silva@example.com")
    before = dict(somebody.skills)
    project.write("surge.yaml", f"overrides: [{{until: {until}, agents: [{somebody.email}], skills: {{Sales: 33}}}}]\n")
    project.gitlab.tip = _MERGE
    scheduled = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_SHA": _MERGE, "CI_COMMIT_BRANCH": "main"}
    for _ in range(2):
        assert project.run("timed", TIMED="1", **scheduled) == 0
    assert [commit.agent_id for commit in project.tenant.commits] == [somebody.id]
    sales = project.tenant.skill_named("Sales").id
    assert project.tenant.agents[somebody.id].skills == {**before, sales: Assignment(33)}
    assert project.gitlab.notes == []


@pytest.mark.real
def test_on_gitlab_drift_becomes_an_issue(project: Project) -> None:
    assert project.run("drift", CI_COMMIT_SHA=_MERGE, CI_COMMIT_BRANCH="main") == 0
    (issue,) = project.gitlab.issues
    assert issue["title"] == "Drift on acme-demo"
