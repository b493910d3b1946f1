"""A process with everything imported that forks commands on request, so that a real `reconcile` costs next to nothing.

It has no threads, and knows nothing of the tests': `python -m tests.kill.zygote` reads orders from stdin, one JSON
document a line, and answers on stdout. A command that has ended is kept (its pid taken) until somebody waits for it.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.cli.app import run

ROOT = Path(__file__).parents[2]


class Zygote:
    """The other end: starts commands and waits for them. One order at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )

    def start(self, args: Sequence[str], folder: Path, environ: Mapping[str, str]) -> int:
        """Start `reconcile ARGS` in `folder`, with its output in the files `out` and `err` there; give its pid."""
        return self._order({"args": args, "folder": str(folder), "environ": environ})

    def wait(self, pid: int) -> int:
        """Wait for a command to end; give its exit code, or minus the number of the signal that ended it."""
        return self._order({"wait": pid})

    def close(self) -> None:
        """End it."""
        self._process.communicate("", timeout=10)

    def _order(self, order: Mapping[str, object]) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        return int(stdout.readline())


def _serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        answer = _waited(order["wait"]) if "wait" in order else _started(**order)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _waited(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _started(args: Sequence[str], folder: str, environ: Mapping[str, str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = run(args)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _warm_up() -> None:
    """Import whatever an apply needs, most of it by making one: of the example, on its embedded tenant."""
    for module in ("anyio._backends._asyncio", "h11", "httpcore"):  # what only sockets need
        import_module(module)
    with TemporaryDirectory() as name, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        os.environ["RECONCILE_STATE_DIR"] = name
        code = run(["-C", str(ROOT / "desired-state"), "apply", "--yes"])
    if code:
        message = f"the example cannot be applied: {code}"
        raise AssertionError(message)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _warm_up()
    _serve()
