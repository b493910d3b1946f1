"""Loads the files of the tenants that a command is about; nothing is asked over the network."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired import Loaded, ParseCache, TenantFolder, load
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput
from reconciler.model.desired import DesiredState
from reconciler.pipeline.context import Context


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one tenant that a command is about, and what loading it had to say beside."""

    path: Path
    desired: DesiredState
    warnings: tuple[Diagnostic, ...]


def load_all(context: Context, tenant: str | None = None, *, may_be_empty: bool = False) -> Loaded:
    """Load the files of every tenant, or of the one that is named; nothing is asked over the network."""
    context.stage("Reading the files")
    with ParseCache.open(context.state_folder / "cache" / "desired.sqlite") or nullcontext() as cache:
        return load(context.root, tenant=tenant, cache=cache, may_be_empty=may_be_empty)


def load_one(context: Context, tenant: str | None, *, may_be_empty: bool = False) -> Chosen:
    """Load the files of one tenant; InvalidInput with everything that is wrong in them.

    With `may_be_empty` it is no fault that they declare nobody yet.
    """
    loaded = load_all(context, tenant, may_be_empty=may_be_empty)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in loaded.diagnostics):
        raise InvalidInput(*loaded.diagnostics)
    folder, *others = loaded.tenants
    if others:
        raise InvalidInput(_several_tenants(loaded.tenants))
    if folder.state is None:
        raise InvalidInput(*loaded.diagnostics)
    return Chosen(folder.path, folder.state, loaded.diagnostics)


def _several_tenants(tenants: tuple[TenantFolder, ...]) -> Diagnostic:
    names = [each.name for each in tenants]
    hint = f"choose one: reconcile --tenant {names[0]} …"
    return Diagnostic("tenant-unclear", f"there are {len(names)} tenants here: {', '.join(names)}", hint)
