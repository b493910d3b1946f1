"""What only real processes show: pipes, terminals, signals, locales."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.simulator import Fault, Kind
from tests.cli.conftest import Served

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
RECONCILE = (sys.executable, "-m", "reconciler")


def _environ(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def _run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RECONCILE, *args], capture_output=True, text=True, env=_environ(**environ), timeout=60, check=False
    )


class Terminal:
    """A command in a terminal of its own: what it shows, and what somebody types."""

    def __init__(self, *args: str, columns: int = 80, environ: Mapping[str, str] | None = None) -> None:
        self.shown = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            settings = _environ(**{"TERM": "xterm", "COLUMNS": str(columns), **(environ or {})})
            os.execvpe(RECONCILE[0], [*RECONCILE, *args], settings)  # noqa: S606 - our own command

    def wait_for(self, text: str, within_s: float = 20.0) -> None:
        """Read until `text` is shown."""
        deadline = time.monotonic() + within_s
        while text not in self.shown:
            assert time.monotonic() < deadline, f"never showed {text!r}: {self.shown!r}"
            self._read()

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._fd, text.encode())

    def end(self) -> int:
        """Read on to the end and give the exit code."""
        while self._read():
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 1.0)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux says EIO when the other side has gone
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@pytest.mark.usefixtures("example")
def test_a_reader_who_leaves_early_stops_nothing() -> None:
    """`reconcile apply | head -1`: the tenant is written all the same, and nobody sees a traceback."""
    command = f"{' '.join(RECONCILE)} apply --yes | head -1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=_environ(), timeout=60, check=False
    )
    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) == 1
    assert "Traceback" not in ended.stderr
    assert "Broken" not in ended.stderr
    assert _run("plan").stdout.endswith("No changes. 40 agents match.\n")


@pytest.mark.usefixtures("example")
def test_a_full_disk_behind_stdout_does_not_stop_the_writes() -> None:
    """An output that fails never changes what is written to the tenant."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*RECONCILE, "apply", "--yes"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=_environ(),
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert "the result could not be written to stdout: No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert _run("plan").stdout.endswith("No changes. 40 agents match.\n")


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("answer", "code", "state"), [("yes\n", 0, "granted: "), ("y\n", 0, "nobody"), ("\x03", 130, "")]
)
def test_a_checkup_asks_before_its_write_and_keeps_within_a_narrow_terminal(answer: str, code: int, state: str) -> None:
    """It names the agent; only `yes` is a yes, and Ctrl-C at the question writes nothing."""
    terminal = Terminal("doctor", "--write", columns=60)
    terminal.wait_for("accepted: ")
    assert "@example.com` is written exactly as it stands" in terminal.shown
    asked = len(terminal.shown)
    terminal.type(answer)
    assert terminal.end() == code
    result = terminal.shown[asked:]
    assert state in result
    assert (code == 130) == ("nothing was written" in result and "Ready" not in result)
    lines = [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line) for line in result.replace("\r", "\n").splitlines()]
    assert all(len(line) <= 60 for line in lines if line.startswith("ok") and "/" not in line)


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    "settings", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_locale_without_utf_8_stops_nothing(settings: dict[str, str], example: Path) -> None:
    (example / "agents" / "z.yaml").write_text("agents:\n  søren@example.com: {skills: {}}\n", encoding="utf-8")
    ended = _run("plan", **settings)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("example")
def test_a_minus_that_a_locale_lacks_is_a_plain_one(example: Path) -> None:
    """And whatever has no plain form beside it is still shown by its number."""
    hold = "{until: 2999-01-01T00:00:00-05:00, agents: [ana.silva@example.com], reason: søren −}"
    (example / "hold.yaml").write_text(f"holds:\n  - {hold}\n", encoding="utf-8")
    ended = _run("why", "ana.silva@example.com", "Spanish", "--offline", PYTHONIOENCODING="ascii")
    assert (ended.returncode, "2999 00:00 -05:00" in ended.stdout) == (0, True)
    assert r's\xf8ren -"' in ended.stdout


# Sends a Ctrl-C at the n-th module that is looked for.
_INTERRUPTED_AT = """
import os, signal, sys

class Hook:
    left = int(sys.argv.pop(1))

    def find_spec(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
            print("sent", flush=True)

from reconciler.cli import main
sys.argv[0] = "reconcile"
sys.meta_path.insert(0, Hook())
main()
"""


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("number", [1, 2, 3, 10, 30, 60, 100, 150])
def test_a_ctrl_c_while_modules_are_loaded_ends_in_words(number: int) -> None:
    """From the first module on that the command loads."""
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_AT, str(number), "plan"],
        capture_output=True,
        text=True,
        env=_environ(),
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr.lstrip().partition(":")[0]) == (130, "error[interrupted]")
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("example")
def test_a_terminal_has_colours_and_a_question() -> None:
    terminal = Terminal("apply")
    terminal.wait_for("Only `yes` is accepted: ")
    assert "\x1b[33m~\x1b[0m" in terminal.shown
    terminal.type("y\n")
    assert terminal.end() == 5
    assert "nobody confirmed; nothing was written" in terminal.shown


@pytest.mark.usefixtures("example")
def test_yes_is_heard() -> None:
    terminal = Terminal("apply")
    terminal.wait_for("accepted: ")
    terminal.type("yes\n")
    assert terminal.end() == 0
    assert "10 applied" in terminal.shown


@pytest.mark.usefixtures("example")
def test_control_c_at_the_question_writes_nothing() -> None:
    terminal = Terminal("apply")
    terminal.wait_for("accepted: ")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "interrupted; nothing was written" in terminal.shown
    assert "Traceback" not in terminal.shown


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_is_heard(settings: dict[str, str]) -> None:
    terminal = Terminal("plan", environ=settings)
    assert terminal.end() == 0
    assert "\x1b[3" not in terminal.shown


@pytest.mark.usefixtures("example")
def test_a_narrow_terminal_shows_everything() -> None:
    """Nothing is cut: names and numbers are there, whatever the width."""
    terminal = Terminal("plan", columns=40)
    assert terminal.end() == 0
    assert "dmitri.volkov@example.com" in terminal.shown
    assert "60 -> 80" in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_apply_cleanly(served: Served, number: signal.Signals) -> None:
    """Nothing new starts, what was in flight is reported as it is, and the next apply does the rest."""
    served.app.faults.add(Fault(Kind.DELAY_AFTER, "PATCH", seconds=0.5, times=None))
    process = subprocess.Popen(
        [*RECONCILE, "apply", "--yes", "--max-concurrency", "2", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environ(),
    )
    deadline = time.monotonic() + 20
    while len(served.app.tenant.commits) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    signalled = time.monotonic()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - signalled < 7
    assert "Traceback" not in err
    summary = json.loads(out)["summary"]
    assert summary["applied"] == len(served.app.tenant.commits) < 10
    assert summary["applied"] + summary["not_tried"] == 10
    served.app.faults.clear()
    assert _run("apply", "--yes").returncode == 0
    assert len(served.app.tenant.commits) == 10


def test_a_second_signal_leaves_at_once_and_says_what_that_means(served: Served) -> None:
    served.app.faults.add(Fault(Kind.DELAY_AFTER, "PATCH", nth=2, seconds=30, times=None))
    process = subprocess.Popen(
        [*RECONCILE, "apply", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environ()
    )
    deadline = time.monotonic() + 20
    while len(served.app.tenant.commits) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    second = time.monotonic()
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert time.monotonic() - second < 2
    assert "left at once; what was in flight may have been written" in err
    assert "nothing was written" not in err
    assert "Traceback" not in err


def test_a_signal_during_a_plan_writes_nothing(served: Served) -> None:
    served.app.faults.add(Fault(Kind.DELAY_BEFORE, "GET", seconds=20, times=None))
    process = subprocess.Popen(
        [*RECONCILE, "plan"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environ()
    )
    deadline = time.monotonic() + 20
    while len(served.app.requests) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err.lstrip() == "error[interrupted]: interrupted; nothing was written\n"


def test_simulate_serves_a_tenant_that_can_be_planned_and_applied(example: Path) -> None:
    """What it prints is what to type."""
    process = subprocess.Popen(
        [*RECONCILE, "simulate", "--port", "0", "--agents", "60", "--limit", "50"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environ(),
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(6)]
    exports = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines if "export" in line)
    try:
        assert _run("apply", "--yes", **exports).returncode == 0
        assert "No changes. 40 agents match." in _run("plan", **exports).stdout
        assert example.is_dir()
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion(shell: str) -> None:
    ended = _run("completion", shell)
    assert ended.returncode == 0
    assert "_RECONCILE_COMPLETE" in ended.stdout


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pl", "plan"),
        ("plan --for", "--format"),
        ("plan --team Bill", "Billing\\ EMEA"),
        ("plan --skill Ref", "Refunds"),
        ("--tenant ac", "acme-demo"),
    ],
)
def test_names_complete(typed: str, offered: str) -> None:
    words = f"reconcile {typed}"
    ended = _run(_RECONCILE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert f"plain,{offered}\n" in ended.stdout
    assert ended.stderr == ""
