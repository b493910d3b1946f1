"""What most tests start from: a folder of desired state, a simulated tenant beside it, and time that costs nothing."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest


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


@pytest.fixture
def clock() -> VirtualClock:
    """A virtual clock."""
    return VirtualClock()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder with nothing of this machine's environment that the tool would heed."""
    for name in ("CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET", "CXONE_BASE_URL", "CXONE_REALM", "GITHUB_WORKSPACE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECONCILE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
