"""`reconcile rollback RUN`: undoes a past apply, as a plan like any other."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.completing import complete_run
from reconciler.cli.console import Console
from reconciler.cli.dialog import Dialog, conclude
from reconciler.cli.options import format_option
from reconciler.cli.writing import Writing, writing

if TYPE_CHECKING:
    from reconciler.pipeline import Chosen, Context
    from reconciler.plan.outcome import Outcome

_EXAMPLES = (
    ("reconcile runs", "which applies there were"),
    ("reconcile rollback last", "show what would undo the last one, ask, write it"),
    ("reconcile rollback 20261122T14", "the beginning of a run's name is enough"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("run", shell_complete=complete_run)
@writing
@format_option("text", "json")
@click.pass_obj
def rollback(
    console: Console,
    /,
    run: str,
    format: str,  # noqa: A002 - the option's own name
    **given: object,
) -> int:
    """Give back what a past apply changed, where nobody has changed it since.

    Reads the run's journal and the tenant, shows the inverse plan, asks, and writes it as `apply` does. What somebody
    changed after the run stays, and is listed. The files are not changed: revert them too, or the next apply writes the
    same again.
    """
    import asyncio

    context, chosen = console.load()
    console.folder = context.runs.as_posix()  # places are lines of the run's journal
    how = Writing.of(given)
    dialog = Dialog(console, chosen.desired.tenant, is_asking=not how.yes, shows_plan_on_stdout=format == "text")
    outcome = asyncio.run(_run(context, chosen, run, how, dialog))
    return conclude(console, outcome, format)


async def _run(context: "Context", chosen: "Chosen", run: str, how: Writing, dialog: Dialog) -> "Outcome":
    from reconciler import pipeline

    with dialog:
        return await pipeline.rollback(context, chosen.desired, run, how.make(dialog))
