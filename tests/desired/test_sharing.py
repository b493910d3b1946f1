"""A load that two processes share gives what one gives, in the same order, whatever becomes of the second."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.desired.sharing import WORTH_BYTES

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="a second process is only forked on Linux"),
]

# Forks are tried in a process of one thread, as the tool itself is while it loads.
WORK = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from reconciler.desired.sharing import in_two_processes
us = os.getpid()
def work(task):
    time.sleep(0.01)
    if os.getpid() != us and FATE == "dies":
        os._exit(1)
    if task == 13 and FATE == "raises":
        raise ValueError("13")
    return task * task, os.getpid() == us
done = list(in_two_processes(work, range(30)))
squares, ours = zip(*done)
print(list(squares) == [task * task for task in range(30)], set(ours) == {True, False})
"""


def _run(fate: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"FATE = {fate!r}\n{WORK}", str(ROOT)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_results_come_in_order_from_both() -> None:
    assert _run("lives").stdout == "True True\n"


def test_the_part_of_a_process_that_dies_is_done_here() -> None:
    assert _run("dies").stdout == "True False\n"


def test_a_surprise_is_no_less_a_surprise() -> None:
    ended = _run("raises")
    assert "ValueError: 13" in ended.stderr
    assert ended.returncode == 1


LOAD = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from reconciler.desired import ParseCache, load
from reconciler.desired.sharing import can_share
root, store = Path(sys.argv[2]), Path(sys.argv[3])
with ParseCache.open(store) as cache:
    shared = load(root, cache=cache)
could = can_share()
stop = threading.Event()
threading.Thread(target=stop.wait).start()  # with a second thread nothing is forked
alone = load(root)
with ParseCache.open(store) as cache:
    kept = load(root, cache=cache)
stop.set()
print(could, shared == alone == kept, len(shared.diagnostics), shared.tenants[0].state is not None)
"""


def _write_large(root: Path, faults: str) -> None:
    """Write more than is worth a second process, with `faults` at the end of the last file."""
    root.mkdir()
    (root / "tenant.yaml").write_text("version: 1\ntenant: {api: simulator}\n")
    skills = "".join(f"      Skill {number}: {number}\n" for number in range(60))
    for number in range(20):
        agents = "".join(f"  a{number}.{at}@example.com:\n    skills:\n{skills}" for at in range(450))
        (root / f"f{number:02}.yaml").write_text("agents:\n" + agents + (faults if number == 19 else ""))
    assert sum(file.stat().st_size for file in root.iterdir()) > WORTH_BYTES


@pytest.mark.parametrize(("faults", "expected"), [("", "0 True"), ("  odd@example.com: {skill: {}}\n", "1 False")])
def test_a_shared_load_is_the_same_load(tmp_path: Path, faults: str, expected: str) -> None:
    """Faults included, and what it leaves in the cache too."""
    _write_large(tmp_path / "desired", faults)
    command = [sys.executable, "-c", LOAD, str(ROOT), str(tmp_path / "desired"), str(tmp_path / "store.sqlite")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.stderr == ""
    could, rest = ended.stdout.split(" ", 1)
    if could == "False":
        pytest.skip("this machine has one core")
    assert rest == f"True {expected}\n"
