"""The canonical layout of whole tenants: which files it changes, proved by the loader itself before one is written."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from reconciler.desired import Loaded, TenantFolder, load
from reconciler.desired.cache import ParseCache
from reconciler.desired.report import Report
from reconciler.desired.tenantfile import FILE
from reconciler.desired.tree import read_bytes, walk
from reconciler.desired.writing.layout.formatting import format_bytes
from reconciler.desired.writing.layout.meaning import means_the_same
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcileError

_CANONICAL = b"canonical"


class Formatted(NamedTuple):
    """A file whose layout is not canonical: where it is, its path below the root, and its bytes before and after."""

    path: Path
    file: str
    before: bytes
    after: bytes


class Caches(NamedTuple):
    """What remembers the files that were read, and those that are canonical already; None remembers nothing."""

    parsed: ParseCache | None = None
    layout: ParseCache | None = None


def files_of(tenant: TenantFolder) -> Iterator[Path]:
    """Give the files of a tenant, `tenant.yaml` first."""
    yield tenant.path / FILE
    yield from (tenant.path / name for name in walk(tenant.path, "").files)


def format_tenants(
    root: Path, loaded: Loaded, is_chosen: Callable[[Path], bool], caches: Caches, stage: Callable[[str], None]
) -> tuple[Formatted, ...]:
    """Find what changes among the chosen files of tenants without faults. ReconcileError where it cannot be proved."""
    found: list[Formatted] = []
    faults: list[Diagnostic] = []
    for tenant in loaded.tenants:
        files = [path for path in files_of(tenant) if is_chosen(path)]
        changed: list[Formatted] = []
        for number, path in enumerate(files, 1):
            stage(f"Laying out the files ({number} of {len(files)})")
            report = Report(path.relative_to(root).as_posix())
            changed += _formatted(path, report, caches.layout)
            faults += report.found
        if changed and not faults:
            stage("Reading what would be written")
            faults += _not_the_same(tenant, changed, caches.parsed)
        found += changed
    if faults:
        raise ReconcileError(*faults)
    return tuple(found)


def _formatted(path: Path, report: Report, cache: ParseCache | None) -> Iterable[Formatted]:
    before = read_bytes(path, report)
    if before is None:
        return ()
    if cache is not None and cache.get(_key(path, before)) == _CANONICAL:
        return ()
    after = format_bytes(before, report, is_tenant_file=path.name == FILE)
    if after is None:
        return ()
    # Proved to be its own layout, whether it is going to be written or not.
    if cache is not None:
        cache.put(_key(path, after), _CANONICAL)
    return () if after == before else (Formatted(path, report.file, before, after),)


def _key(path: Path, data: bytes) -> bytes:
    kind = b"tenant" if path.name == FILE else b"agents"
    return hashlib.sha256(_code_version() + kind + data).digest()


def _not_the_same(tenant: TenantFolder, changed: list[Formatted], cache: ParseCache | None) -> list[Diagnostic]:
    """Read the tenant as it would be, and say which files would not say the same."""
    after = {each.path: each.after for each in changed}
    with TemporaryDirectory(prefix="reconcile-fmt-") as place:
        # A tenant without a name has that of its folder.
        copy = Path(place) / tenant.path.resolve().name
        for path in files_of(tenant):
            new = copy / path.relative_to(tenant.path)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(after[path] if path in after else path.read_bytes())
        again = load(copy, cache=cache, may_be_empty=True)
    states = [each.state for each in again.tenants]
    if len(states) == 1 and means_the_same(states[0], tenant.state):
        return []
    names = ", ".join(each.file for each in changed[:5]) + (", …" if len(changed) > 5 else "")  # noqa: PLR2004 - enough
    message = f"the files would not say the same afterwards; no file was changed, of: {names}"
    hint = "type it again with one file at a time, and report the one that fails: this is a fault of the tool"
    return [Diagnostic("fmt-meaning", message, hint)]


@lru_cache(maxsize=1)
def _code_version() -> bytes:
    """A digest of all that decides about layout."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parents[2].rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.digest()
