"""`reconcile calendar`: every coming change of desired state, with who can take what then."""

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import Whole, format_option

_EXAMPLES = (
    ("reconcile calendar", "what begins and ends in the next two weeks"),
    ("reconcile calendar --days 60", "further ahead"),
    ("reconcile plan --at TIME", "all of the plan at one of these moments"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.option(
    "--days",
    type=Whole(1, 3660),
    default=14,
    show_default=True,
    metavar="N",
    help="How far to look ahead, 1 to 3660.",
)
@format_option("text", "json")
@click.pass_obj
def calendar(console: Console, days: int, format: str) -> int:  # noqa: A002 - the option's own name
    """List every moment at which an override, a hold or a waiver begins or ends.

    With the agents that an apply changes from then on, and who can take what before and after it. Nothing is written,
    now or then: the next apply after a moment does that.
    """
    import asyncio

    from reconciler.pipeline.calendar import look_ahead
    from reconciler.render.calendar import calendar_as_json, calendar_as_text

    context, chosen = console.load()
    coming = asyncio.run(look_ahead(context, chosen.desired, days))
    is_json = format == "json"
    console.write(calendar_as_json(coming) if is_json else calendar_as_text(coming, console.folder, console.style))
    return Exit.DONE
