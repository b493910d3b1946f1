"""`reconcile runs`: past applies and rollbacks, as their journals tell them."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.completing import complete_run
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import Whole, format_option

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLES = (
    ("reconcile runs", "who applied what, and how it ended"),
    ("reconcile runs last", "the last one: each agent, each value before and after"),
    ("reconcile runs 20261122T14", "the beginning of a run's name is enough"),
    ("reconcile --tenant acme runs --format json | jq '.runs[].state'", "of one tenant, for a script"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("run", required=False, shell_complete=complete_run)
@format_option("text", "json")
@click.option("--limit", type=Whole(1), default=20, show_default=True, metavar="N",
              help="List so many at most, the newest.")  # fmt: skip
@click.pass_obj
def runs(console: Console, run: str | None, format: str, limit: int) -> int:  # noqa: A002 - the option's own name
    """List past applies and rollbacks, the newest first, or show one of them in detail.

    Reads the journals in the state folder and nothing else: files that are broken do not hide the past. They are of
    all tenants unless --tenant names one.
    """
    import os

    from reconciler.apply.runs import find_run, list_runs
    from reconciler.render.runs import run_as_text, runs_as_json, runs_as_text
    from reconciler.settings import state_folder

    folder = state_folder(os.environ) / "runs"
    records = list_runs(folder, console.tenant, limit) if run is None else [find_run(folder, console.tenant, run)]
    if format == "json":
        console.write(runs_as_json(records))
    elif run is not None:
        console.write(run_as_text(records[0], console.style))
    elif records:
        console.write(runs_as_text(records, console.style))
    else:
        console.write(f"{_no_runs(folder, console.tenant)}.\n")
    return Exit.DONE


def _no_runs(folder: "Path", tenant: str | None) -> str:
    from reconciler.render.escape import terminal

    of = "" if tenant is None else f" of tenant `{terminal(tenant)}`"
    return f"no run{of} is recorded in `{terminal(str(folder))}`"
