"""Kills in this process: at every request and every fsync there is, before and after it, on a disk that forgets."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from reconciler import pipeline
from reconciler.diagnostics import Diagnostic
from reconciler.plan.outcome import Outcome
from reconciler.plan.scope import Filters
from reconciler.simulator import make_app
from tests.conftest import VirtualClock
from tests.kill import laws
from tests.kill.disk import Disk, remains
from tests.kill.gate import Gate, Request
from tests.kill.leavings import read_left
from tests.kill.story import held, make_tenant, mishaps, write_files


class Killed(SystemExit):
    """Nobody catches it; what cleans up behind it all the same is undone, see `World.crash`."""


class Point(NamedTuple):
    """Where to kill: `before` or `after` the fsync or the request (arrives; done) of that number within a run."""

    what: str
    number: int
    is_after: bool


@dataclass(frozen=True)
class Crash:
    """What there was at the moment of a kill."""

    safe: dict[str, bytes]
    written: dict[str, bytes]
    lock_files: dict[str, bytes]


class World:
    """One tenant, one state folder, and runs one after the other."""

    def __init__(self, folder: Path, *, is_versioned: bool) -> None:
        self.disk = Disk(folder / "state")
        self.disk.restore({}, {})
        self._clock = VirtualClock()
        self._tenant = make_tenant(self._clock.monotonic, is_versioned=is_versioned)
        self._app = make_app(self._tenant, faults=mishaps(self._tenant), sleep=self._clock.sleep, random=Random(1))
        self._random = Random(1)
        self._root = folder / "desired-state"
        self._fsyncs = 0
        self._kill_at: Point | None = None
        self._crash: Crash | None = None
        self._gate = self._new_gate()

    def run(self, desired_of: "World.Files", kill_at: Point | None = None) -> laws.Ran:
        """Apply once; killed at that point, if it gets there."""
        raise NotImplementedError
