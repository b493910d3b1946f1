"""What most tests start from: a folder of desired state, a simulated tenant beside it, and time that costs nothing."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

# Machines differ and a first example pays for imports: no test is about time on the clock.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class VirtualClock:
    """Time that passes only when somebody sleeps; whoever is asleep wakes in the order of the alarms."""

    def __init__(self) -> None:
        self._elapsed_s = 0.0

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed_s

    def now(self) -> datetime:
        """A time of day that starts on a fixed date."""
        return datetime(2026, 11, 22, 14, 0, tzinfo=UTC) + timedelta(seconds=self._elapsed_s)

    async def sleep(self, seconds: float) -> None:
        """Move time on by `seconds`."""
        due = self._elapsed_s + max(seconds, 0.0)
        await asyncio.sleep(0)
        self._elapsed_s = max(self._elapsed_s, due)


@pytest.fixture(autouse=True)
def _logger() -> Iterator[None]:
    """Leave the logger as it was: a command line that runs in this process sets up its own."""
    logger = logging.getLogger("reconciler")
    before = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


@pytest.fixture
def clock() -> VirtualClock:
    """A virtual clock."""
    return VirtualClock()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with nothing of this machine's environment that the tool would heed."""
    for name in [name for name in os.environ if name.startswith(("CXONE_", "RECONCILE_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECONCILE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be written anew, to be read by a person before they are committed."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a whole output with the file of that name below tests/golden."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"differs from tests/golden/{name}; pytest --update-golden"

    return compare
