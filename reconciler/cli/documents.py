"""The documents that one command leaves for another: a saved plan, a report; and which tenant they are about."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from reconciler.model.tenant import RateLimit
    from reconciler.plan.change import Plan
    from reconciler.render.plan_json import SavedPlan
    from reconciler.render.report import Report


def timestamp(now: "datetime") -> str:
    """Write when a plan was made, as its JSON has it (RFC 3339)."""
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def save(made: "Plan", path: "Path", created_at: str, console: Console) -> None:
    """Save a plan for its owner's eyes only, whole or not at all. InvalidInput when the place takes no file."""
    from reconciler.apply.whole_file import write_whole
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput
    from reconciler.render.plan_json import plan_as_json

    try:
        write_whole(path, console.redactor.mask_json(plan_as_json(made, created_at)))
    except OSError as error:
        hint = "give a file in a folder that exists and that you may write"
        raise InvalidInput(Diagnostic("out-file", f"--out {path}: {error.strerror}", hint)) from error


def read_saved(file: str) -> "SavedPlan":
    """Read what `save` wrote. InvalidInput when there is no such file, or it is no plan."""
    from pathlib import Path

    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput
    from reconciler.render.plan_json import read_plan

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise InvalidInput(Diagnostic("plan-file", message, f"make it: reconcile plan --out {file}")) from error
    return read_plan(data, file)


def plan_in(file: str | None) -> "Plan | None":
    """Read a saved plan; None where none was named, or the command that was to save it did not get that far."""
    from pathlib import Path

    return None if file is None or not Path(file).exists() else read_saved(file).plan


def report_in(file: str | None) -> "Report | None":
    """Read a report; None where none was named, or the command was killed before it wrote one."""
    from pathlib import Path

    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput
    from reconciler.render.report import read_report

    path = None if file is None else Path(file)
    if path is None or not path.exists():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise InvalidInput(
            Diagnostic("report-damaged", message, "give what `reconcile --report FILE …` wrote")
        ) from error
    return read_report(data, f"{file}")


@dataclass(frozen=True, slots=True)
class About:
    """The tenant that documents are about: its name, the folder of its files, and its rate limit where they say it.

    `is_named` is False where its files cannot be read as far as the name, which then is a guess.
    """

    tenant: str
    folder: str
    rate_limit: "RateLimit | None"
    is_named: bool = True


def about(console: Console, plan: "Plan | None") -> About:
    """Find the tenant of a plan, or the one of DIR, however faulty its files are."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput
    from reconciler.pipeline import load_all

    wanted = console.tenant if plan is None else plan.tenant
    found = load_all(console.context(), wanted).tenants
    if plan is None and len(found) > 1:
        names = ", ".join(each.name for each in found)
        hint = f"choose one: reconcile --tenant {found[0].name} comment …"
        raise InvalidInput(Diagnostic("tenant-unclear", f"there are {len(found)} tenants here: {names}", hint))
    name = wanted or (found[0].name if found else console.folder.rpartition("/")[2])
    if not found:
        return About(name, console.folder, None, is_named=wanted is not None)
    state = found[0].state
    rate_limit = None if state is None else state.tenant.rate_limit
    return About(name, found[0].path.as_posix(), rate_limit, is_named=wanted is not None or found[0].is_named)
