"""Loads a root: finds the tenants, reads each one's files, and gathers every fault of all of them."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.desired import Loaded, TenantFolder
from reconciler.desired.cache import ParseCache
from reconciler.desired.merging import TenantPart, check_together
from reconciler.desired.nodes import Node
from reconciler.desired.parsing import FileParser, Source, parse_tree
from reconciler.desired.report import START, Report, did_you_mean, listed, shown
from reconciler.desired.tenantfile import EXAMPLE, FILE, TenantFile, named_in, read_tenant
from reconciler.desired.tree import Folder, has_place, read_bytes, sub_folders, walk
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.desired import AgentTable, DesiredState
from reconciler.plan.timed import clashes

_MAX_PATH = 4096


@dataclass(slots=True)
class _Candidate:
    """A tenant's folder with the tree of its `tenant.yaml`, as far as it could be read."""

    folder: Folder
    report: Report
    root: Node | None
    folder_name: str
    name: str


@dataclass(slots=True)
class _Layout:
    """What the root holds: tenants, and what was noticed outside of them."""

    tenants: list[_Candidate] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    strays: list[Report] = field(default_factory=list)
    # What concerns no file.
    general: list[Diagnostic] = field(default_factory=list)


def load_root(root: Path, wanted: str | None, cache: ParseCache | None, *, may_be_empty: bool = False) -> Loaded:
    """Do what `reconciler.desired.load` promises."""
    layout = _find(root)
    _check_names(layout)
    chosen = layout.tenants if wanted is None else _choose(layout, wanted)
    parser = FileParser(cache)
    tenants = tuple(
        _load_tenant(candidate, parser, may_be_empty=may_be_empty)
        for candidate in sorted(chosen, key=lambda found: found.name)
    )
    reports = [*layout.reports, *layout.strays]
    # Where none has the name, it may be that of a file which could not be read.
    for candidate in chosen or [each for each in layout.tenants if each.root is None]:
        reports += [*candidate.folder.reports, candidate.report]
    found = [*layout.general, *(diagnostic for report in reports for diagnostic in report.found)]
    return Loaded(tenants, tuple(sorted(found, key=lambda diagnostic: diagnostic.sort_key)))


def _find(root: Path) -> _Layout:
    layout = _Layout()
    is_there = root.exists() and has_place(root)
    if not is_there or not root.is_dir():
        message = f"{shown(str(root), _MAX_PATH)} is {'not a folder' if is_there else 'not there'}"
        hint = "give the folder of desired state with -C DIR, before the command; reconcile init makes one"
        layout.general.append(Diagnostic("not-a-folder" if is_there else "no-folder", message, hint))
        return layout
    top = walk(root, "", is_deep=False)
    if top.has_tenant_file:
        layout.tenants.append(_candidate(walk(root, "")))
        return layout
    layout.reports += top.reports
    layout.strays += [_stray(file) for file in top.files]
    for name in sub_folders(root):
        folder = walk(root / name, f"{name}/")
        if folder.has_tenant_file:
            layout.tenants.append(_candidate(folder))
        elif folder.files or _holds_tenant(folder):
            layout.reports += folder.reports
            layout.strays += [_stray(f"{name}/{file}") for file in folder.files[:1]]
    if not layout.tenants:
        _note_no_tenant(root, layout)
    return layout


def _stray(file: str) -> Report:
    report = Report(file)
    above = file.rpartition("/")[0]
    where = f"there is no `{above.partition('/')[0]}/{FILE}`" if above else f"beside it stands no `{FILE}`"
    hint = "move it into a tenant's folder" if not above else f"write that `{FILE}`, or move the folder into a tenant's"
    report.whole_file("stray-file", f"the file belongs to no tenant: {where}", hint)
    return report


def _holds_tenant(folder: Folder) -> bool:
    """Whether somebody meant a tenant to be here."""
    codes = {diagnostic.code for report in folder.reports for diagnostic in report.found}
    return bool(codes & {"nested-tenant", "tenant-yml"})


def _note_no_tenant(root: Path, layout: _Layout) -> None:
    """Say that no tenant was found, unless a fault that is noted already tells why."""
    layout.strays.clear()
    codes = {diagnostic.code for report in layout.reports for diagnostic in report.found}
    if not codes & {"nested-tenant", "tenant-yml", "unreadable", "link-outside", "not-a-file"}:
        message = f"{shown(str(root), _MAX_PATH)} holds no `{FILE}`, neither itself nor right below it"
        hint = f"give a tenant's folder, or one of tenants, with -C DIR; or {EXAMPLE}"
        layout.general.append(Diagnostic("no-tenant", message, hint))


def _candidate(folder: Folder) -> _Candidate:
    report = Report(folder.prefix + FILE)
    data = read_bytes(folder.path / FILE, report)
    root = None if data is None else parse_tree(data, report)
    folder_name = folder.path.resolve().name
    named = named_in(root)
    return _Candidate(folder, report, root, folder_name, named.text if named else folder_name)


def _check_names(layout: _Layout) -> None:
    """No two tenants share a name: plans, locks and comments go by it."""
    by_name: defaultdict[str, list[_Candidate]] = defaultdict(list)
    for candidate in layout.tenants:
        by_name[candidate.name].append(candidate)
    for name, (first, *others) in by_name.items():
        for other in others:
            named = named_in(other.root)
            message = f"two tenants are called {shown(name)}, the other in {first.report.file}"
            at = named.at if named else START
            hint = "give each its own `name` under `tenant`"
            other.report.error("tenant-twice", at, message, hint, related=(first.report.file,))


def _choose(layout: _Layout, wanted: str) -> list[_Candidate]:
    """The tenants of that name, else the one in a folder of that name."""
    by_name = [found for found in layout.tenants if found.name == wanted]
    chosen = by_name or [found for found in layout.tenants if found.folder_name == wanted]
    if not chosen and layout.tenants:
        known = sorted(found.name for found in layout.tenants)
        message = f"no tenant is called {shown(wanted)}; there {'are' if len(known) > 1 else 'is'} {listed(known)}"
        layout.general.append(
            Diagnostic(
                "unknown-tenant", message, did_you_mean(wanted, known, f"choose one: reconcile --tenant {known[0]} …")
            )
        )
    return chosen


def _load_tenant(candidate: _Candidate, parser: FileParser, *, may_be_empty: bool) -> TenantFolder:
    folder, report = candidate.folder, candidate.report
    file = None if candidate.root is None else read_tenant(candidate.root, candidate.folder_name, report)
    parts, is_complete = _read_parts(folder, parser)
    ignore_skills = file.ignore_skills if file else ()
    check_together(parts, ignore_skills, is_complete=is_complete and not _has_errors(folder.reports))
    folder.reports += [part.report for part in parts]
    tenant = file.tenant if file else None
    if _has_errors([*folder.reports, report]):
        return TenantFolder(folder.path, None, candidate.name, is_named=candidate.root is not None, tenant=tenant)
    tables = tuple(part.table for part in parts if part.table.refs)
    if not tables and not may_be_empty:
        report.whole_file(
            "no-agents",
            "no agent is declared in any file of the tenant",
            "list agents under `agents:` in a file beside it",
        )
    state = _state(file, tables, parts) if file and (tables or may_be_empty) else None
    if state is not None and (found := _clashes(state, parts)):
        report.found += found
        state = None
    return TenantFolder(folder.path, state, candidate.name, tenant=tenant)


def _clashes(state: DesiredState, parts: list[TenantPart]) -> list[Diagnostic]:
    """Find overrides that contradict each other; here with places below the root."""
    return list(clashes(state, [each.override(part.report.file) for part in parts for each in part.overrides]))


def _read_parts(folder: Folder, parser: FileParser) -> tuple[list[TenantPart], bool]:
    """Read all files of a tenant; those that give nothing leave only their report. True: every file gave something."""
    parts, is_complete = [], True
    sources = [Source(folder.path / name, folder.prefix + name) for name in folder.files]
    for name, parse in zip(folder.files, parser.parse_all(sources), strict=True):
        if parse.parsed is None:
            is_complete = False
            folder.reports.append(parse.report)
        else:
            parsed = parse.parsed
            parts.append(
                TenantPart(
                    parsed.table(name),
                    parsed.profiles,
                    parsed.profile_uses,
                    parsed.overrides,
                    parsed.holds,
                    parse.report,
                )
            )
    return parts, is_complete


def _state(file: TenantFile, tables: tuple[AgentTable, ...], parts: list[TenantPart]) -> DesiredState:
    profiles = {profile.name: profile.profile(part.table.file) for part in parts for profile in part.profiles}
    return DesiredState(
        file.tenant,
        tables,
        profiles,
        file.ignore_skills,
        file.policies,
        tuple(each.override(part.table.file) for part in parts for each in part.overrides),
        tuple(each.hold(part.table.file) for part in parts for each in part.holds),
    )


def _has_errors(reports: list[Report]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for report in reports for diagnostic in report.found)
