"""`reconcile issue`: one issue for each tenant whose live state is not what the files say."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.hosting import conclude, hosting, speak, view_of

if TYPE_CHECKING:
    from reconciler.plan.change import Plan
    from reconciler.render.view import View
    from reconciler.settings import Job

_EXAMPLES = (
    ("reconcile issue --plan plan.json", "in CI, on a schedule: after `reconcile plan --out plan.json`"),
    ("reconcile issue --plan plan.json --repo acme/centre", "by hand, with GITHUB_TOKEN set"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--plan", "plan_file", required=True, metavar="FILE", type=click.Path(dir_okay=False),
              help="The saved plan of now: what `plan --out FILE` wrote.")  # fmt: skip
@hosting
@click.pass_obj
def issue(console: Console, plan_file: str, repo: str | None, author: str | None) -> int:
    """Keep one issue for each tenant that has drifted.

    Opened when the plan has changes, brought up to date while it has, closed with a word when it has none any more.
    """
    import asyncio
    import os

    from reconciler.cli.documents import about, read_saved
    from reconciler.settings import read_job

    job = read_job(os.environ, repo)
    plan = read_saved(plan_file).plan
    view = view_of(job, about(console, plan), "plan.json")
    return asyncio.run(_publish(console, job, plan, view, author))


async def _publish(console: Console, job: "Job", plan: "Plan", view: "View", author: str | None) -> int:
    from reconciler.publish.drift import tell_drift

    async with speak(console, job, author) as forge:
        told = await tell_drift(forge, job, plan, view, console.redactor.mask)
    return conclude(console, told)
