"""`reconcile validate`: checks the files of every tenant, or of one."""

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit, code_of
from reconciler.cli.options import format_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.desired import Loaded, TenantFolder
    from reconciler.diagnostics import Diagnostic
    from reconciler.pipeline import Context

_EXAMPLES = (
    ("reconcile validate", "every error of every file, with its place"),
    ("reconcile validate --online", "also whether the tenant knows every skill and agent"),
    ("reconcile validate --format github", "annotations at the lines of a pull request"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@format_option("text", "json", "github")
@click.option("--online", is_flag=True, help="Also find every skill and agent on the tenant.")
@click.pass_obj
def validate(console: Console, format: str, online: bool) -> int:  # noqa: A002 - the option's own name
    """Check the files of every tenant below DIR, or of --tenant NAME.

    Needs no network and no credential, unless --online is given.
    """
    from reconciler import pipeline
    from reconciler.diagnostics import Severity

    context = console.context()
    loaded = pipeline.load_all(context, console.tenant)
    found = [*loaded.diagnostics, *_ended(context, loaded)]
    code = Exit.INVALID if any(each.severity is Severity.ERROR for each in found) else Exit.DONE
    if online and code is Exit.DONE:
        errors, code = _check_online(context, loaded)
        found += errors
    _write(console, format, found, loaded)
    return code


def _ended(context: "Context", loaded: "Loaded") -> "Iterator[Diagnostic]":
    """Give what is over, and can be removed."""
    from reconciler.plan.expiry import ended

    for tenant in loaded.tenants:
        if tenant.state is not None:
            yield from _below_root(ended(tenant.state, context.clock.now()), tenant, context)


def _below_root(found: "Iterable[Diagnostic]", tenant: "TenantFolder", context: "Context") -> "Iterator[Diagnostic]":
    """Make the places in a tenant's folder places below DIR."""
    from dataclasses import replace

    below = tenant.path.relative_to(context.root).as_posix()
    for each in found:
        at = each.position
        if at is not None and below != ".":
            at = replace(at, file=f"{below}/{at.file}")
        yield replace(each, position=at)


def _check_online(context: "Context", loaded: "Loaded") -> "tuple[list[Diagnostic], Exit]":
    """Ask each tenant in turn; gives what is wrong, its places below DIR, and the code of the first failure."""
    import asyncio

    from reconciler import pipeline
    from reconciler.errors import ReconcileError

    errors: list[Diagnostic] = []
    code = Exit.DONE
    for tenant in loaded.tenants:
        if tenant.state is None:
            continue
        try:
            asyncio.run(pipeline.check_names(context, tenant.state))
        except ReconcileError as error:
            code = code or code_of(error)
            errors += _below_root(error.diagnostics, tenant, context)
    return errors, code


def _write(console: Console, format: str, found: "list[Diagnostic]", loaded: "Loaded") -> None:  # noqa: A002 - as above
    from pathlib import Path

    from reconciler.render import MESSAGE_FORMATS
    from reconciler.render.messages import messages_as_text, valid_line

    console.record(found, console.folder)
    if format == "text":
        states = [tenant.state for tenant in loaded.tenants if tenant.state is not None]
        console.write(messages_as_text(found, console.folder, console.style) + valid_line(found, states) + "\n")
    elif format == "github":
        # GitHub finds a file from the top of the checkout.
        top = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
        console.write(MESSAGE_FORMATS[format](found, Path(os.path.relpath(console.root, top)).as_posix()))
    else:
        console.write(MESSAGE_FORMATS[format](found, console.folder))
