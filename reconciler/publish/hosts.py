"""The hosts of repositories, a line each, and the one door to them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from types import MappingProxyType

import httpx

from reconciler.clock import Clock
from reconciler.publish.forge import Forge
from reconciler.publish.github import open_github
from reconciler.publish.gitlab import open_gitlab
from reconciler.settings import Host, Job

Opener = Callable[[Job, Clock, Random, str | None, httpx.AsyncBaseTransport | None], AbstractAsyncContextManager[Forge]]
FORGES: Mapping[Host, Opener] = MappingProxyType({Host.GITHUB: open_github, Host.GITLAB: open_gitlab})


@asynccontextmanager
async def open_forge(
    job: Job,
    *,
    clock: Clock,
    random: Random,
    author: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Forge]:
    """Open the repository of a job for one command; `transport` stands in for sockets.

    `author` is as whom the token writes, where it cannot be asked. InvalidInput where the address or the repository
    cannot be used; a token that is missing, only when something is asked.
    """
    async with FORGES[job.host](job, clock, random, author, transport) as forge:
        yield forge
