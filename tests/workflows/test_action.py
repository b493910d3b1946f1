"""The action installs the tool for good: its own steps, run with the real uv, in a folder of somebody else's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.workflows.actions import ROOT

pytestmark = pytest.mark.real
_OFFLINE = ("error sending request", "dns error", "Failed to fetch", "Connection refused")


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("NOT TESTED: the action's own steps, for want of uv, which `make test` installs")
    return found


def test_the_action_installs_the_tool_beside_the_checkout(tmp_path: Path) -> None:
    """The repository around it may hold settings of uv and Python files of our names: neither is heeded."""
    (step,) = (
        step
        for step in yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
        if "run" in step
    )
    work, temp = tmp_path / "work", tmp_path / "temp"
    (work / "reconciler").mkdir(parents=True)
    (work / "reconciler" / "__init__.py").write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    (work / "uv.toml").write_text("whoever reads this fails\n", encoding="utf-8")
    temp.mkdir()
    files = {name: tmp_path / name for name in ("GITHUB_PATH", "GITHUB_ENV")}
    kept = {key: value for key, value in os.environ.items() if key.startswith(("UV_", "SSL_", "HTTPS_", "https_"))}
    environ = kept | {
        "PATH": f"{Path(_uv()).parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "UV_SYSTEM_CERTS": "1",  # a proxy may stand before the registry, whose authority the machine knows
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTION_PATH": str(ROOT),
        "PYTHON_VERSION": sys.executable,
        **{name: str(path) for name, path in files.items()},
    }
    assert step["env"].keys() == {"PYTHON_VERSION"}
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    ended = subprocess.run(script, cwd=work, env=environ, capture_output=True, text=True, timeout=100, check=False)
    if ended.returncode and any(words in ended.stderr for words in _OFFLINE):
        pytest.skip("NOT TESTED: the action's own steps, for want of a package registry")
    assert ended.returncode == 0, ended.stderr
    folder = files["GITHUB_PATH"].read_text(encoding="utf-8").strip()
    assert files["GITHUB_ENV"].read_text(encoding="utf-8") == f"RECONCILE_STATE_DIR={temp}/state\n"
    said = subprocess.run([f"{folder}/reconcile", "--version"], cwd=work, capture_output=True, text=True, check=True)
    assert said.stdout.startswith("reconcile ")
