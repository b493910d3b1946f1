"""What people install is the wheel, not the source tree: it holds the whole package, and it works by itself."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("hatchling", reason="the wheel is built by hatchling, which `make test` installs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    source = {path.relative_to(ROOT).as_posix() for path in (ROOT / "reconciler").rglob("*.py")}
    page = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "reconciler" / "render" / "html" / "templates").iterdir()
    }
    assert packed == source | page | {"reconciler/py.typed"}
    assert licences


@pytest.mark.real
def test_the_wheel_plans_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, as an installer does: no file of the checkout can help."""
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    state = str(tmp_path / "state")
    saved = str(tmp_path / "plan.json")
    script = "import sys; sys.path.insert(0, sys.argv.pop(1)); from reconciler.cli import main; main()"
    command = [sys.executable, "-P", "-c", script, str(installed), "-q", "-C", str(ROOT / "desired-state")]

    def run(*arguments: str) -> str:
        ended = subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env={"RECONCILE_STATE_DIR": state},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.stderr == ""
        return ended.stdout

    assert run("plan", "--out", saved).splitlines()[-1].startswith("Plan: 5 to add")
    assert run("show", saved, "--format", "html").startswith("<!DOCTYPE html>")
