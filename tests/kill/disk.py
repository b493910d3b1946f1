"""A disk that tells what a stop of the machine would leave of the journals, at each moment of a run."""

import os
import stat
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path


class Disk:
    """The folder `runs` below `state`; safe of it are its names and each file's bytes as they were at their last fsync.

    A journal only grows, so what is left of what is not safe is some part from its start.
    """

    def __init__(self, state: Path) -> None:
        self._runs = state / "runs"
        self._locks = state / "locks"
        # The folders that were fsynced, as (device, inode).
        self.folders: set[tuple[int, int]] = set()
        self._names: set[str] = set()
        self._synced: dict[str, bytes] = {}

    @property
    def runs(self) -> Path:
        """The folder of the journals."""
        return self._runs

    def fsync(self, file: int) -> None:
        """Note as safe what an fsync of `file` promises."""
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            self.folders.add((status.st_dev, status.st_ino))
            if self._runs.exists() and os.path.samestat(status, self._runs.stat()):
                self._names = {path.name for path in self._runs.iterdir()}
            return
        for path in self._runs.iterdir():
            if os.path.samestat(status, path.stat()):
                self._synced[path.name] = path.read_bytes()

    def safe(self) -> dict[str, bytes]:
        """Give what a power cut would leave of the journals at this moment."""
        return {name: self._synced.get(name, b"") for name in self._names}

    def written(self) -> dict[str, bytes]:
        """Give the journals as they are read at this moment."""
        return {path.name: path.read_bytes() for path in self._runs.glob("*")}

    def lock_files(self) -> dict[str, bytes]:
        """Give the files of the locks as they are at this moment."""
        return {path.name: path.read_bytes() for path in self._locks.glob("*")}

    def restore(self, journals: Mapping[str, bytes], lock_files: Mapping[str, bytes]) -> None:
        """Put back what a stop has left; from now on it is safe."""
        for folder, files in ((self._runs, journals), (self._locks, lock_files)):
            for path in [path for path in folder.glob("*") if path.name not in files]:
                path.unlink()
            for name, content in files.items():
                folder.mkdir(exist_ok=True)
                (folder / name).write_bytes(content)
        self._names = set(journals)
        self._synced = dict(journals)


def remains(safe: Mapping[str, bytes], written: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    """Give what may be left: all that was written (a killed process), what is safe, and each cut within the rest.

    One file differs: each line that is not safe is there, half there, or not.
    """
    seen: list[dict[str, bytes]] = []
    for left in ({**written}, {**safe}, *_torn(safe, written)):
        if left not in seen:
            seen.append(left)
            yield left


def _torn(safe: Mapping[str, bytes], written: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    for name, content in written.items():
        pairs = zip(safe.get(name, b""), content, strict=False)
        end = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        for line in content[end:].splitlines(keepends=True):
            yield {**safe, name: content[: end + len(line) // 2]}
            end += len(line)
            yield {**safe, name: content[:end]}
