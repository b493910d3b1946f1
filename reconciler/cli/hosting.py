"""What commands share that speak to where the repository is hosted: options, and a connection."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.console import Console
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.cli.documents import About
    from reconciler.publish.conversation import Told
    from reconciler.publish.forge import Forge
    from reconciler.render.view import View
    from reconciler.settings import Job

# So much of a commit's name is shown.
_SHORT = 12
_Function = TypeVar("_Function", bound=Callable[..., Any])


def hosting(function: _Function) -> _Function:
    """Give a command `--repo` and `--author`."""
    for option in (
        click.option("--author", metavar="LOGIN", help="Who this tool speaks as, where the token does not tell."),
        click.option("--repo", metavar="O/N", help="The repository; CI says it by itself."),
    ):
        function = option(function)
    return function


def view_of(job: "Job", which: "About", whole_plan: str, next_step: str = "", page: str = "") -> "View":
    """Say what a comment or an issue needs to be told beside its plan."""
    from reconciler.render.view import View

    return View(
        created_at="",
        folder=which.folder,
        rate_limit=which.rate_limit,
        run_url=job.run_url,
        commit=job.commit[:_SHORT],
        blob_url=job.files_url,
        next_step=next_step,
        whole_plan=f"the file `{whole_plan}` in the artifacts of this run",
        page=page,
    )


@asynccontextmanager
async def speak(console: Console, job: "Job", author: str | None = None) -> "AsyncIterator[Forge]":
    """Open the connection to the host of the repository; its token is never shown."""
    from random import SystemRandom

    from reconciler.clock import SystemClock
    from reconciler.publish.hosts import open_forge

    if job.token is not None:
        console.redactor.hide(job.token.reveal())
    async with open_forge(job, clock=SystemClock(), random=SystemRandom(), author=author) as forge:
        yield forge


def conclude(console: Console, told: "Told") -> Exit:
    """Say what became of a comment or an issue, and give the exit code."""
    console.diagnose(told.diagnostics)
    console.say(told.text)
    return Exit.DONE if told.is_done else Exit.FAILED
