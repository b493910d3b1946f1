"""Doors to hosts: a job, a forge opened for it, and a transport that keeps what was sent."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

import httpx
import respx

from reconciler.clock import Clock
from reconciler.model.secret import Secret
from reconciler.publish.forge import Forge
from reconciler.publish.hosts import open_forge
from reconciler.render.marker import Marker, marker_line
from reconciler.settings.ci import Host, Job

T = TypeVar("T")

TOKEN = "ghs_thisIsTheTokenOfTheJob"
GITHUB_URL = "https://api.github.com"
GITLAB_URL = "https://gitlab.com/api/v4"
DIGEST = "sha256:" + "0" * 64
COMMIT = "a" * 40


def github_job(url: str = GITHUB_URL, repository: str = "acme/centre", token: str | None = TOKEN) -> Job:
    """A job on GitHub."""
    return Job(Host.GITHUB, url, repository, None if token is None else Secret(token), number=7)


def gitlab_job(url: str = GITLAB_URL, repository: str = "acme/centre") -> Job:
    """A job on GitLab."""
    return Job(Host.GITLAB, url, repository, Secret(TOKEN), number=7)


def body_of(tenant: str = "acme", text: str = "4 to add", digest: str = DIGEST, run: str = "12") -> str:
    """A comment of ours."""
    return f"{marker_line(Marker(tenant, COMMIT, digest, run))}\n{text}\n"


class Recorded(httpx.AsyncBaseTransport):
    """Real sockets; `sent` are method and path of all that left."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Keep and pass on."""
        self.sent.append((request.method, request.url.path))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the sockets."""
        await self._inner.aclose()

    @property
    def writes(self) -> list[str]:
        """The methods that change something."""
        return [method for method, _ in self.sent if method != "GET"]


def routed(url: str = GITHUB_URL) -> respx.MockRouter:
    """A host that answers as a test says, and to nothing else."""
    return respx.MockRouter(base_url=url, assert_all_called=False)


def work(
    job: Job,
    transport: httpx.AsyncBaseTransport | respx.MockRouter,
    clock: Clock,
    do: Callable[[Forge], Awaitable[T]],
    author: str | None = None,
) -> T:
    """Open the forge of a job and do something with it."""
    wire = httpx.MockTransport(transport.async_handler) if isinstance(transport, respx.MockRouter) else transport

    async def opened() -> T:
        async with open_forge(job, clock=clock, random=Random(1), author=author, transport=wire) as forge:
            return await do(forge)

    return asyncio.run(opened())
