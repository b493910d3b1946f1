"""Parsed files kept between runs, by the digest of what they hold: a guarded shortcut that is never relied upon.

The store is a SQLite file that several processes may share. Whatever is damaged or in the way is a miss, not an error.
"""

import contextlib
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import sqlite3

_CHECK_BYTES = 16
_WAIT_S = 2.0
_ROWS_PER_USED = 4
# As much as is held back until it is written: a large tenant's files would else stand in memory twice.
_BATCH_BYTES = 4 << 20
_SCHEMA = "CREATE TABLE IF NOT EXISTS parsed (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"
_ADD = "INSERT OR REPLACE INTO parsed (key, used, value) VALUES (?, ?, ?)"
_TOUCH = "UPDATE parsed SET used = ? WHERE key = ?"
_PRUNE = "DELETE FROM parsed WHERE key NOT IN (SELECT key FROM parsed ORDER BY used DESC, key LIMIT ?)"


class ParseCache:
    """A store of bytes by key; what is put is written a few megabytes at a time, each time in one transaction."""

    def __init__(self, path: Path, connection: "sqlite3.Connection") -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = connection
        self._hits: list[bytes] = []
        self._new: dict[bytes, bytes] = {}
        self._new_bytes = 0
        self._written = 0
        self._latest: int | None = None

    @classmethod
    def open(cls, path: Path) -> "ParseCache | None":
        """Open or make the store at `path`; None when it cannot be had."""
        import sqlite3  # noqa: PLC0415 - completion and `--help` never get here

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # It holds the names of agents: for its owner's eyes only.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            try:
                return cls(path, _connected(path))
            except sqlite3.OperationalError:
                return None  # busy, full or read-only: not damaged
            except sqlite3.DatabaseError:
                path.unlink(missing_ok=True)
                return cls(path, _connected(path))
        except (OSError, sqlite3.Error):
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, key: bytes) -> bytes | None:
        """Give what was put under `key`, if it is there and undamaged."""
        import sqlite3  # noqa: PLC0415 - as above

        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT value FROM parsed WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            self._give_up()
            return None
        if row is None or not isinstance(row[0], bytes):
            return None
        check, value = row[0][:_CHECK_BYTES], row[0][_CHECK_BYTES:]
        if _check(key, value) != check:
            return None
        self._hits.append(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value` under `key`."""
        import sqlite3  # noqa: PLC0415 - as above

        if self._connection is None:
            return
        self._new[key] = _check(key, value) + value
        self._new_bytes += len(value)
        if self._new_bytes >= _BATCH_BYTES:
            try:
                self._write(self._connection)
            except sqlite3.Error:
                self._give_up()

    def close(self) -> None:
        """Write what was put, forget what was not used for long, and let go of the file."""
        import sqlite3  # noqa: PLC0415 - as above

        if self._connection is None:
            return
        try:
            # A run that only read leaves the file alone: then it costs nothing, and ages nothing.
            if self._new or self._written:
                self._write(self._connection)
                self._age(self._connection)
            self._connection.close()
        except sqlite3.Error:
            self._give_up()
        self._connection = None

    def _write(self, connection: "sqlite3.Connection") -> None:
        """Write what is waiting."""
        connection.execute("BEGIN IMMEDIATE")
        if self._latest is None:
            (self._latest,) = connection.execute("SELECT coalesce(max(used), 0) + 1 FROM parsed").fetchone()
        connection.executemany(_ADD, [(key, self._latest, value) for key, value in self._new.items()])
        connection.execute("COMMIT")
        self._written += len(self._new)
        self._new.clear()
        self._new_bytes = 0

    def _age(self, connection: "sqlite3.Connection") -> None:
        """Note what was used, and forget what was not used for long."""
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_TOUCH, [(self._latest, key) for key in self._hits])
        connection.execute(_PRUNE, (_ROWS_PER_USED * (len(self._hits) + self._written),))
        connection.execute("COMMIT")

    def _give_up(self) -> None:
        """Leave a store that fails; one that is damaged is removed, so that the next run makes it anew."""
        import sqlite3  # noqa: PLC0415 - as above

        if self._connection is None:
            return
        try:
            is_sound = self._connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.OperationalError:
            is_sound = True  # busy, full or read-only: not damaged
        except sqlite3.Error:
            is_sound = False
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._connection = None
        if not is_sound:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


def _connected(path: Path) -> "sqlite3.Connection":
    import sqlite3  # noqa: PLC0415 - as above

    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        # A torn write is noticed by the check of each value; so nothing waits for the disk.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _check(key: bytes, value: bytes) -> bytes:
    return hashlib.sha256(key + value).digest()[:_CHECK_BYTES]
