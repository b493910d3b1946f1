"""Slots in a SQLite file: all processes of a machine share one tenant's budget.

The times in it are those of the machine's monotonic clock, which all its processes share and which begins anew with
each boot; so what a former boot has left is void. A process that was killed frees its slots by their lease.
"""

import contextlib
import logging
import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from reconciler.live.rate.budget import Admitted, Budget, Closed, Load, Slot, Terms, Wait, admit
from reconciler.live.rate.store import Lesson, StoreUnusable

_LOGGER = logging.getLogger(__name__)
# No lease of anybody reaches further than this.
_LONGEST_LEASE_S = 600.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SCHEMA = (
    # Ids are never used again: an answer that comes after its lease must not settle somebody else's slot.
    "CREATE TABLE IF NOT EXISTS slot (id INTEGER PRIMARY KEY AUTOINCREMENT, ends_at REAL, in_flight INTEGER)",
    "CREATE INDEX IF NOT EXISTS slot_ends ON slot (in_flight, ends_at)",
    "CREATE TABLE IF NOT EXISTS state (only INTEGER PRIMARY KEY CHECK (only = 1), boot TEXT, budget TEXT)",
)
_PROBES = ("SELECT id, ends_at, in_flight FROM slot LIMIT 0", "SELECT only, boot, budget FROM state LIMIT 0")
# Each finds its rows by the index: a limit may be a hundred thousand.
_FORGET = (
    "DELETE FROM slot WHERE in_flight = ? AND ends_at <= ?",
    "DELETE FROM slot WHERE in_flight = ? AND ends_at > ?",
)
_LOAD = (
    "SELECT (SELECT count(*) FROM slot), (SELECT count(*) FROM slot WHERE in_flight = 1),"
    " (SELECT min(ends_at) FROM slot WHERE in_flight = 0), (SELECT min(ends_at) FROM slot WHERE in_flight = 1)"
)
# What is waited for must be free then, whichever way the sum is rounded.
_ROUNDING_S = 1e-6
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_SCHEMA")
_ELSEWHERE = (
    "set RECONCILE_STATE_DIR to a folder that can be written, or run nothing else against this tenant meanwhile"
)
# By how SQLite names an error; the first that fits.
_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        "SQLITE_BUSY",
        "stays locked by another process",
        "end the process that holds it, or run nothing else against this tenant meanwhile",
    ),
    ("SQLITE_FULL", "cannot grow: the disk is full", "free some space, or " + _ELSEWHERE),
    ("SQLITE_READONLY", "cannot be written", _ELSEWHERE),
    ("SQLITE_CANTOPEN", "cannot be opened", _ELSEWHERE),
    ("SQLITE_IOERR", "cannot be read or written", "see whether the disk is full, or " + _ELSEWHERE),
    ("SQLITE_NOTADB", "is damaged", "delete it"),
    ("SQLITE_CORRUPT", "is damaged", "delete it"),
)


class SqliteStore:
    """A store in the file at `path`, opened when it is first needed.

    `boot_id` is a file that names this boot of the machine; without it the times alone must tell. `busy_s` is how long
    to wait, with everything else, for another process that is at the file: a transaction takes less than a millisecond.
    """

    def __init__(self, path: Path, terms: Terms, *, boot_id: Path = _BOOT_ID, busy_s: float = 2.0) -> None:
        self._path = path
        self._terms = terms
        self._boot_id = boot_id
        self._busy_s = busy_s
        self._connection: sqlite3.Connection | None = None

    async def charge(self, now: float, count: int = 1) -> tuple[Slot, ...] | Wait | Closed:
        """Take so many slots, if that may be now."""
        with self._transaction() as connection:
            self._forget(connection, now)
            budget = _read_budget(connection)
            before = Budget() if budget.is_of_former_boot(now) else budget
            verdict = admit(before, self._load(connection, now), self._terms, now, count)
            if not isinstance(verdict, Admitted):
                return verdict
            if verdict.budget != budget:
                _write_budget(connection, verdict.budget)
            return tuple(self._slot(connection, now) for _ in range(verdict.count))

    def _slot(self, connection: sqlite3.Connection, now: float) -> Slot:
        ends_at = now + self._terms.lease_s
        inserted = connection.execute("INSERT INTO slot (ends_at, in_flight) VALUES (?, 1)", (ends_at,))
        return Slot(inserted.lastrowid or 0, now)

    async def settle(self, slot: Slot, ends_at: float, lesson: Lesson | None) -> Budget:
        """Let the slot be free one window after `ends_at`, and keep what the answer teaches."""
        with self._transaction() as connection:
            connection.execute("UPDATE slot SET ends_at = ?, in_flight = 0 WHERE id = ?", (ends_at, slot.id))
            budget = _read_budget(connection)
            if lesson is None:
                return budget
            self._forget(connection, ends_at)
            learnt = lesson(budget, self._load(connection, ends_at))
            if learnt != budget:
                _write_budget(connection, learnt)
            return learnt

    async def renew(self, slot: Slot, now: float) -> Slot | None:
        """Let a slot that was taken ahead begin now."""
        with self._transaction() as connection:
            self._forget(connection, now)
            if not isinstance(
                admit(_read_budget(connection), self._load(connection, now), self._terms, now, 0), Admitted
            ):
                return None
            ends_at = now + self._terms.lease_s
            renewed = connection.execute("UPDATE slot SET ends_at = ? WHERE id = ?", (ends_at, slot.id))
            return Slot(slot.id, now) if renewed.rowcount else None

    async def give_back(self, slot: Slot) -> None:
        """Free the slot at once."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM slot WHERE id = ?", (slot.id,))

    async def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        """Open the file, made on demand; into the place of a damaged one comes a fresh one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._connected()
        except sqlite3.Error as error:
            if not _is_damaged(error):
                raise
        text = "the rate ledger %s is damaged, a new one begins; what others sent in the last minute is not known"
        _LOGGER.warning(text, self._path)
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(f"{self._path.name}{suffix}").unlink(missing_ok=True)
        return self._connected()

    def _connected(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, timeout=self._busy_s, isolation_level=None)
        try:
            _prepare(connection, self._boot())
        except BaseException:
            connection.close()
            raise
        return connection

    def _boot(self) -> str:
        try:
            return self._boot_id.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._connection is None:
                self._connection = self._opened()
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError) as error:
            raise _unusable(self._path, error) from error

    def _forget(self, connection: sqlite3.Connection, now: float) -> None:
        """Free what is over, and what is of a former boot."""
        over = now - self._terms.window_s + _ROUNDING_S
        latest = now + max(_LONGEST_LEASE_S, self._terms.lease_s)
        for in_flight in (0, 1):
            connection.execute(_FORGET[0], (in_flight, over))
            connection.execute(_FORGET[1], (in_flight, latest))

    def _load(self, connection: sqlite3.Connection, now: float) -> Load:
        taken, in_flight, first_ended, first_in_flight = connection.execute(_LOAD).fetchone()
        # Whatever is in flight may be answered this very moment, and no earlier.
        first = math.inf if first_in_flight is None else min(first_in_flight, now)
        first = first if first_ended is None else min(first, first_ended)
        return Load(taken, in_flight, first + self._terms.window_s)


def _read_budget(connection: sqlite3.Connection) -> Budget:
    (text,) = connection.execute("SELECT budget FROM state").fetchone()
    try:
        return msgspec.json.decode(text, type=Budget)
    except (msgspec.DecodeError, TypeError):
        return Budget()  # of another version of this tool; it is learnt again


def _write_budget(connection: sqlite3.Connection, budget: Budget) -> None:
    connection.execute("UPDATE state SET budget = ?", (msgspec.json.encode(budget).decode(),))


def _prepare(connection: sqlite3.Connection, boot: str) -> None:
    """Make the tables, unless they are there; sqlite3.Error when they are not ours, or damaged."""
    if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
        message = "quick_check failed"
        raise sqlite3.DatabaseError(message)
    # Does not wait for a process that opens the file at the same moment, and that then makes the same change.
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in (*_SCHEMA, *_PROBES):
        connection.execute(statement)
    if connection.execute("SELECT boot FROM state").fetchone() != (boot,):
        connection.execute("DELETE FROM slot")
        fresh = msgspec.json.encode(Budget()).decode()
        connection.execute("INSERT OR REPLACE INTO state (only, boot, budget) VALUES (1, ?, ?)", (boot, fresh))
    connection.execute("COMMIT")


def _is_damaged(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", _DAMAGED[0]).startswith(_DAMAGED)


def _unusable(path: Path, error: Exception) -> StoreUnusable:
    name = getattr(error, "sqlite_errorname", "")
    for prefix, words, hint in _WORDS:
        if name.startswith(prefix):
            return StoreUnusable(f"the rate ledger {path} {words}", hint)
    reason = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
    return StoreUnusable(f"the rate ledger {path} cannot be used: {reason}", _ELSEWHERE)
