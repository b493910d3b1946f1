"""Desired state: from the YAML files of a folder to what they declare, offline, with every fault at once."""

from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.cache import ParseCache
from reconciler.diagnostics import Diagnostic
from reconciler.model.desired import DesiredState
from reconciler.model.tenant import Tenant

__all__ = ["Loaded", "Names", "ParseCache", "TenantFolder", "load", "names"]


@dataclass(frozen=True, slots=True)
class TenantFolder:
    """One tenant found below the root; positions in its state are relative to `path`, and None means faults.

    `name` is what its `tenant.yaml` calls it, whatever else is wrong there, else the folder's; `is_named` is False
    where that file could not be read, so that nobody knows. `tenant` is what that file says, whatever is wrong with the
    other files, and None where it is faulty itself.
    """

    path: Path
    state: DesiredState | None
    name: str
    is_named: bool = True
    tenant: Tenant | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a root holds: its tenants by name, and errors and warnings by place, with files relative to the root."""

    tenants: tuple[TenantFolder, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that can be named on a command line, sorted."""

    tenants: tuple[str, ...]
    agents: tuple[str, ...]
    teams: tuple[str, ...]
    skills: tuple[str, ...]


def load(
    root: Path, *, tenant: str | None = None, cache: ParseCache | None = None, may_be_empty: bool = False
) -> Loaded:
    """Read all tenants below `root`, or the one called `tenant` (by its name or its folder's).

    Whatever is wrong with the files is told as diagnostics; nothing of it raises. With `may_be_empty` a tenant may
    declare nobody.
    """
    from reconciler.desired.loading import load_root  # noqa: PLC0415 - the parsers are heavy, and `--help` needs none

    return load_root(root, tenant, cache, may_be_empty=may_be_empty)


def names(root: Path) -> Names:
    """List what the faultless tenants below `root` declare, for completion."""
    states = [found.state for found in load(root).tenants if found.state is not None]
    tables = [table for state in states for table in state.tables]
    profiles = [profile for state in states for profile in state.profiles.values()]
    skills = {skill for table in tables for skill in table.skills}
    return Names(
        tenants=_sorted({state.tenant.name for state in states}),
        agents=_sorted({ref for table in tables for ref in table.refs}),
        teams=_sorted({table.team for table in tables if table.team is not None}),
        skills=_sorted(skills | {entry.skill for profile in profiles for entry in profile.entries}),
    )


def _sorted(found: set[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
