"""`reconcile apply`: plans afresh, shows, asks, writes what differs, reads it again."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.dialog import Dialog, conclude
from reconciler.cli.options import filters, format_option, make_filters, no_removals, timed_option
from reconciler.cli.writing import Writing, writing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.pipeline import Apply, Chosen, Context
    from reconciler.plan.outcome import Outcome
    from reconciler.plan.scope import Filters
    from reconciler.render.plan_json import SavedPlan

_EXAMPLES = (
    ("reconcile apply", "show what would change, ask, write it"),
    ("reconcile apply --yes", "without asking, for CI"),
    ("reconcile apply plan.json", "what `plan --out plan.json` showed, and nothing else"),
    ("reconcile apply --yes --newest --expect sha256:…", "in CI, what the pull request showed"),
    ("reconcile apply --canary 5", "five agents first, read again before the rest goes on"),
    ("reconcile apply --team 'Billing EMEA'", "one team; --agent and --skill narrow it further"),
    ("reconcile apply --yes --timed", "on a schedule: what overrides began and ended, and nothing else"),
    ("reconcile apply --yes --format json | jq .summary", "for a script"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@writing
@click.option("--reviewed", type=click.Path(dir_okay=False), metavar="FILE",
              help="The saved plan of --expect: what is left of it is applied too.")  # fmt: skip
@click.option("--newest", is_flag=True, help="Refuse unless this commit is the newest of the default branch.")
@no_removals
@timed_option
@format_option("text", "json")
@filters
@click.pass_obj
def apply(
    console: Console,
    /,
    file: str | None,
    format: str,  # noqa: A002 - the option's own name
    reviewed: str | None,
    newest: bool,
    no_removals: bool,
    timed: bool,
    agents: tuple[str, ...],
    teams: tuple[str, ...],
    skills: tuple[str, ...],
    **given: object,
) -> int:
    """Write to the tenant what its files declare, changed agents only.

    Plans afresh, shows the plan, asks, writes within the rate limit, and reads everything written again. With FILE, a
    plan that `plan --out FILE` saved, it goes on only if the fresh plan is that one. Ctrl-C ends it cleanly: what is
    in flight is waited for; the next apply does the rest.
    """
    import asyncio

    narrowed = make_filters(agents, teams, skills, no_removals=no_removals, timed=timed)
    claim = None if file is None else _read_claim(file, narrowed)
    how = Writing.of(given)
    seen = None if reviewed is None else _read_reviewed(reviewed, how)
    gate = _newest_only(console) if newest else None
    context, chosen = console.load()
    dialog = Dialog(console, chosen.desired.tenant, is_asking=not how.yes, shows_plan_on_stdout=format == "text")
    terms = how.make(dialog, claim, seen, gate)
    outcome = asyncio.run(_run(context, chosen, narrowed if claim is None else claim.plan.filters, terms, dialog))
    return conclude(console, outcome, format)


def _read_claim(file: str, narrowed: "Filters") -> "SavedPlan":
    from reconciler.cli.documents import read_saved
    from reconciler.plan.scope import Filters

    if narrowed != Filters():
        message = "a saved plan says itself which agents it is about"
        raise click.UsageError(message + ": give FILE, or --agent, --team, --skill, --no-removals and --timed")
    return read_saved(file)


def _read_reviewed(file: str, how: Writing) -> "SavedPlan":
    from reconciler.cli.documents import read_saved

    if how.expect is None:
        message = "--reviewed goes with --expect DIGEST, which says that this is the plan that was reviewed"
        raise click.UsageError(message)
    return read_saved(file)


def _newest_only(console: Console) -> "Callable[[], Awaitable[None]]":
    import os

    from reconciler.cli.hosting import speak
    from reconciler.publish.newest import require_newest
    from reconciler.settings import read_job

    job = read_job(os.environ)

    async def gate() -> None:
        async with speak(console, job) as forge:
            await require_newest(forge, job)

    return gate


async def _run(context: "Context", chosen: "Chosen", narrowed: "Filters", how: "Apply", dialog: Dialog) -> "Outcome":
    from reconciler import pipeline

    with dialog:
        return await pipeline.apply(context, chosen.desired, narrowed, how)
