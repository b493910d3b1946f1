"""One writer for each tenant on a machine: the kernel's lock, which dies with its process, and names its holder."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.lock import Holder, TenantLock, held_by
from reconciler.errors import Refused
from tests.conftest import VirtualClock

HOLDER = Holder(4711, "runner-7", "20261122T140000Z-00000a", "ana@example.com", datetime(2026, 11, 22, 14, tzinfo=UTC))

# Takes the lock of `acme` in the folder given, starts a `sleep` that outlives it, says so, and waits to be killed.
KEEPER = """
import asyncio, subprocess, sys
from datetime import UTC, datetime
from pathlib import Path
from reconciler.apply.lock import Holder, TenantLock
from reconciler.clock import SystemClock

async def main():
    holder = Holder(1, "h", "r", "bo", datetime(2026, 11, 22, tzinfo=UTC))
    with await TenantLock.acquire(
        Path(sys.argv[1]), "acme", holder, clock=SystemClock(), wait_s=0, stage=lambda _text: None
    ):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
        print(child.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def _acquire(
    folder: Path, tenant: str = "acme", *, wait_s: float = 0, said: list[str] | None = None, holder: Holder = HOLDER
) -> TenantLock:
    def stage(text: str) -> None:
        if said is not None:
            said.append(text)

    return asyncio.run(TenantLock.acquire(folder, tenant, holder, clock=VirtualClock(), wait_s=wait_s, stage=stage))


def test_the_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with _acquire(tmp_path), pytest.raises(Refused) as caught:
        _acquire(tmp_path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "tenant-locked"
    assert diagnostic.message == (
        "tenant `acme` is being applied by ana@example.com since 2026-11-22T14:00:00Z, pid 4711 on runner-7 "
        "(run 20261122T140000Z-00000a)"
    )
    assert "--lock-timeout 300" in (diagnostic.hint or "")


def test_a_lock_is_free_after_its_block_whatever_happened_in_it(tmp_path: Path) -> None:
    with pytest.raises(KeyError), _acquire(tmp_path):
        raise KeyError
    lock = _acquire(tmp_path)
    lock.release()
    lock.release()
    _acquire(tmp_path).release()


def test_tenants_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Not even those whose names look like paths."""
    with _acquire(tmp_path, "a/b"), _acquire(tmp_path, "../a"), _acquire(tmp_path, "a%2Fb"):
        assert len(list(tmp_path.iterdir())) == 3


def test_whoever_waits_says_so_once_and_gets_it_when_it_is_free(tmp_path: Path) -> None:
    said: list[str] = []

    class Freeing(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if self.monotonic() > 5:
                first.release()

    async def second() -> None:
        clock = Freeing()
        with await TenantLock.acquire(tmp_path, "acme", HOLDER, clock=clock, wait_s=30, stage=said.append):
            assert clock.monotonic() == pytest.approx(5.2, abs=0.3)

    first = _acquire(tmp_path)
    asyncio.run(second())
    assert len(said) == 1
    assert said[0].startswith("Waiting: tenant `acme` is being applied by ana@example.com")


def test_waiting_ends(tmp_path: Path) -> None:
    said: list[str] = []
    clock = VirtualClock()
    with _acquire(tmp_path), pytest.raises(Refused):
        asyncio.run(TenantLock.acquire(tmp_path, "acme", HOLDER, clock=clock, wait_s=300, stage=said.append))
    assert clock.monotonic() == pytest.approx(300, abs=0.3)
    assert len(said) == 1


def test_a_lock_file_replaced_while_it_is_taken_is_not_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second opens the new file, so the old one keeps nobody out."""
    flock = fcntl.flock
    replaced: list[int] = []

    def replace_then_flock(file: int, operation: int) -> None:
        if not replaced:
            (tmp_path / "acme.lock").unlink()
            replaced.append((tmp_path / "acme.lock").write_text(""))
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", replace_then_flock)
    with _acquire(tmp_path, wait_s=1), pytest.raises(Refused):
        _acquire(tmp_path)
    assert replaced


def test_whoever_is_refused_leaves_nothing_open(tmp_path: Path) -> None:
    with _acquire(tmp_path):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            with pytest.raises(Refused):
                _acquire(tmp_path, wait_s=1)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_a_file_that_a_dead_process_left_locks_nothing(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever stands in it; and while it is held, whatever stands in it makes no crash."""
    folder = tmp_path_factory.mktemp("locks")
    (folder / "acme.lock").write_bytes(content)
    with _acquire(folder):
        (folder / "acme.lock").write_bytes(content)
        with pytest.raises(Refused, match="by another process"):
            _acquire(folder)


@pytest.mark.parametrize(
    "content",
    [
        b'{"pid":1,"host":"h","run":"r","who":"w","since":"0001-01-01T00:00:00+14:00"}',
        b'{"pid":1e400,"host":"h","run":"r","who":"w","since":"2026-11-22T14:00:00Z"}',
        b'{"pid":-1,"host":"h","run":"r","who":"w","since":"2026-11-22T14:00:00Z"}',
        b'{"pid":1,"host":"h","run":"r","who":"w","since":"2026-11-22T14:00:00"}',
        b"[" * 16_000,
        b'{"pid":' + b"9" * 9000 + b"}",
    ],
)
def test_a_holder_that_makes_no_sense_is_nobody(tmp_path: Path, content: bytes) -> None:
    with _acquire(tmp_path):
        (tmp_path / "acme.lock").write_bytes(content)
        with pytest.raises(Refused, match="by another process"):
            _acquire(tmp_path)


def test_what_a_holder_says_of_itself_is_cut(tmp_path: Path) -> None:
    boastful = Holder(1, "h" * 500, "r", "\U0001f600" * 5000, HOLDER.since)
    with _acquire(tmp_path, holder=boastful), pytest.raises(Refused) as caught:
        _acquire(tmp_path)
    assert len(str(caught.value)) < 600
    assert "\U0001f600" in str(caught.value)
    with _acquire(tmp_path):
        words = b'{"pid":1,"host":"%s","run":"r","who":"w","since":"2026-11-22T14:00:00Z"}'
        (tmp_path / "acme.lock").write_bytes(words % (b"h" * 5000))
        with pytest.raises(Refused, match=r"pid 1 on h{200} "):
            _acquire(tmp_path)


def test_nobody_known_is_somebody(tmp_path: Path) -> None:
    with (
        _acquire(tmp_path, holder=Holder(1, "h", "r", "", HOLDER.since)),
        pytest.raises(Refused, match="applied by somebody since"),
    ):
        _acquire(tmp_path)


def test_a_folder_that_cannot_be_written_refuses_the_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(Refused) as caught:
        _acquire(tmp_path / "state" / "locks")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "lock-unwritable"
    assert "RECONCILE_STATE_DIR" in (diagnostic.hint or "")


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/dev/null")], ids=["folder", "link"])
def test_what_is_no_file_is_no_lock(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A link could make two tenants, or two state folders, share a file."""
    make(tmp_path / "acme.lock")
    with pytest.raises(Refused, match="cannot be taken"):
        _acquire(tmp_path)


def test_a_lock_and_its_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    with _acquire(tmp_path / "locks"):
        assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "locks" / "acme.lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.real
def test_a_killed_process_frees_its_lock_though_its_child_lives(tmp_path: Path) -> None:
    """Kill -9: nothing is cleaned up; and a program that was started meanwhile does not keep the lock."""
    with subprocess.Popen([sys.executable, "-c", KEEPER, str(tmp_path)], stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout
        child = int(keeper.stdout.readline())
        try:
            with pytest.raises(Refused, match="applied by bo since 2026-11-22T00:00:00Z, pid 1 on h"):
                _acquire(tmp_path)
            keeper.send_signal(signal.SIGKILL)
            keeper.wait()
            os.kill(child, 0)  # it is still there
            _acquire(tmp_path).release()
        finally:
            keeper.kill()
            os.kill(child, signal.SIGKILL)


def test_who_holds_it_can_be_asked_without_taking_it(tmp_path: Path) -> None:
    """Nobody before and after, the holder meanwhile; and to ask makes no file."""
    assert (held_by(tmp_path, "acme"), list(tmp_path.iterdir())) == ("", [])
    with _acquire(tmp_path):
        assert held_by(tmp_path, "acme").startswith("ana@example.com since 2026-11-22T14:00:00Z, pid 4711")
        assert held_by(tmp_path, "other") == ""
    assert held_by(tmp_path, "acme") == ""


def test_a_lock_whose_holder_died_is_held_by_nobody(tmp_path: Path) -> None:
    """Its file still names one."""
    left = b'{"pid": 1, "host": "h", "run": "r", "who": "bo", "since": "2026-11-22T00:00:00+00:00"}'
    (tmp_path / "acme.lock").write_bytes(left)
    assert held_by(tmp_path, "acme") == ""
    with _acquire(tmp_path):
        assert held_by(tmp_path, "acme")
