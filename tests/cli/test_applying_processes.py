"""An apply as a process among others: signals while it waits, a second one beside it, a kill in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Fault, Kind
from tests.cli.conftest import Served

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
RECONCILE = (sys.executable, "-m", "reconciler")


def _start(*args: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*RECONCILE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def _end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=40)
    return process.returncode, out, err


def _limit(example: Path, requests: int, per_seconds: int) -> None:
    path = example / "tenant.yaml"
    text = path.read_text(encoding="utf-8")
    assert "requests: 100" in text
    text = text.replace("requests: 100", f"requests: {requests}").replace(
        "per_seconds: 60", f"per_seconds: {per_seconds}"
    )
    path.write_text(text, encoding="utf-8")


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def _commits(served: Served) -> int:
    return len(served.app.tenant.commits)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_everybody_waits_for_the_rate_limit(served: Served, example: Path, number: int) -> None:
    """It ends at once: nothing is in flight, so nothing is unknown, and nothing is sent after the signal."""
    _limit(example, 8, 60)
    process = _start("apply", "--yes", "--format", "json")
    _wait(lambda: _commits(served) >= 4)
    time.sleep(0.3)
    process.send_signal(number)
    signalled = time.monotonic()
    code, out, err = _end(process)
    assert (code, "Traceback" in err) == (130, False)
    assert time.monotonic() - signalled < 3
    summary = json.loads(out)["summary"]
    assert summary["unknown"] == 0
    assert summary["applied"] == _commits(served) < 10
    assert summary["applied"] + summary["not_tried"] == 10


def test_a_terminated_plan_says_that_it_was_interrupted(served: Served) -> None:
    served.app.faults.add(Fault(Kind.DELAY_BEFORE, "GET", seconds=20, times=None))
    process = _start("apply", "--yes")
    _wait(lambda: len(served.app.requests) >= 2)
    process.send_signal(signal.SIGTERM)
    code, out, err = _end(process)
    assert (code, out, err.lstrip()) == (130, "", "error[interrupted]: interrupted; nothing was written\n")


def test_a_second_apply_says_who_is_at_it_or_waits(served: Served) -> None:
    """One writer for a tenant on a machine; whoever waits finds nothing left to do."""
    served.app.faults.add(Fault(Kind.DELAY_AFTER, "PATCH", seconds=0.4, times=None))
    first = _start("apply", "--yes", "--max-concurrency", "1")
    _wait(lambda: _commits(served) >= 1)
    code, out, err = _end(_start("apply", "--yes"))
    assert (code, out) == (5, "")
    assert "tenant-locked" in err
    assert f"process {first.pid}" in err or f"pid {first.pid}" in err
    waiting = _start("apply", "--yes", "--lock-timeout", "30")
    assert _end(first)[0] == 0
    code, out, _ = _end(waiting)
    assert (code, _commits(served)) == (0, 10)
    assert "No changes." in out


def test_a_killed_apply_is_looked_after_by_the_next(served: Served) -> None:
    """What was in flight was written after all: the next apply finds that out, says so, and does the rest."""
    served.app.faults.add(Fault(Kind.DELAY_AFTER, "PATCH", nth=4, seconds=30, times=1))
    process = _start("apply", "--yes", "--max-concurrency", "1")
    _wait(lambda: _commits(served) >= 4)
    process.kill()
    process.communicate(timeout=10)
    served.app.faults.clear()
    code, out, err = _end(_start("apply", "--yes"))
    assert (code, _commits(served)) == (0, 10)
    assert "Apply complete! 6 applied" in out
    assert err.count("write-resolved") == 1
    assert "write-resolved" not in _end(_start("apply", "--yes"))[2]
    runs = json.loads(_end(_start("runs", "--format", "json"))[1])["runs"]
    assert [run["state"] for run in runs][-1] == "killed"


def test_stdout_that_closes_early_stops_no_write(served: Served) -> None:
    """The reader takes one line and goes: all is written, and the code is that of the apply."""
    process = _start("apply", "--yes")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert _commits(served) == 10
    assert process.stderr is not None
    process.stderr.close()


def test_two_commands_share_one_rate_limit(served: Served, example: Path) -> None:
    """By default, through the state folder: together they never send more than the limit in a window."""
    _limit(example, 6, 2)
    for process in [_start("plan"), _start("plan"), _start("apply", "--yes")]:
        assert _end(process)[0] == 0
    at = [request.at for request in served.app.requests]
    assert len(at) > 12
    assert all(later - earlier >= 2 for earlier, later in zip(at, at[6:], strict=False))
