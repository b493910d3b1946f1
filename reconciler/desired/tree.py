"""The folders and files of desired state: which belong to which tenant, which are passed over, which are refused."""

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.desired.report import Report
from reconciler.desired.tenantfile import FILE

MAX_BYTES = 5 * 1024 * 1024
_YAML = (".yaml", ".yml")
_MISTAKEN_TENANT = "tenant.yml"
_LOOKS_LIKE_YAML = re.compile(r"\.ya?ml(?:$|[.~#_-])", re.IGNORECASE)


@dataclass(slots=True)
class Folder:
    """A folder that may hold a tenant: its YAML files and what was noticed while it was walked, by path below it."""

    path: Path
    # The folder's own path below the root with a `/` at its end; empty for the root.
    prefix: str
    has_tenant_file: bool = False
    files: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


def walk(path: Path, prefix: str, *, is_deep: bool = True) -> Folder:
    """Find the YAML files below `path` in a settled order; nothing but folders is opened.

    With `is_deep` false the folders below are not entered (and so not judged).
    """
    folder = Folder(path, prefix)
    inside = os.path.realpath(path)
    waiting = [""]
    while waiting:
        below = waiting.pop()
        for entry in _entries(folder, below):
            try:
                _visit(folder, entry, below, inside, waiting if is_deep else [])
            except OSError as error:
                _unreadable(error, _new_report(folder, below + entry.name))
    folder.files.sort()
    return folder


def has_place(path: Path) -> bool:
    """Whether a path leads anywhere: `.` does not once the working folder is gone."""
    try:
        os.path.realpath(path)
    except OSError:
        return False
    return True


def sub_folders(path: Path) -> list[str]:
    """The names of the folders right below `path`, without links and hidden ones."""
    try:
        with os.scandir(path) as found:
            entries = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []  # noted by `walk`
    return sorted(name for name in entries if not name.startswith("."))


def read_bytes(path: Path, report: Report) -> bytes | None:
    """Read a regular file of at most 5 MiB, never waiting for one; None when it cannot be had, which is noted."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        _unreadable(error, report)
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            _special(report)
            return None
        if status.st_size > MAX_BYTES:
            _too_big(status.st_size, report)
            return None
        try:
            data = file.read(MAX_BYTES + 1)
        except OSError as error:
            _unreadable(error, report)
            return None
    if len(data) > MAX_BYTES:
        _too_big(len(data), report)
        return None
    return data


def _entries(folder: Folder, below: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder.path / below) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        _unreadable(error, _new_report(folder, below.rstrip("/") or "."))
        return []


def _visit(folder: Folder, entry: os.DirEntry[str], below: str, inside: str, waiting: list[str]) -> None:
    name = below + entry.name
    if entry.name.startswith("."):
        if not entry.is_dir(follow_symlinks=False) and _LOOKS_LIKE_YAML.search(entry.name):
            _ignored(_new_report(folder, name))
    elif entry.is_symlink():
        _link(entry, inside, _new_report(folder, name))
    elif entry.is_dir(follow_symlinks=False):
        waiting.append(name + "/")
    elif not entry.is_file(follow_symlinks=False):
        _special(_new_report(folder, name))
    elif entry.name in {FILE, _MISTAKEN_TENANT}:
        _tenant_file(folder, name)
    elif entry.name.endswith(_YAML):
        folder.files.append(name)
    elif _LOOKS_LIKE_YAML.search(entry.name):
        _ignored(_new_report(folder, name))


def _tenant_file(folder: Folder, name: str) -> None:
    if name == FILE:
        folder.has_tenant_file = True
    elif name.endswith(_MISTAKEN_TENANT):
        _new_report(folder, name).whole_file("tenant-yml", "`tenant.yml` is not read", f"rename it to `{FILE}`")
    else:
        message = f"a `{FILE}` stands here, where no tenant can be"
        hint = "a tenant's folder is the root itself, or stands right below it where the root is none"
        _new_report(folder, name).whole_file("nested-tenant", message, hint)


def _new_report(folder: Folder, name: str) -> Report:
    report = Report(folder.prefix + name)
    folder.reports.append(report)
    return report


def _ignored(report: Report) -> None:
    report.warn("ignored-file", "the file is ignored because of its name", "name it `*.yaml` or `*.yml` if it is meant")


def _link(entry: os.DirEntry[str], inside: str, report: Report) -> None:
    # Not `Path.resolve`: links in a circle must not raise.
    place = os.path.realpath(entry.path)
    if not os.path.exists(place):  # noqa: PTH110 - as above
        report.whole_file("link-broken", "the link points to nothing", "delete it")
    elif place == inside or place.startswith(inside + os.sep):
        report.warn("link-skipped", "the link is skipped: what it points to is read where it stands", "delete the link")
    else:
        report.whole_file("link-outside", "the link leaves the folder", "put the file itself into the folder")


def _special(report: Report) -> None:
    report.whole_file("not-a-file", "this is neither a file nor a folder; it was not opened", "delete it")


def _unreadable(error: OSError, report: Report) -> None:
    if isinstance(error, FileNotFoundError):
        message, hint = "it went away while it was read", "type the command again once nobody moves files any more"
    else:
        message, hint = f"it cannot be read: {error.strerror or error}", "check its permissions"
    report.whole_file("unreadable", message, hint)


def _too_big(size: int, report: Report) -> None:
    message = f"the file has {size:,} bytes; {MAX_BYTES:,} are allowed"
    report.whole_file("too-big", message, "split it: agents may stand in any number of files")
