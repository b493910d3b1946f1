"""A runner of workflows: takes the steps of a job from the YAML, runs what is to be run, and plays the actions.

Whatever a workflow uses that is not known here raises, so that nothing passes by being skipped.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from tests.workflows.actions import ACTIONS, ActionFailedError, Place
from tests.workflows.expressions import Contexts, Functions, as_text, format_text, holds, interpolate

_JOB_KEYS = {"name", "if", "runs-on", "timeout-minutes", "environment", "permissions", "env", "steps"}
_STEP_KEYS = {"name", "id", "if", "run", "uses", "with", "env", "shell", "continue-on-error"}
_SHELLS = {None: ("bash", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}
_COMMAND_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
_LONGEST_STEP_S = 60
Node = dict[str, Any]


class Outcome(StrEnum):
    """How a step ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to the repository; `sha` is the commit that a checkout takes by default."""

    name: str
    payload: Mapping[str, object]
    sha: str
    ref: str
    head_ref: str = ""
    base_ref: str = ""
    actor: str = "dev"


@dataclass(frozen=True, slots=True)
class Hosting:
    """What the host of a repository has for its jobs.

    `environ` is what whoever runs the machines set on them, `secrets` what each environment keeps, `commits` how the
    local git calls a commit of the host.
    """

    folder: Path
    workflows: Path
    repository: str
    api_url: str
    token: str
    environ: dict[str, str]
    secrets: Mapping[str, dict[str, str]]
    commits: dict[str, str] = field(default_factory=dict)
    _under_way: "list[_Job]" = field(default_factory=list)

    def begin(self, job: "_Job") -> None:
        """Hear of a job that begins."""
        self._under_way.append(job)

    def cancel(self) -> None:
        """Do what the button does: the job's shell, and nobody else, gets the signal."""
        self._under_way[-1].cancel()

    @property
    def remote(self) -> Path:
        """The bare repository that checkouts come from."""
        return self.folder / "remote.git"


@dataclass(frozen=True, slots=True)
class Step:
    """How a step ended, and what it said."""

    outcome: Outcome
    out: str = ""
    err: str = ""
    code: int = 0
    is_forgiven: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class JobRun:
    """How a job went: its steps by name, in order, and the summary that a person sees."""

    steps: dict[str, Step] = field(default_factory=dict)
    summary: str = ""

    @property
    def is_red(self) -> bool:
        """Whether a step failed that had to go well."""
        return any(step.outcome is Outcome.FAILURE and not step.is_forgiven for step in self.steps.values())

    @property
    def said(self) -> str:
        """Everything that the steps wrote, to read when a test fails."""
        return "\n".join(f"== {name}: {step.outcome}\n{step.out}{step.err}" for name, step in self.steps.items())


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow. `inputs` are given by a workflow that calls it; None: its own event started it."""

    hosting: Hosting
    workflow: str
    event: Event
    number: int
    attempt: int = 1
    inputs: Mapping[str, str] | None = None

    def play(self) -> dict[str, JobRun]:
        """Run every job whose `if` is met."""
        document: Node = yaml.safe_load((self.hosting.workflows / self.workflow).read_text(encoding="utf-8"))
        triggers = _triggers(document)
        assert ("workflow_call" if self.inputs is not None else self.event.name) in triggers
        inputs = self._inputs(triggers)
        secrets = dict.fromkeys(triggers["workflow_call"]["secrets"], "")
        played = {
            name: _Job(self, name, node, inputs, secrets).play()
            for name, node in document["jobs"].items()
            if holds(node.get("if", "true"), {"github": self.github(), "inputs": inputs}, _status())
        }
        assert played, "no job runs"
        return played

    def github(self) -> dict[str, object]:
        """The context `github`."""
        return {
            "event": self.event.payload,
            "event_name": self.event.name,
            "ref": self.event.ref,
            "repository": self.hosting.repository,
            "run_attempt": str(self.attempt),
            "run_id": str(self.number),
            "sha": self.event.sha,
            "token": self.hosting.token,
        }

    def _inputs(self, triggers: Node) -> dict[str, object]:
        """Every declared input: empty where the workflow's own event started it, as GitHub has it."""
        declared: Node = triggers["workflow_call"]["inputs"]
        if self.inputs is None:
            dispatched = (triggers.get("workflow_dispatch") or {}).get("inputs", {})
            given = self.event.payload.get("inputs", {}) if self.event.name == "workflow_dispatch" else {}
            assert isinstance(given, dict)
            assert given.keys() <= dispatched.keys()
            return {**dict.fromkeys(declared, ""), **given}
        assert self.inputs.keys() <= declared.keys()
        return {name: self.inputs.get(name, node["default"]) for name, node in declared.items()}


class _Job:
    """One job on a machine of its own, which is empty at first."""

    def __init__(
        self, run: Run, name: str, node: Node, inputs: Mapping[str, object], secrets: Mapping[str, str]
    ) -> None:
        assert node.keys() <= _JOB_KEYS, f"unknown: {node.keys() - _JOB_KEYS}"
        folder = run.hosting.folder / "machines" / f"{run.number}-{run.attempt}-{name}"
        self._run, self._node, self._folder = run, node, folder
        self._files = 0
        self._is_cancelled = False
        self._process: subprocess.Popen[str] | None = None
        self._place = Place(run.hosting, run.number, run.event.sha, folder / "work", folder / "temp")
        for path in (self._place.workspace, self._place.temp, folder / "files"):
            path.mkdir(parents=True)
        self._played = JobRun()
        self._steps: dict[str, object] = {}
        self._contexts: dict[str, Mapping[str, object]] = {
            "github": run.github(),
            "inputs": inputs,
            "job": {"workflow_repository": self._place.tool_repository, "workflow_sha": self._place.tool_sha},
            "runner": {"temp": str(self._place.temp)},
            "steps": self._steps,
        }
        named = node.get("environment", {}).get("name")
        kept = run.hosting.secrets[self._fill(named)] if named else {}
        self._contexts["secrets"] = {key: kept.get(key, "") for key in secrets}
        self._event_file = folder / "event.json"
        self._event_file.write_text(json.dumps(run.event.payload), encoding="utf-8")
        self._job_env = {key: self._fill(as_text(value)) for key, value in node.get("env", {}).items()}
        # What the actions and the command files add.
        self._environ: dict[str, str] = {}

    def cancel(self) -> None:
        """Interrupt what runs; of what follows, only what asks for it runs."""
        assert self._process is not None
        self._is_cancelled = True
        self._process.send_signal(signal.SIGINT)

    def play(self) -> JobRun:
        """Run the steps in order."""
        self._run.hosting.begin(self)
        for node in self._node["steps"]:
            assert node.keys() <= _STEP_KEYS, f"unknown: {node.keys() - _STEP_KEYS}"
            name = node.get("name") or node["uses"].partition("@")[0]
            while name in self._played.steps:
                name += "'"
            step = self._step(node) if holds(node.get("if", "true"), *self._known()) else Step(Outcome.SKIPPED)
            self._played.steps[name] = step
            if "id" in node:
                self._steps[node["id"]] = {"outcome": step.outcome.value, "outputs": step.outputs}
        return self._played

    def _step(self, node: Node) -> Step:
        is_forgiven = node.get("continue-on-error", False)
        assert isinstance(is_forgiven, bool)
        if "run" in node:
            return self._command(node, is_forgiven=is_forgiven)
        if node["uses"].startswith("./"):
            return self._composite(node)
        given = {key: self._fill(as_text(value)) for key, value in node.get("with", {}).items()}
        try:
            added = ACTIONS[node["uses"].partition("@")[0]](self._place, given)
        except ActionFailedError as error:
            return Step(Outcome.FAILURE, err=str(error), is_forgiven=is_forgiven)
        self._environ |= added
        return Step(Outcome.SUCCESS)

    def _composite(self, node: Node) -> Step:
        """Run the steps of an action that was checked out, with its own inputs, none of which we give."""
        assert node.keys() <= {"id", "uses"}
        folder = self._place.workspace / node["uses"]
        action: Node = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        assert action["runs"]["using"] == "composite"
        around = dict(self._contexts)
        self._contexts["inputs"] = {name: given["default"] for name, given in action["inputs"].items()}
        self._environ["GITHUB_ACTION_PATH"] = str(folder)
        ended = [self._step(each) for each in action["runs"]["steps"]]
        self._contexts = around
        del self._environ["GITHUB_ACTION_PATH"]
        return next((each for each in ended if each.outcome is not Outcome.SUCCESS), Step(Outcome.SUCCESS))

    def _command(self, node: Node, *, is_forgiven: bool) -> Step:
        own = {name: self._fill(as_text(value)) for name, value in node.get("env", {}).items()}
        files = {name: self._file(name) for name in _COMMAND_FILES}
        script = self._file("script")
        assert "${{" not in node["run"], "an expression inside a script is an injection"
        script.write_text(node["run"], encoding="utf-8")
        self._process = subprocess.Popen(
            [*_SHELLS[node.get("shell")], script],
            cwd=self._place.workspace,
            env=self._machine() | own | {name: str(path) for name, path in files.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = self._process.communicate(timeout=_LONGEST_STEP_S)
        code = self._process.returncode
        self._played.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        outcome = Outcome.FAILURE if code else Outcome.SUCCESS
        outputs = dict(_pairs(files["GITHUB_OUTPUT"]))
        self._environ |= _pairs(files["GITHUB_ENV"])
        for folder in files["GITHUB_PATH"].read_text(encoding="utf-8").splitlines():
            self._environ["PATH"] = f"{folder}:{self._machine()['PATH']}"
        return Step(outcome, out, err, code, is_forgiven, outputs, own)

    def _machine(self) -> dict[str, str]:
        """What a runner sets, and nothing of this process but where programs are."""
        event, hosting = self._run.event, self._run.hosting
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": event.actor,
            "GITHUB_API_URL": hosting.api_url,
            "GITHUB_BASE_REF": event.base_ref,
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(self._event_file),
            "GITHUB_HEAD_REF": event.head_ref,
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": re.sub(r"^refs/(heads|pull)/", "", event.ref),
            "GITHUB_REPOSITORY": hosting.repository,
            "GITHUB_RUN_ATTEMPT": str(self._run.attempt),
            "GITHUB_RUN_ID": str(self._run.number),
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_SHA": event.sha,
            "GITHUB_WORKSPACE": str(self._place.workspace),
            "RUNNER_TEMP": str(self._place.temp),
            **hosting.environ,
            **self._job_env,
            **self._environ,
        }

    def _file(self, name: str) -> Path:
        self._files += 1
        path = self._folder / "files" / f"{self._files}-{name}"
        path.touch()
        return path

    def _known(self) -> tuple[Contexts, Functions]:
        return self._contexts, _status(has_failed=self._played.is_red, is_cancelled=self._is_cancelled)

    def _fill(self, text: str) -> str:
        return interpolate(text, *self._known())


def _triggers(document: dict[Any, Any]) -> Node:
    """Find what stands under `on`, which YAML 1.1, and so PyYAML, takes for a boolean."""
    triggers: Node = document[True]
    return triggers


def _status(*, has_failed: bool = False, is_cancelled: bool = False) -> Mapping[str, Callable[..., object]]:
    return {
        "always": lambda: True,
        "cancelled": lambda: is_cancelled,
        "failure": lambda: has_failed and not is_cancelled,
        "format": format_text,
        "success": lambda: not has_failed and not is_cancelled,
    }


def _pairs(file: Path) -> dict[str, str]:
    """Read `name=value` lines; the form for several lines is not used by us, and is not read."""
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"[A-Za-z_]\w*=", line) for line in lines), lines
    return dict(line.split("=", 1) for line in lines)
