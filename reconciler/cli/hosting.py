"""What commands share that speak to where the repository is hosted: options, and a connection."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.publish.forge import Forge
    from reconciler.settings import Job

_Function = TypeVar("_Function", bound=Callable[..., Any])


def hosting(function: _Function) -> _Function:
    """Give a command `--repo` and `--author`."""
    for option in (
        click.option("--author", metavar="LOGIN", help="Who this tool speaks as, where the token does not tell."),
        click.option("--repo", metavar="O/N", help="The repository; CI says it by itself."),
    ):
        function = option(function)
    return function


@asynccontextmanager
async def speak(console: Console, job: "Job", author: str | None = None) -> "AsyncIterator[Forge]":
    """Open the connection to the host of the repository; its token is never shown."""
    from random import SystemRandom

    from reconciler.clock import SystemClock
    from reconciler.publish.forge import open_forge

    if job.token is not None:
        console.redactor.hide(job.token.reveal())
    async with open_forge(job, clock=SystemClock(), random=SystemRandom(), author=author) as forge:
        yield forge
