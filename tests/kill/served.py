"""Real runs against a tenant behind a real socket: each is a process of its own, and can be killed on the point."""

import asyncio
import os
import re
import select
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random

import uvicorn

from reconciler.simulator import ConnectionDropped, make_app
from reconciler.simulator.app import Message, Receive, Send
from tests.kill.gate import Gate, Request
from tests.kill.laws import Ran
from tests.kill.story import held, make_tenant, mishaps, write_files
from tests.kill.zygote import Zygote

# No run waits for anything: one that takes longer waits for what a dead one holds.
_LONGEST_RUN_S = 15.0
_SAID = re.compile(r"^note\[write-resolved\]: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Point:
    """When to kill: at the arrival of request `number`, once it is done, or `after_s` later than that.

    Number 0 is the start of the process.
    """

    number: int
    is_done: bool = True
    after_s: float | None = None


class Door:
    """The server: one socket for all worlds; `gate` is the one of the day."""

    def __init__(self) -> None:
        self.gate: Gate | None = None
        self._loops: Queue[asyncio.AbstractEventLoop] = Queue()
        # With its protocol named, asyncio lets small pieces go at once.
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(self, log_config=None, log_level="critical", access_log=False, ws="none", http="h11")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))
        self._thread.start()
        self.loop = self._loops.get(timeout=10)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve through today's gate."""
        if scope["type"] == "lifespan":
            self._loops.put(asyncio.get_running_loop())
            message = "there is nothing to open or close"
            raise NotImplementedError(message)
        if self.gate is not None:
            await self.gate(scope, receive, send)

    def settle(self) -> None:
        """Wait until everything that was sent has been dealt with."""
        asyncio.run_coroutine_threadsafe(self._settle(), self.loop).result(timeout=10)

    async def _settle(self) -> None:
        quiet = 0
        while quiet < 5:  # turns of the loop, each of which reads whatever has arrived
            await asyncio.sleep(0)
            quiet = 0 if self.gate and self.gate.under_way else quiet + 1

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listener.close()


@dataclass(frozen=True)
class Ground:
    """What all worlds of a test process share."""

    folder: Path
    door: Door
    zygote: Zygote


@contextmanager
def prepared(folder: Path) -> Iterator[Ground]:
    """Make the ground below `folder`."""
    write_files(folder / "desired-state")
    (folder / "no-certificates").mkdir()
    zygote = Zygote()
    door = Door()
    yield Ground(folder, door, zygote)
    zygote.close()
    door.close()


class World:
    """One tenant and one state folder; runs come one after the other."""

    def __init__(self, ground: Ground, name: str, *, is_versioned: bool) -> None:
        self.folder = ground.folder / name
        self.folder.mkdir()
        for stream in ("out", "err"):
            (self.folder / stream).touch()
        self._ground = ground
        self._tenant = make_tenant(None, is_versioned=is_versioned)
        self._app = make_app(self._tenant, faults=mishaps(self._tenant), random=Random(1))
        self._environ = {
            "RECONCILE_STATE_DIR": "state",
            "RECONCILE_DIR": str(ground.folder / "desired-state"),
            "CXONE_BASE_URL": ground.door.url,
            "CXONE_CLIENT_ID": "demo",
            "CXONE_CLIENT_SECRET": "demo-secret",
            "GITHUB_ACTOR": "tester",
            "GITHUB_SHA": "0123456789abcdef",
            # Nothing here is encrypted, and to read the machine's certificates takes half of a run.
            "SSL_CERT_DIR": str(ground.folder / "no-certificates"),
        }

    @property
    def runs(self) -> Path:
        """The folder of the journals."""
        return self.folder / "state" / "runs"

    def run(self, kill_at: Point | None = None) -> tuple[Ran, int]:
        """Apply once, killed at that point, if it gets there; give the exit code too (-9: killed)."""
        known = frozenset(self._journals())
        start = {agent.id: held(agent) for agent in self._tenant.agents.values()}
        first = len(self._tenant.commits)
        killer = _Killer(kill_at, self._ground.door)
        gate = Gate(self._app, asyncio.sleep, lambda: _without(self._journals(), known), killer.at_request)
        self._ground.door.gate = killer.gate = gate
        began = time.monotonic()
        pid = self._ground.zygote.start(["apply", "--yes"], self.folder, self._environ)
        killer.aim(pid)
        code = self._ground.zygote.wait(pid)
        assert time.monotonic() - began < _LONGEST_RUN_S
        self._ground.door.loop.call_soon_threadsafe(killer.disarm)
        self._ground.door.settle()
        self._app.faults.clear()
        err = (self.folder / "err").read_text(encoding="utf-8")
        assert "Traceback" not in err
        commits = tuple(self._tenant.commits[first:])
        said = tuple(_SAID.findall(err))
        journals = self._journals()
        ran = Ran(start, commits, gate.patches, gate.single_reads, gate.early, journals, known, code == 0, said)
        return ran, code

    def out(self) -> str:
        """Give what the last run wrote to stdout."""
        return (self.folder / "out").read_text(encoding="utf-8")

    def slots_in_flight(self) -> list[float]:
        """Give, of every slot of the rate ledger that nobody has settled, in how many seconds it is free by itself."""
        with closing(sqlite3.connect(self.folder / "state" / "rate" / "acme.sqlite")) as ledger:
            assert ledger.execute("PRAGMA quick_check").fetchone() == ("ok",)
            rows = ledger.execute("SELECT ends_at FROM slot WHERE in_flight = 1").fetchall()
        return [ends_at - time.monotonic() for (ends_at,) in rows]

    def _journals(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.runs.glob("*")}


def _without(journals: dict[str, bytes], known: frozenset[str]) -> dict[str, bytes]:
    return {name: content for name, content in journals.items() if name not in known}


class _Killer:
    """Kills one process once it is where it shall die; nothing happens at the tenant before it is dead."""

    def __init__(self, point: Point | None, door: Door) -> None:
        self.gate: Gate | None = None
        self._point = point
        self._door = door
        self._is_aimed = threading.Event()
        # Names this process and no other, even once its number is given to another one.
        self._process: int | None = None

    def aim(self, pid: int) -> None:
        """Learn which process it is, before anybody has waited for it."""
        self._process = os.pidfd_open(pid)
        self._is_aimed.set()
        if self._point and self._point.number == 0:
            self._door.loop.call_soon_threadsafe(self._later, self._point.after_s or 0.0)

    def disarm(self) -> None:
        """Kill nobody from now on; called in the server's thread, as everything below."""
        if self._process is not None:
            os.close(self._process)
            self._process = None

    def at_request(self, request: Request, is_done: bool) -> None:
        """Hear of a request."""
        if self._point is None or (request.number, is_done) != (self._point.number, self._point.is_done):
            return
        if self._point.after_s is not None:
            self._later(self._point.after_s)
            return
        self._kill()
        if not is_done and self.gate:
            self.gate.is_lossy = True
            message = "the client is dead"
            raise ConnectionDropped(message)

    def _later(self, seconds: float) -> None:
        self._door.loop.call_later(seconds, self._kill)

    def _kill(self) -> None:
        assert self._is_aimed.wait(10)
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        death = select.poll()
        death.register(self._process, select.POLLIN)
        assert death.poll(10_000)
