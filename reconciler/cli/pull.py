"""`reconcile pull`: writes files from what a tenant holds, beside the files that describe it already."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.completing import completer
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import Names, Teams

if TYPE_CHECKING:
    from reconciler.cli.scaffold import NewFile
    from reconciler.desired.writing import Pulled, Wish
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.agents import LiveState
    from reconciler.pipeline import Chosen, Context

_EXAMPLES = (
    ("reconcile pull --team 'Sales=*.sales@example.com'", "the next team, in a file of its own"),
    ("reconcile pull --team Sales --force", "a team's file again, from what the tenant holds now"),
    ("reconcile pull --out compare", "everyone, into another folder"),
    ("reconcile pull --team 'Sales=s*' --profiles", "with what many share as profiles"),
)
_FILE = "tenant.yaml"


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--agent", "agents", type=Names(), metavar="X", multiple=True, shell_complete=completer("agents"),
              help="Only this agent: e-mail, user name or id, or a glob on them. Repeatable.")  # fmt: skip
@click.option("--team", "teams", type=Teams(), metavar="NAME[=GLOB,…]", multiple=True,
              shell_complete=completer("teams"),
              help="A team of the files by its name; a new one by globs. Repeatable; the first counts.")  # fmt: skip
@click.option("--inactive", "takes_inactive", is_flag=True, help="Take also agents who are not active.")
@click.option("--profiles", "has_profiles", is_flag=True, help="Write what many agents share as profiles.")
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR",
              help="Write below this folder; the tenant's otherwise.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write over files of these names; never over others.")
@click.pass_obj
def pull(
    console: Console,
    agents: tuple[str, ...],
    teams: tuple[str, ...],
    takes_inactive: bool,
    has_profiles: bool,
    out: str | None,
    force: bool,
) -> int:
    """Write the agents of the tenant, with exactly the skills that they hold, into files by team.

    An agent that another file declares stays there. Writes nothing to the tenant, and no file unless all can be
    written. Ends with a plan, which is empty for what was written; with --out and a
    folder that is not the tenant's it ends without one.
    """
    import asyncio

    from reconciler import pipeline
    from reconciler.cli.imported import names_of, notices, schemas_for
    from reconciler.cli.interview import agents_of
    from reconciler.cli.placing import put, refuse_in_the_way
    from reconciler.cli.scaffold import refuse_secrets
    from reconciler.desired.modeline import Kind
    from reconciler.desired.writing import Declared, Wish, parse_team, select
    from reconciler.desired.writing import pull as pulled_from

    wish = Wish(agents, tuple(parse_team(team, may_be_bare=True) for team in teams), takes_inactive)
    context = console.context()
    chosen = pipeline.load_one(context, console.tenant, may_be_empty=True)
    console.diagnose(chosen.warnings, console.folder)
    console.folder = chosen.path.as_posix()
    place = chosen.path if out is None else Path(out)
    below = _below(place, chosen, context)
    state = asyncio.run(pipeline.survey(context, chosen.desired))
    groups = select(state, chosen.desired, Declared(chosen.desired, state), wish)
    now = context.clock.now()
    pulled = pulled_from(state, chosen.desired, groups, now, below=below, may_replace=force, has_profiles=has_profiles)
    hint = f"to leave a skill to others write it to `ignore_skills` of {_FILE}"
    console.diagnose([*notices(state, pulled.written, hint), *_notices(pulled)])
    files = _files(pulled, place, is_forced=force)
    _refuse_nobody(pulled, wish, state)
    files += schemas_for(place if below is None else chosen.path, Kind.AGENTS)
    refuse_in_the_way(files, may_replace=force)
    refuse_secrets(files, context.redactor)
    console.is_writing = True
    put(files)
    lines = [f"Pulled {agents_of(sum(file.agents for file in pulled.written.files))}.", "", "Written:"]
    lines += [f"  {name}" for name in names_of(file.path for file in files)]
    console.write("\n".join(lines) + "\n")
    return Exit.DONE if below is None else _prove(console, {below + file.path for file in pulled.written.files})


def _below(place: Path, chosen: "Chosen", context: "Context") -> str | None:
    """Give where the place is in the tenant's folder, with a `/` at its end; None where it is in none."""
    from reconciler.cli.scaffold import shown
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    folder, here, root = chosen.path.resolve(), place.resolve(), context.root.resolve()
    if here.is_relative_to(folder):
        parts = here.relative_to(folder).parts
        # What is hidden is not read.
        return None if any(part.startswith(".") for part in parts) else "".join(f"{part}/" for part in parts)
    other = next((each for each in (here, *here.parents) if (each / _FILE).exists()), None)
    if other is None and not here.is_relative_to(root):
        return None
    whose = "belongs to no tenant" if other is None else f"belongs to the tenant in {shown(other)}"
    hint = f"give a folder outside of {shown(root)}, or none for the tenant's own"
    raise InvalidInput(Diagnostic("pull-place", f"--out {place}: what is written there {whose}", hint))


def _notices(pulled: "Pulled") -> "Iterator[Diagnostic]":
    from reconciler.cli.imported import some_of
    from reconciler.cli.interview import agents_of
    from reconciler.diagnostics import Diagnostic, Severity
    from reconciler.render.escape import terminal

    if pulled.already:
        message = f"{agents_of(len(pulled.already))} stay in the file that declares them: {some_of(pulled.already)}"
        yield Diagnostic("pull-declared", message, severity=Severity.WARN)
    if pulled.dropped:
        names = ", ".join(terminal(ref) for ref in pulled.dropped[:5])
        more = ", …" if len(pulled.dropped) > 5 else ""  # noqa: PLR2004 - as above
        message = f"{agents_of(len(pulled.dropped))} of the files written over are in no file any more: {names}{more}"
        yield Diagnostic("pull-dropped", message, "git diff shows what was written of them", severity=Severity.WARN)


def _refuse_nobody(pulled: "Pulled", wish: "Wish", state: "LiveState") -> None:
    from reconciler.cli.interview import agents_of
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    if pulled.written.files:
        return
    if pulled.already:
        message = "everyone who was asked for is declared already; nothing was written"
        hint = "reconcile plan shows how they differ; --force writes their files anew, --out DIR writes elsewhere"
    elif not wish.takes_inactive and any(not agent.active for agent in state.agents):
        message = f"nobody can be written, of {agents_of(len(state.agents))}; nothing was written"
        hint = "--inactive takes also those who are not active"
    else:
        message = f"nobody can be written, of {agents_of(len(state.agents))}; nothing was written"
        hint = "what the warnings say"
    raise InvalidInput(Diagnostic("pull-nobody", message, hint))


def _files(pulled: "Pulled", place: Path, *, is_forced: bool) -> "list[NewFile]":
    """Name the files; one in which somebody stays must not be written over."""
    from reconciler.cli.scaffold import NewFile

    return [
        NewFile(place / file.path, file.text, must_be_new=not is_forced or file.path in pulled.barred)
        for file in pulled.written.files
    ]


def _prove(console: Console, written: set[str]) -> Exit:
    """Plan for the agents of these files as they are now: what was pulled must be what is live."""
    from reconciler.cli.imported import DIFFERS, REPORT_IT, is_live
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.scope import Filters

    context, chosen = console.load()
    refs = tuple(ref for table in chosen.desired.tables if table.file in written for ref in table.refs)
    console.write("\n")
    if is_live(console, context, chosen, Filters(agents=refs)):
        return Exit.DONE
    console.diagnose([Diagnostic("pull-differs", DIFFERS, REPORT_IT)])
    return Exit.FAILED
