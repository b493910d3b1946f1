"""`reconcile comment`: keeps one comment for each tenant in a pull request, and the summary of the CI job."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.hosting import conclude, hosting, speak, view_of
from reconciler.cli.options import Whole

if TYPE_CHECKING:
    from reconciler.cli.documents import About
    from reconciler.publish.bodies import Known
    from reconciler.settings import Job

_EXAMPLES = (
    ("reconcile comment --plan plan.json", "in CI: what the plan of this pull request says"),
    ("reconcile comment --plan plan.json --result report.json", "the same, or why there is no plan"),
    ("reconcile comment --applying --reviewed plan.json", "after the merge: it begins"),
    ("reconcile comment --plan fresh.json --result report.json", "after the apply: how it ended"),
    ("reconcile comment --plan plan.json --repo acme/centre --pr 7", "by hand, with GITHUB_TOKEN set"),
)

# The commands of the job that applies: of which one left the last report.
_OF_AN_APPLY = frozenset({"reviewed", "apply"})


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--plan", "plan_file", metavar="FILE", type=click.Path(dir_okay=False),
              help="The saved plan to show: of `plan --out` or `apply --out`.")  # fmt: skip
@click.option("--result", metavar="FILE", type=click.Path(dir_okay=False),
              help="How the command ended: what `reconcile --report FILE …` wrote.")  # fmt: skip
@click.option("--reviewed", metavar="FILE", type=click.Path(dir_okay=False),
              help="The saved plan that was reviewed, where it is another one.")  # fmt: skip
@click.option("--page", default="", metavar="NAME",
              help="What the HTML report is called among the artifacts of the run.")  # fmt: skip
@click.option("--applying", is_flag=True, help="Say that the apply begins.")
@click.option("--pr", type=Whole(1), metavar="N", help="The pull request; CI says it by itself.")
@hosting
@click.pass_obj
def comment(
    console: Console,
    plan_file: str | None,
    result: str | None,
    reviewed: str | None,
    page: str,
    applying: bool,
    pr: int | None,
    repo: str | None,
    author: str | None,
) -> int:
    """Create the plan comment of a pull request, or bring it up to date.

    There is one comment for each tenant, edited in place; one that would say the same is not sent again. In CI the
    pull request is found by itself: the open one, or after a merge the merged one. The same text goes into the summary
    of the CI job, and errors become annotations at their lines. With --result, a FILE that is not there counts as a
    command that left nothing behind.
    """
    import asyncio
    import os

    from reconciler.cli.documents import about, plan_in, read_saved, report_in
    from reconciler.publish.bodies import Known
    from reconciler.settings import read_job

    if plan_file is None and result is None and not applying:
        message = "there is nothing to say: give --plan FILE, --result FILE or --applying"
        raise click.UsageError(message)
    job = read_job(os.environ, repo, pr)
    # By itself a plan has to be there; beside a result it may be what did not come about.
    plan = read_saved(plan_file).plan if plan_file is not None and result is None else plan_in(plan_file)
    seen, report = plan_in(reviewed), report_in(result)
    which = about(console, plan or seen)
    known = Known(
        tenant=which.tenant,
        is_named=which.is_named,
        commit=job.commit,
        run=job.run,
        plan=plan,
        reviewed=seen,
        report=report,
        is_merged=job.number is None and result is not None if report is None else report.command in _OF_AN_APPLY,
        is_applying=applying,
        is_fork=job.is_fork,
    )
    _annotate(console, known)
    return asyncio.run(_publish(console, job, known, which, page, author))


def _annotate(console: Console, known: "Known") -> None:
    """Show errors at their lines, where a runner listens."""
    import os
    from pathlib import Path

    from reconciler.publish.annotations import at_most_ten
    from reconciler.render.messages import messages_as_github

    if "GITHUB_ACTIONS" in os.environ and known.errors:
        # GitHub finds a file from the top of the checkout.
        here = os.path.relpath(Path.cwd(), os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
        console.write(messages_as_github(at_most_ten(known.errors), "" if here == "." else here.replace(os.sep, "/")))


async def _publish(console: Console, job: "Job", known: "Known", which: "About", page: str, author: str | None) -> int:
    from reconciler.publish.conversation import tell_pull_request

    next_step = "" if known.is_merged else "merge this pull request, which applies exactly this plan"
    view = view_of(job, which, "fresh.json" if known.is_merged else "plan.json", next_step, page)
    async with speak(console, job, author) as forge:
        told = await tell_pull_request(forge, job, known, view, console.redactor.mask)
    return conclude(console, told)
