"""`reconcile schema`: the JSON Schema of the files, for editors."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.cli.scaffold import NewFile
    from reconciler.desired.schema import Offers

_EXAMPLES = (
    ("reconcile schema", "of the files of agents, to stdout"),
    ("reconcile schema tenant", "of tenant.yaml"),
    ("reconcile schema --out desired-state/.schema", "both, where the first line of each file points to"),
    ("reconcile schema --online --out desired-state/.schema", "with the skills of the tenant to choose from"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("document", metavar="[DOCUMENT]", type=click.Choice(["agents", "tenant"]), required=False)
@click.option("--online", is_flag=True, help="Take the names of skills from the tenant; any other is a fault then.")
@click.option("--out", type=click.Path(), metavar="PATH",
              help="Write to this file; without DOCUMENT, both into this folder.")  # fmt: skip
@click.pass_obj
def schema(console: Console, document: str | None, online: bool, out: str | None) -> int:
    """Print the JSON Schema (2020-12) of a document: `agents`, which is every file but `tenant.yaml`, or `tenant`.

    Editors make of it help, completion and marks at what is wrong. Needs no files and no network, unless --online is
    given.
    """
    from reconciler.cli.scaffold import NewFile, refuse_secrets
    from reconciler.desired.modeline import Kind
    from reconciler.desired.schema import NOTHING, make_schema

    offers = _ask(console) if online else NOTHING
    if out is None:
        console.write(make_schema(Kind(document or Kind.AGENTS), offers))
        return Exit.DONE
    places = {kind: Path(out) / f"{kind}.json" for kind in Kind} if document is None else {Kind(document): Path(out)}
    _refuse_nowhere(Path(out))
    files = [NewFile(place, make_schema(kind, offers)) for kind, place in places.items()]
    refuse_secrets(files, console.redactor)
    _refuse_others(files)
    _write(files, out)
    for file in files:
        console.say(f"wrote {file.path}")
    return Exit.DONE


def _ask(console: Console) -> "Offers":
    """Find the names that the tenant and its files have."""
    import asyncio

    from reconciler import pipeline
    from reconciler.desired.schema import find_offers

    context = console.context()
    chosen = pipeline.load_one(context, console.tenant, may_be_empty=True)
    console.diagnose(chosen.warnings, console.folder)
    return find_offers(chosen.desired, asyncio.run(pipeline.read_catalog(context, chosen.desired)))


def _refuse_nowhere(place: Path) -> None:
    """Refuse a place in a folder that is not there: it is a slip more often than a wish."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    if not place.parent.exists():
        hint = "give a file or a folder in a folder that exists and that you may write"
        raise InvalidInput(Diagnostic("out-file", f"--out {place}: No such file or directory", hint))


def _refuse_others(files: "Iterable[NewFile]") -> None:
    """Refuse to write over what is no JSON, or along a link: a pull request could bring one that leads elsewhere."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    for file in files:
        if any(path.is_symlink() for path in (file.path.parent, file.path)):
            hint = "delete the link, or give another place"
            raise InvalidInput(Diagnostic("out-file", f"--out {file.path}: a link is in the way", hint))
        if file.path.exists() and file.path.suffix != ".json":
            hint = "give a file that ends in .json, or a folder"
            raise InvalidInput(Diagnostic("out-file", f"--out {file.path}: what is there is no JSON", hint))


def _write(files: "Sequence[NewFile]", out: str) -> None:
    from reconciler.cli.placing import put
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput, ReconcileError

    try:
        put(files)
    except ReconcileError as error:
        said = (Diagnostic("out-file", f"--out {out}: {each.message}", each.hint) for each in error.diagnostics)
        raise InvalidInput(*said) from error
