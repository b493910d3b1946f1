"""`reconcile plan`: reads, compares, shows; never writes."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import (
    all_coverage_option,
    at_option,
    filters,
    format_option,
    make_filters,
    no_removals,
    timed_option,
)

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model.tenant import Tenant
    from reconciler.plan.change import Plan

_EXAMPLES = (
    ("reconcile plan", "what would change, and what it costs"),
    ("reconcile plan --team 'Billing EMEA'", "one team; --agent and --skill narrow it further"),
    ("reconcile plan --out plan.json", "keep it; `reconcile show plan.json` shows it again"),
    ("reconcile plan --at 2026-11-27T06:00:00-05:00", "as it will be then, by overrides and holds"),
    ("reconcile plan --format html > plan.html", "a page for a browser"),
    ("reconcile plan --format json | jq .summary", "for a script"),
    ("reconcile plan --detailed-exitcode", "exit 2 when there are changes"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@format_option("text", "json", "markdown", "gitlab", "html")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Save the plan as JSON.")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 2 when there are changes, 0 when there are none, 5 when a policy blocks.",
)
@all_coverage_option
@at_option
@no_removals
@timed_option
@filters
@click.pass_obj
def plan(
    console: Console,
    format: str,  # noqa: A002 - the option's own name
    out: str | None,
    detailed_exitcode: bool,
    all_coverage: bool,
    at: "datetime | None",
    no_removals: bool,
    timed: bool,
    agents: tuple[str, ...],
    teams: tuple[str, ...],
    skills: tuple[str, ...],
) -> int:
    """Compare the files with the live tenant and show what differs.

    Nothing is ever written: the client it uses can only read.
    """
    import asyncio
    from pathlib import Path

    from reconciler import pipeline
    from reconciler.cli.documents import save, timestamp

    context, chosen = console.load()
    narrowed = make_filters(agents, teams, skills, no_removals=no_removals, timed=timed)
    made = asyncio.run(pipeline.plan(context, chosen.desired, narrowed, every_skill=all_coverage, at=at))
    created_at = timestamp(context.clock.now())
    if out is not None:
        save(made, Path(out), created_at, console)
        console.say(f"saved to {out}; show it again: reconcile show {out}")
    console.write(written(made, format, created_at, console, chosen.desired.tenant, all_coverage=all_coverage))
    return _detailed(made) if detailed_exitcode else Exit.DONE


def _detailed(made: "Plan") -> Exit:
    if made.is_blocked:
        return Exit.REFUSED
    return Exit.CHANGES if made.changes else Exit.DONE


def written(
    made: "Plan",
    format: str,  # noqa: A002 - as above
    created_at: str,
    console: Console,
    tenant: "Tenant | None" = None,
    *,
    all_coverage: bool = False,
) -> str:
    """Write a plan in one of the formats."""
    from reconciler.render import PLAN_FORMATS, View

    rate_limit = None if tenant is None else tenant.rate_limit
    folder = console.folder if tenant else ""
    view = View(created_at, folder, rate_limit, console.style, shows_every_skill=all_coverage)
    return PLAN_FORMATS[format](made, view)
