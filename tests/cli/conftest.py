"""A command line to type into, and tenants that are really served."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest

from reconciler.cli.app import run
from reconciler.simulator import App, demo_tenant, make_app, serve

EXAMPLE = Path(__file__).parents[2] / "desired-state"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Reconcile = Callable[..., Ended]


@pytest.fixture
def reconcile(folder: Path, capsys: pytest.CaptureFixture[str]) -> Reconcile:
    """Run a command line in this process, in a folder of its own."""
    assert folder == Path.cwd()

    def call(*args: str) -> Ended:
        code = run(args)
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return call


@pytest.fixture
def example(folder: Path) -> Path:
    """Put the shipped example into the folder."""
    shutil.copytree(EXAMPLE, folder / "desired-state")
    return folder / "desired-state"


@dataclass(frozen=True)
class Served:
    """A tenant behind a real socket."""

    app: App
    url: str


@pytest.fixture
def served(example: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Serve the example's tenant, and point the environment and the example at it."""
    app = make_app(demo_tenant())
    ports: Queue[int] = Queue()
    threading.Thread(target=serve, args=(app, 0, ports.put), daemon=True).start()
    url = f"http://127.0.0.1:{ports.get(timeout=10)}"
    text = (example / "tenant.yaml").read_text(encoding="utf-8")
    (example / "tenant.yaml").write_text(text.replace("api: simulator ", "api: admin-v2 "), encoding="utf-8")
    monkeypatch.setenv("CXONE_BASE_URL", url)
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "demo-secret")
    return Served(app, url)
