"""`reconcile fmt`: puts the files of desired state into canonical layout, all of them or none."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.desired import Loaded
    from reconciler.desired.writing.layout import Formatted
    from reconciler.pipeline import Context

_EXAMPLES = (
    ("reconcile fmt", "write every file in canonical layout"),
    ("reconcile fmt --check", "write nothing; name the files that would change"),
    ("reconcile fmt --diff", "write nothing; show what would change"),
    ("reconcile fmt desired-state/agents", "a folder, or a file"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("path", metavar="[PATH]…", nargs=-1, type=click.Path())
@click.option("--check", "is_check", is_flag=True, help="Write nothing; end with 2 where a file would change.")
@click.option("--diff", "has_diff", is_flag=True, help="Write nothing; show what would change.")
@click.pass_obj
def fmt(console: Console, path: tuple[str, ...], is_check: bool, has_diff: bool) -> int:
    """Put the files of every tenant below DIR, or of --tenant NAME, into canonical layout.

    Or only those PATHs. Comments stay at what they stand at. A file is written only when the loader reads the same from
    it as before; when one of the files has a fault, none is written.
    """
    from reconciler import pipeline
    from reconciler.diagnostics import Severity
    from reconciler.errors import InvalidInput

    context = console.context()
    loaded = pipeline.load_all(context, console.tenant, may_be_empty=True)
    if any(each.severity is Severity.ERROR for each in loaded.diagnostics):
        raise InvalidInput(*loaded.diagnostics)
    console.diagnose(loaded.diagnostics, console.folder)
    changed = _laid_out(context, loaded, _choice(path, loaded))
    if not is_check and not has_diff:
        _write(console, changed)
    console.write("".join(_difference(console, each) if has_diff else _name(each) for each in changed))
    return Exit.CHANGES if is_check and changed else Exit.DONE


def _choice(paths: tuple[str, ...], loaded: "Loaded") -> "Callable[[Path], bool]":
    """Make of the paths on the command line a question for each file. InvalidInput where one holds no file of ours."""
    from reconciler.desired.writing.layout import files_of
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    if not paths:
        return lambda _: True
    known = {path: path.resolve() for tenant in loaded.tenants for path in files_of(tenant)}
    places = {path: Path(path).resolve() for path in paths}
    hint = "give a YAML file or a folder of a tenant below DIR; -C DIR stands before the command"
    faults = [
        Diagnostic("fmt-path", f"{path}: no file of desired state is there", hint)
        for path, place in places.items()
        if not any(each.is_relative_to(place) for each in known.values())
    ]
    if faults:
        raise InvalidInput(*faults)
    return lambda path: any(known[path].is_relative_to(place) for place in places.values())


def _laid_out(context: "Context", loaded: "Loaded", is_chosen: "Callable[[Path], bool]") -> "tuple[Formatted, ...]":
    from contextlib import ExitStack

    from reconciler.desired import ParseCache
    from reconciler.desired.writing.layout import Caches, format_tenants

    with ExitStack() as stack:
        opened = (ParseCache.open(context.state_folder / "cache" / f"{name}.sqlite") for name in ("desired", "layout"))
        caches = Caches(*(cache and stack.enter_context(cache) for cache in opened))
        return format_tenants(context.root, loaded, is_chosen, caches, context.stage)


def _write(console: Console, changed: "tuple[Formatted, ...]") -> None:
    from reconciler.cli.placing import put
    from reconciler.cli.scaffold import NewFile, shown
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcileError

    moved = [each.path for each in changed if _has_moved(each)]
    if moved:
        message = f"{', '.join(map(shown, moved))} changed in the meantime; nothing was written"
        raise ReconcileError(Diagnostic("fmt-changed", message, "type it again"))
    console.is_writing = True
    try:
        put([NewFile(each.path, each.after.decode()) for each in changed])
    except ReconcileError as error:
        raise ReconcileError(
            *(Diagnostic("fmt-file", each.message, each.hint) for each in error.diagnostics)
        ) from error


def _has_moved(changed: "Formatted") -> bool:
    try:
        return changed.path.is_symlink() or changed.path.read_bytes() != changed.before
    except OSError:
        return True


def _name(changed: "Formatted") -> str:
    from reconciler.cli.scaffold import shown
    from reconciler.render.escape import terminal

    return f"{terminal(shown(changed.path))}\n"


def _difference(console: Console, changed: "Formatted") -> str:
    from reconciler.cli.scaffold import shown
    from reconciler.render.difference import difference_as_text

    before, after = (data.decode("utf-8", "surrogateescape") for data in (changed.before, changed.after))
    return difference_as_text(shown(changed.path), before, after, console.style, then="canonical")
