"""Edits of the files of a tenant: the content of each as it would be, and desired state as it would then be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from reconciler.desired.parsed import ParsedFile
from reconciler.desired.parsing import parse_bytes
from reconciler.desired.report import Report
from reconciler.desired.tree import read_bytes
from reconciler.desired.writing.editing import Unfit, edit
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.desired import DesiredState
from reconciler.model.edits import LineEdit
from reconciler.model.overrides import Hold, Override
from reconciler.model.position import SourcePosition

_Window = TypeVar("_Window", Override, Hold)


class FileEdit(NamedTuple):
    """A file of the tenant's folder, its content as it was read and as it is to be."""

    file: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Files with their edits made, those edits that could not be made (with their file), and what all that declares."""

    files: tuple[FileEdit, ...]
    unfit: tuple[tuple[str, Unfit], ...]
    desired: DesiredState


def rewrite(folder: Path, desired: DesiredState, edits: Mapping[str, Sequence[LineEdit]]) -> Rewritten:
    """Make the edits of each file; nothing is written. InvalidInput where a file is not as `desired` was read from."""
    files: list[FileEdit] = []
    unfit: list[tuple[str, Unfit]] = []
    for file, wanted in sorted(edits.items()):
        before = _as_loaded(folder, file, desired)
        edited = edit(before, wanted)
        unfit += [(file, each) for each in edited.unfit]
        if edited.data != before:
            files.append(FileEdit(file, before, edited.data))
            desired = _with(desired, file, _parsed(file, edited.data))
    return Rewritten(tuple(files), tuple(unfit), desired)


def refuse_moved(folder: Path, files: Sequence[FileEdit]) -> None:
    """Refuse where a file is not any more what it was. InvalidInput names all."""
    moved = [each.file for each in files if read_bytes(folder / each.file, Report(each.file)) != each.before]
    if moved:
        raise InvalidInput(*map(_moved, moved))


def _as_loaded(folder: Path, file: str, desired: DesiredState) -> bytes:
    data = read_bytes(folder / file, Report(file))
    if data is None or _with(desired, file, _parsed(file, data)) != desired:
        raise InvalidInput(_moved(file))
    return data


def _moved(file: str) -> Diagnostic:
    message = "the file was changed since it was read; nothing was written"
    return Diagnostic("adopt-moved", message, "reconcile adopt, once nobody writes to it", SourcePosition(file, 1, 1))


def _parsed(file: str, data: bytes) -> ParsedFile | None:
    return parse_bytes(data, Report(file))


def _with(desired: DesiredState, file: str, parsed: ParsedFile | None) -> DesiredState:
    """Put what a file declares into the place of what it declared; what is desired stands in the order of files."""
    if parsed is None:
        return replace(desired, tables=())
    table = parsed.table(file)
    profiles = {name: each for name, each in desired.profiles.items() if each.position.file != file}
    overrides = [each for each in desired.overrides if each.position.file != file]
    holds = [each for each in desired.holds if each.position.file != file]
    return replace(
        desired,
        tables=tuple(table if each.file == file else each for each in desired.tables),
        profiles=profiles | {profile.name: profile.profile(file) for profile in parsed.profiles},
        overrides=_by_file([*overrides, *(each.override(file) for each in parsed.overrides)]),
        holds=_by_file([*holds, *(each.hold(file) for each in parsed.holds)]),
    )


def _by_file(windows: Iterable[_Window]) -> tuple[_Window, ...]:
    return tuple(sorted(windows, key=lambda each: each.position.file))
