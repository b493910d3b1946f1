"""How files are put down over others: all of them, or none."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from reconciler.cli.scaffold import NewFile, shown

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic


def refuse_in_the_way(files: Iterable[NewFile], *, may_replace: bool) -> None:
    """Refuse where something stands that may not be written over. InvalidInput names all of it."""
    from reconciler.errors import InvalidInput

    found = [
        said for file in files for path in (file.path.parent, file.path) if (said := _against(path, file, may_replace))
    ]
    if found:
        raise InvalidInput(*dict.fromkeys(found))


def _against(path: Path, file: NewFile, may_replace: bool) -> "Diagnostic | None":
    from reconciler.diagnostics import Diagnostic

    if path.is_symlink():
        message = f"{shown(path)} is a link; nothing was written"
        return Diagnostic("pull-exists", message, "desired state is read where it stands: delete the link")
    if path != file.path or not path.exists():
        return None
    if path.is_file() and may_replace and not file.must_be_new:
        return None
    message = f"{shown(path)} is there already; nothing was written"
    hint = "--force writes over it from the tenant; --out DIR writes elsewhere"
    if may_replace:
        hint = "it holds what has to stay: --out DIR writes elsewhere"
    return Diagnostic("pull-exists", message, hint)


def put(files: Sequence[NewFile]) -> None:
    """Write files, over those that are there. Where one cannot be written, ReconcileError, and all is as before.

    Whatever takes room is written first, beside the places; then each is moved into its own.
    """
    with ExitStack() as beside:
        moves: list[_Move] = []
        folders: list[Path] = []
        try:
            for file in files:
                with _said(file.path):
                    _make_folders(file.path.parent, folders)
                    moves.append(_prepared(file, beside))
            for move in moves:
                with _said(move.path):
                    move.do()
        except BaseException:
            _undo(moves, folders)
            raise


@dataclass(slots=True)
class _Move:
    """One file on its way: `new` holds what is to be there, `old` what was, or is None where nothing was."""

    path: Path
    new: Path
    old: Path | None

    @property
    def twin(self) -> Path:
        """The second name of the new one, on its way to the place."""
        return self.new.with_name(f"{self.new.name}.twin")

    def do(self) -> None:
        """Put the new one there, in one step; a place that has to be free must be."""
        if self.old is None:
            os.link(self.new, self.path)
        else:
            shutil.copymode(self.old, self.new)
            # By a name of its own: what was prepared stays to be compared with.
            os.link(self.new, self.twin)
            self.twin.replace(self.path)

    def undo(self) -> None:
        """Put the old one back, whether or not the new one came there; nobody else's file is touched."""
        if not self.path.exists() or not self.path.samefile(self.new):
            return
        if self.old is None:
            self.path.unlink()
        else:
            self.old.replace(self.path)


def _prepared(file: NewFile, beside: ExitStack) -> _Move:
    with NamedTemporaryFile("wb", dir=file.path.parent, prefix=f".{file.path.name}.", delete=False) as out:
        new = Path(out.name)
        beside.callback(new.unlink, missing_ok=True)
        out.write(file.text.encode())
        out.flush()
    new.chmod(_mode_of_new_files())
    if file.must_be_new or not file.path.exists():
        return _Move(file.path, new, None)
    old = new.with_name(f"{new.name}.old")
    move = _Move(file.path, new, old)
    for name in (old, move.twin):
        beside.callback(name.unlink, missing_ok=True)
    os.link(file.path, old)
    return move


def _mode_of_new_files() -> int:
    """Give what the process's mask leaves of a file that all may read and write."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _make_folders(folder: Path, made: list[Path]) -> None:
    for new in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        made.append(new)
        new.mkdir()


def _undo(moves: Sequence[_Move], folders: Sequence[Path]) -> None:
    """Put back all that can be; ReconcileError names what cannot."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcileError

    left: list[Path] = []
    for move in reversed(moves):
        try:
            move.undo()
        except OSError:
            left.append(move.path)
        move.new.unlink(missing_ok=True)
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()
    if left:
        names = ", ".join(map(shown, left))
        message = f"{names}: neither what was to be written nor what was there before could be put back for certain"
        raise ReconcileError(Diagnostic("pull-file", message, "git diff shows what they hold; mend the cause first"))


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say which file could not be written, and why."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcileError

    try:
        yield
    except OSError as error:
        message = f"{shown(path)} cannot be written: {error.strerror}; nothing was written"
        raise ReconcileError(Diagnostic("pull-file", message, "mend the cause, then type it again")) from error
