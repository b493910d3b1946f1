"""Runs each measured thing in a fresh process of its own, so that its CPU time and its peak of memory are its own.

The process that measures imports nothing heavy: Linux counts what a parent holds when it starts a child as the
child's own peak.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import monotonic
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
# Linux tells a peak in kibibytes, macOS in bytes.
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024

# What a measured function gives: its own figures by name, beside what its process cost.
Numbers = dict[str, float]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process cost: CPU (user and system) with the interpreter's start, time on the wall, peak of memory."""

    cpu_s: float
    wall_s: float
    peak_bytes: int
    output: str

    @property
    def numbers(self) -> Mapping[str, float]:
        """What the measured function gave."""
        numbers: Mapping[str, float] = json.loads(self.output)
        return numbers


class Failed(Exception):  # noqa: N818 - it names what happened
    """A process failed; its last words say why."""


def run(function: str, *args: object) -> Cost:
    """Call `module:function` of this folder in a fresh interpreter, with every argument as text."""
    return spend(command(function, *args))


def command(function: str, *args: object) -> list[str]:
    """Give the command that calls `module:function` of this folder and prints its numbers, as JSON on one line."""
    return [sys.executable, __file__, function, *map(str, args)]


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment in which the product is found, and `env` on top of it."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environ = {**os.environ, "PYTHONPATH": path, **(env or {})}
    # Whoever starts a command twice finds it compiled.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ


def spend(words: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a command to its end; Failed when it does not exit with 0."""
    # Into files, not pipes: nobody has to read while the process runs.
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        started = monotonic()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment(env), cwd=cwd
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output, said = (_written(file) for file in (stdout, stderr))
    if process.returncode:
        message = f"{' '.join(words[:4])}: exit code {process.returncode}: {said[-2000:].strip()}"
        raise Failed(message)
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * _PEAK_UNIT, output)


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def medians(costs: Sequence[Cost]) -> Numbers:
    """Give the median of every number that several runs gave, and of `cpu_s`, `wall_s` and `peak_bytes`."""
    gathered = [
        {"cpu_s": cost.cpu_s, "wall_s": cost.wall_s, "peak_bytes": float(cost.peak_bytes), **cost.numbers}
        for cost in costs
    ]
    return {name: median(numbers[name] for numbers in gathered) for name in gathered[0]}


def _call(function: str, *args: str) -> None:
    module, _, name = function.partition(":")
    measured: Callable[..., Numbers] = getattr(import_module(module), name)
    sys.stdout.write(json.dumps(measured(*args)))


if __name__ == "__main__":
    _call(*sys.argv[1:])
