"""One writer for each tenant on a machine: a lock that dies with its process, and says who holds it."""

import errno
import fcntl
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote

import msgspec

from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import Refused

_POLL_S = 0.2
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_HOLDER = 16 * 1024
_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, for whoever comes second; `who` is empty where nobody knows."""

    pid: int
    host: str
    run: str
    who: str
    since: datetime


class _HolderFile(msgspec.Struct):
    """The same as it stands in the file; everybody may have written it."""

    pid: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    host: str
    run: str
    who: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]


class TenantLock:
    """A lock that is held; leaving the `with` block, or the end of the process in whatever way, frees it.

    It is the kernel's (flock), not the file's: a file that a dead process left behind locks nothing. A program that
    this process starts does not inherit it.
    """

    def __init__(self, file: int) -> None:
        self._file = file

    @classmethod
    async def acquire(  # noqa: PLR0913 - each is named at the call
        cls, folder: Path, tenant: str, holder: Holder, *, clock: Clock, wait_s: float, stage: Callable[[str], None]
    ) -> Self:
        """Take the lock of the tenant, a file in `folder`; wait up to `wait_s` for it, and say for whom.

        Refused where somebody else keeps it longer, or the folder cannot be written.
        """
        path = folder / f"{quote(tenant, safe='')}.lock"
        deadline = clock.monotonic() + wait_s
        said = ""
        while (file := _try(path)) is None:
            held_by = f"tenant `{tenant}` is being applied by {_describe(_read_holder(path))}"
            if clock.monotonic() >= deadline:
                hint = "wait for it to end, or let this one wait: reconcile apply --lock-timeout 300"
                raise Refused(Diagnostic("tenant-locked", held_by, hint))
            if held_by != said:
                stage(f"Waiting: {held_by}")
            said = held_by
            await clock.sleep(_POLL_S)
        _write_holder(file, holder)
        return cls(file)

    def release(self) -> None:
        """Free the lock; once is enough, twice does no harm."""
        file, self._file = self._file, -1
        if file >= 0:
            with suppress(OSError):
                os.ftruncate(file, 0)
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def held_by(folder: Path, tenant: str) -> str:
    """Say who holds the lock of the tenant, or nothing where nobody does. Never raises, and makes no file.

    A lock whose file names nobody is free, and is not touched: to try it would refuse whoever takes it right now.
    """
    path = folder / f"{quote(tenant, safe='')}.lock"
    holder = _read_holder(path)
    if holder is None:
        return ""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _describe(holder)
    except OSError:
        return ""
    finally:
        os.close(file)
    return ""


def _try(path: Path) -> int | None:
    """Take the lock, or give None where somebody has it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, _FLAGS, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _check_in_place(file, path)
        except BaseException:
            os.close(file)
            raise
    except BlockingIOError:
        return None
    except OSError as error:
        message = f"the lock `{path}` cannot be taken: {error.strerror or type(error).__name__}; nothing was sent"
        hint = "export RECONCILE_STATE_DIR=~/.reconcile, or another folder on a local disk that you may write"
        raise Refused(Diagnostic("lock-unwritable", message, hint)) from error
    return file


def _check_in_place(file: int, path: Path) -> None:
    """Make sure that the file locked is the one that others will open: it may have been replaced in between."""
    try:
        is_in_place = os.path.samestat(os.fstat(file), path.lstat())
    except FileNotFoundError:
        is_in_place = False
    if not is_in_place:
        raise BlockingIOError(errno.EAGAIN, "the lock was replaced")


def _write_holder(file: int, holder: Holder) -> None:
    """Say who holds the lock; where that cannot be written it is held all the same."""
    words = {"host": holder.host, "run": holder.run, "who": holder.who}
    fields = {"pid": holder.pid, "since": holder.since.isoformat(timespec="seconds")}
    text = json.dumps(fields | {name: word[:_LONGEST_WORD] for name, word in words.items()})
    with suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode("ascii"), 0)


def _read_holder(path: Path) -> Holder | None:
    """Read who holds the lock, or None where the file does not say; it may hold anything."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            text = os.read(file, _LONGEST_HOLDER)
        finally:
            os.close(file)
        found = msgspec.convert(json.loads(text), _HolderFile)
        since = found.since.astimezone(UTC)
    except (OSError, ValueError, OverflowError, RecursionError):
        return None
    host, run, who = (word[:_LONGEST_WORD] for word in (found.host, found.run, found.who))
    return Holder(found.pid, host, run, who, since)


def _describe(holder: Holder | None) -> str:
    if holder is None:
        return "another process"
    since = f"{holder.since:%Y-%m-%dT%H:%M:%SZ}"
    return f"{holder.who or 'somebody'} since {since}, pid {holder.pid} on {holder.host} (run {holder.run})"
