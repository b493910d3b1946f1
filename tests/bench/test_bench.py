"""The benchmarks run: each small, once, in a process of its own, to the last line."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def _run(*args: str, timeout_s: float = 100) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(_ROOT / "bench" / "run.py"), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


@pytest.mark.real
@pytest.mark.parametrize(
    ("bench", "figure"),
    [
        ("loading", "faster than ruamel.yaml's round trip"),
        pytest.param(
            "plan",
            "warm plan / orjson",
            marks=pytest.mark.skipif(find_spec("orjson") is None, reason="needs the extra `bench`"),
        ),
        ("requests", "apply: requests"),
        ("pace", "over the bound, right after a plan"),
        ("startup", "reconcile --help / python -c pass, CPU"),
    ],
)
def test_a_benchmark_gives_its_figures(tmp_path: Path, bench: str, figure: str) -> None:
    """The table, the JSON and the last line agree, and a bar that is missed is no failure."""
    report = tmp_path / "figures.json"
    done = _run("--quick", "--data", str(tmp_path / "data"), "--json", str(report), bench)
    assert done.returncode == 0, done.stderr
    figures = json.loads(report.read_text())["figures"]
    assert all(each["bench"] == bench for each in figures)
    assert figure in {each["figure"] for each in figures}
    verdicts = [each["is_met"] for each in figures if each["bar"]]
    assert done.stdout.splitlines()[-1] == f"{sum(verdicts)} of {len(verdicts)} bars met"
    assert figure in done.stdout
    # What is counted depends on no machine and no size: such bars are a law.
    assert [each for each in figures if each["bar"] and each["bar"]["rule"] == "exactly" and not each["is_met"]] == []


@pytest.mark.real
def test_an_unknown_benchmark_is_refused() -> None:
    """A typo does not pass for a run in which everything is well."""
    done = _run("laoding")
    assert done.returncode != 0
    assert "laoding" in done.stderr
