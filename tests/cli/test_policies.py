"""Policies on the command line: exit codes, overrides and who may give them, coverage of every skill."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile, Served

FLOOR = "policies:\n  coverage: [{skill: Fraud, min_available: 2}]\n"


@pytest.fixture
def blocked(example: Path) -> Path:
    """The example, which takes Fraud from one of two, with a floor of two."""
    tenant = example / "tenant.yaml"
    tenant.write_text(tenant.read_text(encoding="utf-8") + FLOOR, encoding="utf-8")
    return example


@pytest.mark.usefixtures("blocked")
def test_a_blocked_plan_is_shown_and_only_the_detailed_code_tells(reconcile: Reconcile) -> None:
    ended = reconcile("plan")
    assert ended.code == 0
    assert re.search(
        r"tenant.yaml:\d+:\d+: blocked\[coverage-floor\]: `Fraud` has 2 agents before and 1 after", ended.out
    )
    assert ended.out.splitlines()[-1].startswith("Plan: ")
    assert reconcile("plan", "--detailed-exitcode").code == 5
    assert reconcile("plan", "--detailed-exitcode", "--team", "Tech Support").code == 2
    assert json.loads(reconcile("plan", "--format", "json").out)["blocked"] is True


def test_an_apply_of_a_blocked_plan_shows_it_in_full_and_writes_nothing(
    reconcile: Reconcile, served: Served, blocked: Path
) -> None:
    assert blocked.is_dir()
    ended = reconcile("apply", "--yes")
    assert ended.code == 5
    assert "blocked[coverage-floor]" in ended.out
    assert ended.out.splitlines()[-1].startswith("Plan: 5 to add")
    assert "error[plan-blocked]" in ended.err
    assert "hint: do what the findings of the plan say, or override them: --allow coverage-floor" in ended.err
    assert {request.method for request in served.app.requests} == {"GET", "POST"}
    assert not [request for request in served.app.requests if request.method == "POST" and "token" not in request.path]


def test_an_override_that_is_typed_needs_a_terminal(
    reconcile: Reconcile, served: Served, blocked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P5, P11: before anything is asked; the variable does it for one run, and is recorded."""
    assert blocked.is_dir()
    for command in (("apply", "--yes"), ("rollback", "last", "--yes")):
        ended = reconcile(*command, "--allow", "coverage-floor")
        assert ended.code == 5
        assert "error[allow-unattended]" in ended.err
        assert "RECONCILE_ALLOW='coverage-floor'" in ended.err
        assert served.app.requests == []
    monkeypatch.setenv("RECONCILE_ALLOW", "agent-empty old-plan")
    assert reconcile("apply", "--yes").code == 5
    monkeypatch.setenv("RECONCILE_ALLOW", "agent-empty coverage-floor")
    assert reconcile("apply", "--yes").code == 0
    (run,) = json.loads(reconcile("runs", "last", "--format", "json").out)["runs"]
    assert run["allowed"] == ["agent-empty", "coverage-floor"]


@pytest.mark.usefixtures("blocked")
def test_an_override_typed_at_a_terminal_is_taken(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert reconcile("apply", "--yes", "--allow", "coverage-floor").code == 0


@pytest.mark.usefixtures("example")
def test_a_word_that_overrides_nothing_is_wrong_use(reconcile: Reconcile) -> None:
    ended = reconcile("apply", "--yes", "--allow", "plan-stale")
    assert ended.code == 3
    assert "'plan-stale' is not one of" in ended.err


@pytest.mark.usefixtures("example")
def test_coverage_of_every_skill_on_demand(reconcile: Reconcile) -> None:
    """In a saved plan it is there for whoever shows it."""
    few, many = reconcile("plan").out, reconcile("plan", "--all-coverage", "--out", "plan.json").out
    assert "    Spanish " not in few.partition("Active agents")[2]
    assert "    Spanish " in many.partition("Active agents")[2]
    shown = reconcile("show", "plan.json", "--all-coverage").out.partition("Active agents")[2]
    assert shown.partition("\n\n")[0] == many.partition("Active agents")[2].partition("\n\n")[0]
    assert "    Spanish " not in reconcile("show", "plan.json").out.partition("Active agents")[2]
