"""The ledger in a file: shared by processes, outliving runs, and never the reason why a run fails."""

import asyncio
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from reconciler.live import Tenant
from reconciler.live.rate.budget import Heard, Terms
from reconciler.live.rate.fallback import FallbackStore
from reconciler.live.rate.ledger import RateLedger
from reconciler.live.rate.memory import MemoryStore
from reconciler.live.rate.sqlite import SqliteStore
from reconciler.live.waits import Grant
from reconciler.model.tenant import RateLimit

from .ledgers import LEASE_S
from .server import Answer, FakeClock, Server, agent, agent_id, by_id, running, scripted

WINDOW_S = 10.0
TERMS = Terms(RateLimit(3, WINDOW_S), LEASE_S)
SHARER = Path(__file__).with_name("sharer.py")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet, in a folder that is not either."""
    return tmp_path / "ledgers" / "acme.sqlite"


def ledger_at(path: Path, clock: FakeClock, boot_id: Path = Path("/nowhere")) -> RateLedger:
    """Make the ledger of one process."""
    shared = SqliteStore(path, TERMS, boot_id=boot_id, busy_s=0.05)
    return RateLedger(FallbackStore(shared, MemoryStore(TERMS)), TERMS, clock, Random(1))


async def use(ledger: RateLedger, clock: FakeClock, *heard: Heard) -> float:
    """Send requests, one after the other, and close; give how long that took."""
    started = clock.passed
    for each in heard:
        await ledger.answered(await ledger.charge(), each)
    await ledger.aclose()
    return clock.passed - started


def used(ledger: RateLedger, clock: FakeClock, count: int) -> float:
    """Run one process that sends `count` requests."""
    return asyncio.run(use(ledger, clock, *[Heard(200)] * count))


def test_a_restart_inside_the_window_knows_what_was_sent(path: Path) -> None:
    """P4, over restarts: slots, the gate, the halved rate and what the tenant granted."""
    clock = FakeClock()
    assert used(ledger_at(path, clock), clock, 2) == 0
    clock.passed += 4
    assert used(ledger_at(path, clock), clock, 1) == 0
    assert used(ledger_at(path, clock), clock, 1) == pytest.approx(6.01)
    clock.passed += 100
    asyncio.run(use(ledger_at(path, clock), clock, Heard(429, 8.0)))
    assert used(ledger_at(path, clock), clock, 1) == pytest.approx(10.01)
    clock.passed += 1000
    asyncio.run(use(ledger_at(path, clock), clock, Heard(200, grant=Grant(0, 30.0))))
    assert used(ledger_at(path, clock), clock, 1) == pytest.approx(30)


def test_it_is_its_owners_alone_and_leaves_nothing_open(path: Path) -> None:
    used(ledger_at(path, FakeClock()), FakeClock(), 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("knows_boots", [True, False])
def test_what_a_former_boot_has_left_is_void(path: Path, tmp_path: Path, *, knows_boots: bool) -> None:
    """The clock began anew: by the name of the boot, else because the times are yet to come."""
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("first\n")
    clock = FakeClock()
    clock.passed = 100_000.0
    asyncio.run(use(ledger_at(path, clock, boot_id), clock, Heard(200), Heard(200), Heard(429, 3000.0)))
    if knows_boots:
        boot_id.write_text("second\n")
        clock.passed = 100_001.0
    else:
        clock.passed = 5.0
    assert used(ledger_at(path, clock, boot_id), clock, 3) == 0
    assert used(ledger_at(path, clock, boot_id), clock, 1) == pytest.approx(10.01)


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribbled_over(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def of_somebody_else(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE slot (something TEXT)")
    connection.close()


@pytest.mark.parametrize("damage", [garbage, cut_off, scribbled_over, of_somebody_else])
def test_a_fresh_file_comes_into_the_place_of_a_damaged_one(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """With one warning; from then on it is shared again."""
    clock = FakeClock()
    used(ledger_at(path, clock), clock, 1)
    damage(path)
    assert used(ledger_at(path, clock), clock, 3) == 0
    (record,) = caplog.records
    assert (record.levelno, record.name.split(".")[0]) == (logging.WARNING, "reconciler")
    assert str(path) in record.getMessage()
    assert used(ledger_at(path, clock), clock, 1) == pytest.approx(10.01)
    assert len(caplog.records) == 1


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def below_a_file(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("")


def read_only(path: Path) -> None:
    """SQLite must not write what claims a later version; the superuser may write everything else."""
    whole = bytearray(path.read_bytes())
    whole[18] = 3
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(a_folder, "Is a directory"), (below_a_file, "File exists"), (read_only, "cannot be written")],
)
def test_without_a_usable_file_a_run_counts_for_itself(
    path: Path, trouble: Callable[[Path], None], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning that says what to do; the limit is kept all the same, within the run."""
    clock = FakeClock()
    used(ledger_at(path, clock), clock, 1)
    trouble(path)
    assert used(ledger_at(path, clock), clock, 7) == pytest.approx(20.02)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    for expected in (str(path), words, "RECONCILE_STATE_DIR"):
        assert expected in record.getMessage()


def test_a_file_that_stays_locked_is_left_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What this run has sent before still counts; a lock that is soon gone is waited for."""
    clock = FakeClock()
    ledger = ledger_at(path, clock)

    async def run() -> float:
        for _ in range(2):
            await ledger.answered(await ledger.charge(), Heard(200))
        slot = await ledger.charge()
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        await ledger.answered(slot, Heard(200))
        took_s = await use(ledger, clock, *[Heard(200)] * 3)
        holder.close()
        return took_s

    assert asyncio.run(run()) == pytest.approx(10.01)
    (record,) = caplog.records
    assert "stays locked by another process" in record.getMessage()


@pytest.mark.parametrize("moment", ["charge", "answered", "give back"])
def test_a_file_that_goes_bad_in_the_middle_of_a_run_stops_nothing(
    path: Path, moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever was about to be written; what was learnt so far stays known."""
    clock = FakeClock()
    ledger = ledger_at(path, clock)

    async def run() -> float:
        await ledger.answered(await ledger.charge(), Heard(200, grant=Grant(1, 25.0)))
        slots = [] if moment == "charge" else [await ledger.charge()]
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE slot")
        other.close()
        for slot in slots:
            await (ledger.answered(slot, Heard(200)) if moment == "answered" else ledger.give_back(slot))
        return await use(ledger, clock, *[Heard(200)] * 2)

    assert asyncio.run(run()) == pytest.approx(25)
    (record,) = caplog.records
    assert "cannot be used: no such table" in record.getMessage()


def test_what_is_in_flight_when_the_file_goes_bad_still_takes_its_slots(path: Path) -> None:
    clock = FakeClock()
    ledger = ledger_at(path, clock)

    async def run() -> float:
        for _ in range(2):
            await ledger.charge()
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE slot")
        other.close()
        return await use(ledger, clock, *[Heard(200)] * 2)

    assert asyncio.run(run()) == pytest.approx(10.01)


def test_sessions_share_the_file_that_the_connection_names(path: Path) -> None:
    """Tokens, readings and repeats: three sessions of two requests each, at four in a minute."""
    clock = FakeClock()
    times: list[float] = []
    for _ in range(3):
        server = Server(scripted("GET", agent_id(1), Answer(500), Answer(body=agent(1))), by_id(), clock=clock)

        async def work(tenant: Tenant) -> object:
            return await tenant.read_agent(agent_id(1))

        running(server, work, rate_limit=RateLimit(4, 60.0), ledger=path)
        times += [call.at for call in server.calls]
    assert len(times) == 9
    for at in times:
        assert sum(at - 60 < other <= at for other in times) <= 4


def arrivals_of(*sharers: "subprocess.Popen[str]") -> list[float]:
    outputs = [sharer.communicate(timeout=60) for sharer in sharers]
    assert [errors for _, errors in outputs if errors] == []
    return sorted(float(line) for output, _ in outputs for line in output.splitlines())


def start(path: Path, limit: RateLimit, count: int, prefix: str = "") -> "subprocess.Popen[str]":
    """Start a process that takes `count` slots, ten at a time."""
    arguments = [str(SHARER), str(path), str(limit.requests), str(limit.per_seconds), str(count), "10"]
    command = ["sh", "-c", f'{prefix} exec "$@"', "sh", sys.executable, *arguments]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


@pytest.mark.real
def test_processes_share_one_budget_and_use_all_of_it(path: Path) -> None:
    """P4, for real: three processes, one of them killed on the way; its slots come back by themselves."""
    limit = RateLimit(40, 0.5)
    sharers = [start(path, limit, 60) for _ in range(3)]
    killed = sharers[2]
    assert killed.stdout is not None
    first = float(killed.stdout.readline())
    killed.send_signal(signal.SIGKILL)
    arrivals = sorted([first, *arrivals_of(*sharers)])
    assert 120 < len(arrivals) <= 180
    for at in arrivals:
        assert sum(at - limit.per_seconds < other <= at for other in arrivals) <= limit.requests
    assert arrivals[-1] - arrivals[0] < 5  # five windows at most, if the machine is not too busy


@pytest.mark.real
def test_a_full_disk_stops_nothing(path: Path) -> None:
    """A file that may not grow any more stands in for the disk."""
    sharer = start(path, RateLimit(30, 0.2), 60, prefix="ulimit -f 16;")
    output, errors = sharer.communicate(timeout=60)
    assert len(output.splitlines()) == 60
    (warning,) = errors.splitlines()
    assert "RECONCILE_STATE_DIR" in warning
