"""How files are put down over others: all of them, or none."""

from collections.abc import Callable, Iterable, Sequence
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
    """Write files, over those that are there. Where one cannot be written, ReconcileError, and all is as before."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcileError

    undo: list[Callable[[], object]] = []
    try:
        for file in files:
            try:
                _put(file, undo)
            except OSError as error:
                message = f"{shown(file.path)} cannot be written: {error.strerror}; nothing was written"
                raise ReconcileError(Diagnostic("pull-file", message, "mend the cause, then type it again")) from error
    except BaseException:
        for step in reversed(undo):
            step()
        raise


def _put(file: NewFile, undo: list[Callable[[], object]]) -> None:
    folder = file.path.parent
    for new in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        new.mkdir()
        undo.append(new.rmdir)
    if file.must_be_new or not file.path.exists():
        with file.path.open("x", encoding="utf-8", newline="\n") as out:
            undo.append(file.path.unlink)
            out.write(file.text)
        return
    before, mode = file.path.read_bytes(), file.path.stat().st_mode
    _replace(file.path, file.text.encode(), mode)
    undo.append(lambda: _replace(file.path, before, mode))


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Replace a file in one step, and leave nothing beside it."""
    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        beside = Path(out.name)
        try:
            out.write(data)
            out.flush()
            beside.chmod(mode)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
