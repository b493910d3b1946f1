"""One simulated machine: its state folder, a disk that tells what is durable on it, and the moment of its death."""

import asyncio
import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Line = Mapping[str, object]


@dataclass
class _Account:
    """How much of one file is durable, and the last durable line about each agent."""

    path: Path
    size: int = 0
    last: dict[str, str] = field(default_factory=dict)

    def read_to(self, size: int) -> None:
        """Take in the lines that have become durable."""
        with self.path.open("rb") as file:
            file.seek(self.size)
            for line in file.read(size - self.size).splitlines():
                fields = json.loads(line)
                if "agent" in fields:
                    self.last[fields["agent"]["id"]] = fields["type"]
        self.size = size


class Machine:
    """Where runs keep their state; `fsync` is given to them as the disk's.

    `breaks_at`: the fsync of that number, and every one after it, fails. `dies_at`: the machine is killed at the moment
    of that number; moments are before and after each fsync, and when a request leaves, arrives and is answered. A power
    cut takes half of what was not durable with it.
    """

    def __init__(
        self, state: Path, breaks_at: int | None = None, dies_at: int | None = None, *, is_power_cut: bool = False
    ) -> None:
        self.state = state
        self._is_power_cut = is_power_cut
        self._breaks_at = breaks_at
        self._dies_at = dies_at
        self._moments = self._fsyncs = 0
        self._accounts: dict[int, _Account] = {}
        self._latest: _Account | None = None
        self._victims: list[asyncio.Task[Any]] = []
        self._corpse = state.with_name(f"{state.name} as it was")
        self.is_dead = False

    def watch(self, victim: "asyncio.Task[Any]") -> None:
        """Say who else is to be killed."""
        self._victims.append(victim)

    def tick(self) -> None:
        """Let a moment pass; perhaps it is the last."""
        if self.is_dead or not self._victims:
            return
        self._moments += 1
        if self._moments == self._dies_at:
            self.is_dead = True
            if self.state.exists():
                shutil.copytree(self.state, self._corpse)
            for victim in self._victims:
                victim.cancel()

    def rise(self) -> None:
        """Start again with the disk as it was at the moment of death."""
        self._victims.clear()
        self._breaks_at = None
        if not self.is_dead:
            return
        self.is_dead, self._dies_at = False, None
        shutil.rmtree(self.state, ignore_errors=True)
        if self._corpse.exists():
            self._corpse.rename(self.state)
        for account in self._accounts.values() if self._is_power_cut else ():
            size = account.path.stat().st_size
            os.truncate(account.path, account.size + (size - account.size) // 2)
        self._accounts.clear()
        self._latest = None

    def fsync(self, file: int) -> None:
        """Make a file durable."""
        self.tick()
        status = os.fstat(file)
        if self.is_dead or stat.S_ISDIR(status.st_mode):
            return
        self._fsyncs += 1
        if self._breaks_at is not None and self._fsyncs >= self._breaks_at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if status.st_ino not in self._accounts:
            path = next(each for each in self.runs() if each.stat().st_ino == status.st_ino)
            self._accounts[status.st_ino] = _Account(path)
        self._latest = self._accounts[status.st_ino]
        self._latest.read_to(status.st_size)
        self.tick()

    def has_intent(self, agent_id: str) -> bool:
        """Whether the last durable line about the agent, in the journal that was written last, is an intent."""
        return self._latest is not None and self._latest.last.get(agent_id) == "intent"

    def runs(self) -> list[Path]:
        """Every journal."""
        return sorted((self.state / "runs").glob("*.jsonl"))

    def journals(self) -> Iterator[list[Line]]:
        """Every journal's whole lines."""
        for path in self.runs():
            text = path.read_text(encoding="ascii")
            yield [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
