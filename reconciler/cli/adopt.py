"""`reconcile adopt`: what was changed on the tenant goes into the files, which keep their comments and their layout."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import filters, make_filters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.desired.writing import FileEdit
    from reconciler.diagnostics import Diagnostic
    from reconciler.pipeline import Chosen, Context
    from reconciler.pipeline.adopting import Adoption

_EXAMPLES = (
    ("reconcile adopt", "show the difference, ask, write the files"),
    ("reconcile adopt --diff --team 'Billing EMEA'", "only look"),
    ("reconcile adopt --agent ana.silva@example.com --skill Spanish --yes", "one assignment, without a question"),
)
_MOST_NOTICES = 20


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal.")
@click.option("--diff", "is_looking", is_flag=True, help="Show the difference of the files; write nothing.")
@filters
@click.pass_obj
def adopt(
    console: Console,
    yes: bool,
    is_looking: bool,
    agents: tuple[str, ...],
    teams: tuple[str, ...],
    skills: tuple[str, ...],
) -> int:
    """Write what differs on the tenant into the files, instead of the other way round.

    Changes values in place; comments, quotes and order stay. Writes nothing to the tenant. Ends with the plan, which
    is empty for what was adopted.
    """
    import asyncio

    from reconciler.cli.documents import timestamp
    from reconciler.cli.plan import written
    from reconciler.pipeline.adopting import adopt as adopted_from

    context, chosen = console.load()
    adoption = asyncio.run(adopted_from(context, chosen, make_filters(agents, teams, skills)))
    console.clear()
    console.diagnose(_notices(adoption.refused), console.folder)
    if adoption.files:
        console.write(_difference(adoption, console))
    if is_looking:
        return _code(adoption)
    if adoption.files:
        _refuse_secrets(adoption, chosen, context)
        if not yes:
            _ask(adoption, console)
        _put(adoption.files, chosen, console)
        console.write(f"\nAdopted {_count(adoption)}.\n\n")
    created_at = timestamp(context.clock.now())
    console.write(written(adoption.plan, "text", created_at, console, chosen.desired.tenant))
    return _code(adoption)


def _notices(refused: "Sequence[Diagnostic]") -> "Iterator[Diagnostic]":
    """Say what is not adopted; of very many, how many: an override of a large team may be in the way of all."""
    from reconciler.diagnostics import Diagnostic, Severity

    yield from refused[:_MOST_NOTICES]
    more = len(refused) - _MOST_NOTICES
    if more > 0:
        message = f"{more} more are not adopted likewise"
        yield Diagnostic("adopt-left", message, "reconcile plan lists what differs", severity=Severity.WARN)


def _code(adoption: "Adoption") -> Exit:
    return Exit.PARTLY if adoption.refused else Exit.DONE


def _difference(adoption: "Adoption", console: Console) -> str:
    from reconciler.render.difference import difference_as_text

    # Line ends stay as they are, so they are not part of what is shown.
    texts = (
        (each.file, *(data.decode().replace("\r\n", "\n") for data in (each.before, each.after)))
        for each in adoption.files
    )
    return "".join(
        difference_as_text(f"{console.folder}/{file}", before, after, console.style, then="as on the tenant")
        for file, before, after in texts
    )


def _count(adoption: "Adoption") -> str:
    from reconciler.render.messages import counted

    agents = counted(len({each.agent.id for each in adoption.adopted}), "agent")
    return f"{counted(len(adoption.adopted), 'assignment')} of {agents} in {counted(len(adoption.files), 'file')}"


def _ask(adoption: "Adoption", console: Console) -> None:
    """Ask whether to write; Refused where nobody says yes."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import Refused

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message, hint = "there is no terminal to ask on; nothing was written", console.typed_with("--yes")
    elif console.ask(f"Write this, {_count(adoption)}? Only `yes` is accepted:") == "yes":
        return
    else:
        message, hint = "nobody confirmed; nothing was written", "answer `yes`, or give --yes"
    raise Refused(Diagnostic("not-confirmed", message, hint))


def _refuse_secrets(adoption: "Adoption", chosen: "Chosen", context: "Context") -> None:
    from reconciler.cli.scaffold import NewFile, refuse_secrets

    files = [NewFile(chosen.path / each.file, each.after.decode()) for each in adoption.files]
    refuse_secrets(files, context.redactor)


def _put(files: "tuple[FileEdit, ...]", chosen: "Chosen", console: Console) -> None:
    """Write all of the files or none, unless somebody else wrote to one meanwhile."""
    from reconciler.cli.placing import put
    from reconciler.cli.scaffold import NewFile
    from reconciler.desired.writing import refuse_moved

    refuse_moved(chosen.path, files)
    console.is_writing = True
    put([NewFile(Path(chosen.path) / each.file, each.after.decode()) for each in files])
