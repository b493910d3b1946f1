"""`reconcile reviewed`: what the pull request of a merged commit showed its reviewers."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.hosting import hosting, speak
from reconciler.cli.options import format_option

if TYPE_CHECKING:
    from reconciler.publish.reviewed import Reviewed
    from reconciler.settings import Job

_EXAMPLES = (
    ("reconcile reviewed", "in CI, after a merge: pull request, digest and run of the review"),
    ('reconcile reviewed --format github >> "$GITHUB_OUTPUT"', "as outputs of a step"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@format_option("text", "json", "github")
@hosting
@click.pass_obj
def reviewed(console: Console, format: str, repo: str | None, author: str | None) -> int:  # noqa: A002 - the option's own name
    """Find the pull request whose merge made this commit, and the plan that its comment shows.

    Gives the number of the pull request, the digest of the plan, and the run of CI that made it; each is empty where
    there is none. What a comment claims is never trusted: `apply --expect` compares the digest with a plan of its own.
    """
    import asyncio
    import os

    from reconciler.cli.documents import about
    from reconciler.render.reviewed import REVIEWED_FORMATS
    from reconciler.settings import read_job

    job = read_job(os.environ, repo)
    tenant = about(console, None).tenant
    found = asyncio.run(_find(console, job, tenant, author))
    number, digest, run = ("", "", "") if found is None else (f"{found.number}", found.digest, found.run)
    console.write(REVIEWED_FORMATS[format]({"number": number, "digest": digest, "run": run}))
    if found is None:
        console.say(f"no pull request with a comment for {tenant} was merged as {job.commit[:12] or 'this commit'}")
    return Exit.DONE


async def _find(console: Console, job: "Job", tenant: str, author: str | None) -> "Reviewed | None":
    from reconciler.publish.reviewed import find_reviewed

    async with speak(console, job, author) as forge:
        return await find_reviewed(forge, job.commit, job.branch, tenant)
