"""The file `tenant.yaml` of a new tenant, and what the reader makes of it before it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.desired.modeline import Kind, modeline
from reconciler.desired.parsing import parse_tree
from reconciler.desired.report import Report
from reconciler.desired.tenantfile import FILE, read_tenant
from reconciler.desired.writing.scalar import scalar
from reconciler.diagnostics import Diagnostic
from reconciler.model.tenant import Tenant

_COLUMN = 24


@dataclass(frozen=True, slots=True)
class TenantDraft:
    """What a person said of a tenant. `ignored` are patterns for `ignore_skills`, each with the reason for it."""

    name: str
    api: str
    realm: str | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)


def write_tenant(draft: TenantDraft) -> str:
    """Write the file, with what else it may say as comments."""
    return (
        modeline(Kind.TENANT, FILE)
        + "# One contact centre, as code. This file says which tenant it is; `agents/` says who holds which skill.\n\n"
        "version: 1\n\n"
        "tenant:\n"
        + _line(f"name: {scalar(draft.name)}", "shown in plans, comments and locks")
        + _line(f"api: {scalar(draft.api)}", _about_api(draft.api))
        + _realm(draft)
        + _line("# rate_limit: {requests: 100, per_seconds: 60}", "what the tenant allows all of its clients together")
        + _line("# max_concurrency: 10", "requests under way at the same time")
        + "\n# Skills that somebody else gives and takes, such as a workforce tool: globs on their names. They are\n"
        "# never reported, and every write carries them over unchanged.\n" + _ignored(draft.ignored)
    )


def read_draft(draft: TenantDraft) -> tuple[Tenant | None, tuple[Diagnostic, ...]]:
    """Read what would be written, by the reader's own rules: the tenant, or what is wrong with the answers."""
    report = Report(FILE)
    root = parse_tree(write_tenant(draft).encode("utf-8", "surrogatepass"), report)
    file = None if root is None else read_tenant(root, draft.name, report)
    return (None if file is None or report.found else file.tenant), tuple(report.found)


def _about_api(api: str) -> str:
    return "a tenant inside the tool, to try things out" if api == "simulator" else "the dialect that the tenant speaks"


def _realm(draft: TenantDraft) -> str:
    realm = "# realm: na1" if draft.realm is None else f"realm: {scalar(draft.realm)}"
    return _line(realm, "its address is made of it, such as https://na1.cxone.com")


def _line(text: str, comment: str) -> str:
    return f"  {text:<{_COLUMN}}  # {comment}\n"


def _ignored(ignored: Mapping[str, str]) -> str:
    if not ignored:
        return '# ignore_skills: ["WFI *"]\n'
    lines = (f"  - {scalar(glob)}  # {reason}\n" for glob, reason in ignored.items())
    return "ignore_skills:\n" + "".join(lines)
