"""The journal on a disk that really fails: the kernel's answers are changed by strace, or its limits set."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from reconciler.apply.runs import doubtful, list_runs, read_run
from reconciler.plan.record import RunState
from tests.apply.journals import create, intend

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
# The intents, each followed by what stands for the PATCH: a line on stdout. Then the end, and what is unrecorded.
SCRIPT = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from reconciler.apply.journal import Journal, JournalBroken
from reconciler.clock import SystemClock
from reconciler.errors import Refused
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentChange, AgentName, AssignmentChange, SkillName
from reconciler.plan.outcome import AgentOutcome, Status
from reconciler.plan.record import RunHead, RunKind, RunState

def say(*words):
    os.write(1, (" ".join(words) + chr(10)).encode())

source, value = SourcePosition("agents.yaml", 1, 1), Assignment(50, True)
skill = AssignmentChange(Action.ADD, SkillName("billing", "Billing"), None, value, source)
head = RunHead("20261122T140000Z-00000a", RunKind.APPLY, "acme", "sha256:0", datetime(2026, 11, 22, 14, tzinfo=UTC))
try:
    journal = Journal.create(Path(sys.argv[1]), head, clock=SystemClock())
except Refused as error:
    say("refused", str(error))
    sys.exit(5)
for number in range(1, 6):
    agent = AgentName(f"id-a{number}", "", "", f"a{number}")
    try:
        change = AgentChange(agent, None, source, (skill,), {}, {"billing": value}, "7")
        journal.intent(change, "whole", change.after, "7", 1)
        say("sent", f"a{number}")
    except JournalBroken as error:
        say("broken", str(error))
    journal.outcome(AgentOutcome(agent, Status.APPLIED))
journal.end(RunState.COMPLETE)
say("unrecorded", *(each.agent.id for each in journal.unrecorded))
"""


@cache
def _strace() -> str:
    """Find a strace that may trace."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("NOT TESTED on a failing disk: there is no strace here (apt-get install strace)")
    if subprocess.run([found, "-qq", "-e", "trace=none", "true"], check=False, capture_output=True).returncode:
        pytest.skip("NOT TESTED on a failing disk: strace may not trace here (ptrace is forbidden)")
    return found


def _run(
    command: list[str], runs: Path, limit: Callable[[], None] | None = None
) -> tuple[int, list[str], list[str], list[str]]:
    """Run the script: its exit code, what it sent after which intents, and the words of its other lines."""
    done = subprocess.run(
        [*command, sys.executable, "-c", SCRIPT, str(runs)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    words = {kind: [rest for each, _, rest in lines if each == kind] for kind in ("sent", "broken", "unrecorded")}
    words["broken"] += [rest for each, _, rest in lines if each == "refused"]
    return done.returncode, words["sent"], words["broken"], " ".join(words["unrecorded"]).split()


def _inject(runs: Path, fault: str) -> list[str]:
    """Let calls on the journal, or on its folder, fail."""
    journal = runs / "20261122T140000Z-00000a.jsonl"
    calls = ["-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}"]
    return [_strace(), "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-P", str(runs), "-P", str(journal), *calls]


def _intended(runs: Path) -> list[str]:
    (record,) = list_runs(runs, "acme")
    assert not record.damage
    return [each.agent.id.removeprefix("id-") for each in record.agents if each.has_intent]


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ("fsync:error=EIO:when=3", 0),  # of the first intent, after the head's and the folder's
        ("fsync:error=EIO:when=5", 2),
        ("fsync:error=EIO:when=8", 5),  # of the end
        ("write:error=ENOSPC:when=2+", 0),
        ("write:error=ENOSPC:when=5+", 2),  # an outcome: its agent was sent, the next is not
        ("write:error=EROFS:when=6", 2),
        ("write:error=EDQUOT:when=12", 5),  # the end
    ],
)
def test_a_disk_that_fails_on_the_way_stops_new_writes(tmp_path: Path, fault: str, sent: int) -> None:
    """Every write that left has its intent on the disk; after the fault none leaves; what the disk lacks is told."""
    runs = tmp_path / "runs"
    runs.mkdir()
    code, seen, broken, unrecorded = _run(_inject(runs, fault), runs)
    names = [f"a{number}" for number in range(1, 6)]
    assert (code, seen) == (0, names[:sent])
    assert len(broken) == 5 - sent
    assert all("can no longer be written" in line for line in broken)
    assert _intended(runs)[:sent] == seen
    (record,) = list_runs(runs, None)
    assert record.state is (RunState.COMPLETE if fault == "fsync:error=EIO:when=8" else RunState.KILLED)
    recorded = {each.agent.id for each in record.agents if each.status}
    assert recorded | set(unrecorded) == {f"id-{name}" for name in names}
    assert {each.agent.id for each in doubtful(record)} <= set(unrecorded)


@pytest.mark.parametrize(
    "fault", ["fsync:error=EIO:when=1", "fsync:error=EIO:when=2", "write:error=ENOSPC:when=1", "openat:error=EROFS"]
)
def test_a_disk_that_fails_at_once_refuses_the_run(tmp_path: Path, fault: str) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    code, seen, broken, _ = _run(_inject(runs, fault), runs)
    assert (code, seen) == (5, [])
    assert "cannot be written" in broken[0]
    assert list_runs(runs, None) == []


@pytest.mark.parametrize("room", [100, 900, 1500, 3000])
def test_a_file_that_may_not_grow_any_more_keeps_its_whole_lines(tmp_path: Path, room: int) -> None:
    """The kernel takes a part of a line first, then nothing: the torn line is forgiven, and nothing was sent for it."""
    runs = tmp_path / "runs"
    runs.mkdir()
    code, seen, broken, unrecorded = _run(
        [], runs, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    )
    if code == 5:
        assert room < 500
        assert (seen, list_runs(runs, None)) == ([], [])
        return
    assert "File too large" in broken[0]
    assert _intended(runs) == seen
    assert {f"id-{name}" for name in seen[:-1]} <= {
        each.agent.id for each in read_run(next(runs.iterdir())).agents if each.status
    }
    assert len(seen) < 5
    assert unrecorded


@pytest.mark.parametrize("point", ["write:when=2", "write:when=3", "fsync:when=3", "fsync:when=5"])
def test_a_run_killed_at_any_write_or_fsync_reads_back(tmp_path: Path, point: str) -> None:
    """Kill -9 as the call is made: whatever was sent has its intent in the journal."""
    runs = tmp_path / "runs"
    runs.mkdir()
    _, seen, _, _ = _run(_inject(runs, point.replace(":", ":signal=KILL:")), runs)
    assert seen == [f"a{number}" for number in range(1, 6)][: len(seen)]
    assert _intended(runs)[: len(seen)] == seen


def test_a_disk_that_is_full_from_the_start_refuses_the_run(tmp_path: Path) -> None:
    """The same without strace, where it is missing: a device that is always full."""
    journal = create(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file)
    os.close(full)
    with pytest.raises(Exception, match="No space left on device"):
        intend(journal)
    assert journal.is_broken
