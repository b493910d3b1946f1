"""What an import says of itself: its files, who could not be written, what it did, and what comes next."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.interview import agents_of

if TYPE_CHECKING:
    from reconciler.cli.scaffold import NewFile, Placed
    from reconciler.desired.modeline import Kind
    from reconciler.desired.writing import Choice, TenantDraft, Written
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.agents import LiveAgent, LiveState
    from reconciler.pipeline import Chosen, Context
    from reconciler.plan.scope import Filters

DIFFERS = "the files differ from the tenant: it was changed meanwhile, or this is a fault of the tool"
REPORT_IT = "reconcile plan; report it if nobody changed the tenant"
_MOST_NAMED = 5
_MOST_NOTICES = 20


def files_of(root: Path, draft: "TenantDraft", written: "Written", tool: str | None) -> "list[NewFile]":
    """Gather every file of a new repository; of the tenant's, `tenant.yaml` last: it makes a tenant of the folder."""
    from reconciler.cli.scaffold import NewFile, repository_files, top_of
    from reconciler.desired.modeline import Kind
    from reconciler.desired.writing import write_tenant

    top = top_of(root)
    directory = Path(os.path.relpath(root.resolve(), top)).as_posix()
    return [
        *(NewFile(root / file.path, file.text, must_be_new=True) for file in written.files),
        *schemas_for(root, Kind.AGENTS, Kind.TENANT),
        NewFile(root / "tenant.yaml", write_tenant(draft), must_be_new=True),
        *repository_files(top, directory, tool),
    ]


def schemas_for(folder: Path, *kinds: "Kind") -> "list[NewFile]":
    """Give the schemas that the files of a folder point to, without those that are there already."""
    from reconciler.cli.scaffold import NewFile
    from reconciler.desired.modeline import schema_file
    from reconciler.desired.schema import make_schema

    places = ((kind, folder / schema_file(kind)) for kind in kinds)
    return [NewFile(place, make_schema(kind)) for kind, place in places if not place.exists()]


def notices(state: "LiveState", written: "Written", hint: str | None = None) -> "Iterator[Diagnostic]":
    """Say what desired state cannot express, and what became of it; `hint` is for those who are left out."""
    from reconciler.diagnostics import Diagnostic, Severity

    for glob, reason in written.ignored.items():
        message = f"somebody holds the skill `{glob}`, which {reason}: `ignore_skills` leaves it as it is"
        yield Diagnostic("skill-left-alone", message, severity=Severity.WARN)
    for agent, reason in written.left_out[:_MOST_NOTICES]:
        message = f"{_label(agent)} is left out and stays unmanaged: {reason}"
        yield Diagnostic("agent-left-out", message, hint, severity=Severity.WARN)
    more = len(written.left_out) - _MOST_NOTICES
    if more > 0:
        yield Diagnostic("agent-left-out", f"{agents_of(more)} more are left out likewise", severity=Severity.WARN)
    if state.moved:
        message = "agents came or went while the tenant was read; one of them may not have been seen"
        yield Diagnostic("listing-moved", message, "reconcile plan counts who is unmanaged", severity=Severity.WARN)


def is_live(console: Console, context: "Context", chosen: "Chosen", filters: "Filters") -> bool:
    """Show the plan of what was written just now, and say whether it is empty: what was imported must be what is live.

    `DIFFERS` and `REPORT_IT` say what it means if not.
    """
    import asyncio

    from reconciler import pipeline
    from reconciler.cli.documents import timestamp
    from reconciler.cli.plan import written

    plan = asyncio.run(pipeline.plan(context, chosen.desired, filters))
    created_at = timestamp(context.clock.now())
    console.write(written(plan, "text", created_at, console, chosen.desired.tenant))
    return not plan.changes


def summary(root: Path, choice: "Choice", written: "Written", placed: "Placed", *, has_workflows: bool) -> str:
    """Write what was done, and what to do next."""
    lines = [*_taken(choice, written), "", "Written:", *(f"  {name}" for name in names_of(placed.written))]
    if placed.kept:
        lines += ["", "Kept as they are:", *(f"  {_kept(path)}" for path in placed.kept)]
    steps = _steps(root, placed, has_workflows=has_workflows)
    lines += ["", "Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]
    return "\n".join(lines) + "\n\n"


def _taken(choice: "Choice", written: "Written") -> Iterator[str]:
    yield f"Imported {agents_of(sum(file.agents for file in written.files))}."
    taken = {agent.id for group in choice.groups for agent in group.agents}
    alone = [agent for agent in choice.rest if agent.id not in taken]
    if alone:
        yield f"In no team, and left alone: {agents_of(len(alone))} ({some_of(alone)})."
    if choice.inactive:
        yield f"Not active, and left alone: {agents_of(choice.inactive)}; --inactive would have taken them too."


def some_of(agents: "Sequence[LiveAgent]") -> str:
    """Name the first few of many."""
    names = ", ".join(_label(agent) for agent in agents[:_MOST_NAMED])
    more = len(agents) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


def _label(agent: "LiveAgent") -> str:
    from reconciler.render.escape import terminal

    return terminal(agent.email or agent.user_name or agent.id)


def names_of(paths: Iterable[Path]) -> Iterator[str]:
    """Name files as they are seen from where the command runs."""
    from reconciler.cli.scaffold import shown
    from reconciler.render.escape import terminal

    return (terminal(shown(path)) for path in paths)


def _kept(path: Path) -> str:
    """Name a file that was there, and what it lacks."""
    from reconciler.cli.scaffold import STATE, shown

    if path.name != ".gitignore":
        return shown(path)
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        lines = []
    has_it = any(line.strip("/") == STATE.strip("/") for line in lines)
    return shown(path) + ("" if has_it else f"; add the line `{STATE}`")


def _steps(root: Path, placed: "Placed", *, has_workflows: bool) -> Iterator[str]:
    if has_workflows:
        yield (
            "In the repository's settings make the environments `plan` and `production`, each with the secrets\n"
            "     CXONE_CLIENT_ID and CXONE_CLIENT_SECRET; for `plan` those of a client that may only read"
        )
    yield f"git add {' '.join(_to_add(root, placed))}"
    yield "Commit that on a branch and open a pull request: its plan is empty. From then on edit the files"


def _to_add(root: Path, placed: "Placed") -> list[str]:
    """Name what git is to be told of: folders of ours, and single files at the top of the repository."""
    from shlex import quote

    from reconciler.cli.scaffold import top_of

    top = top_of(root)
    below = [path for path in placed.written if path.is_relative_to(root)]
    others = [path for path in placed.written if path not in below]
    named = [*([root] if below else []), *(path if path.parent == top else path.parent for path in others)]
    return [quote(name) for name in dict.fromkeys(names_of(named))]
