"""`--format html`: the same page of a plan and of a saved one, and nothing of its machinery for other formats."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, Reconcile


def test_plan_and_show_write_the_page(reconcile: Reconcile, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    planned = reconcile("-C", str(EXAMPLE), "plan", "--format", "html", "--out", saved)
    assert planned.code == 0
    assert planned.out.startswith("<!DOCTYPE html>")
    assert f"{EXAMPLE}/agents/billing-emea.yaml:7" in planned.out
    kept = reconcile("show", saved, "--format", "html").out
    assert "11 requests at 100 per 60 s" in planned.out
    assert kept == planned.out.replace(f"{EXAMPLE}/", "").replace(" at 100 per 60 s", "")


def test_a_page_leaves_the_machine_with_its_script_as_it_was(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GitHub runner whatever it would obey is changed on the way; the policy would then refuse the script."""
    here = reconcile("-C", str(EXAMPLE), "plan", "--format", "html").out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    there = reconcile("-C", str(EXAMPLE), "plan", "--format", "html").out
    assert _without_time(there) == _without_time(here)


def _without_time(page: str) -> list[str]:
    return [line for line in page.splitlines() if "<time>" not in line]


def test_other_formats_load_no_templates() -> None:
    script = "import sys, reconciler.cli.plan, reconciler.render; print('jinja2' in sys.modules)"
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout == "False\n"
