"""GitHub, github.com or an Enterprise server, through its REST API.

Which permission each request takes (`permissions:` of the job that has the token):

    GET    /user                                      none; the token of a workflow may not ask
    GET    /repos/O/R/issues/N/comments               pull-requests: read
    POST   /repos/O/R/issues/N/comments               pull-requests: write
    PATCH, DELETE /repos/O/R/issues/comments/ID       pull-requests: write
    GET    /repos/O/R/issues                          issues: read
    POST, PATCH /repos/O/R/issues[/N], and comments   issues: write
    GET    /repos/O/R/pulls[/N]                       pull-requests: read
    GET    /repos/O/R/git/ref/heads/BRANCH            contents: read
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from urllib.parse import quote

import httpx
import msgspec

from reconciler.clock import Clock
from reconciler.publish import failures
from reconciler.publish.client import Client, Service, open_client, segment
from reconciler.publish.failures import MayNotComment
from reconciler.publish.forge import Comment, Issue
from reconciler.settings.ci import Job

# As whom the token of a workflow writes.
WORKFLOW_AUTHOR = "github-actions[bot]"
_SERVICE = Service(
    "GitHub",
    "https://api.github.com",
    {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    "Authorization",
    "Bearer ",
)
_NOT_FOR_WORKFLOWS = "not accessible by integration"
# A merge is looked for among so many pages of the pull requests that were closed last.
_MERGED_PAGES = 5
_SEGMENTS = 2


class _User(msgspec.Struct):
    login: str


class _Comment(msgspec.Struct):
    id: int
    user: _User | None = None
    body: str | None = None


class _Issue(msgspec.Struct):
    number: int
    title: str
    user: _User | None = None
    body: str | None = None
    pull_request: dict[str, object] | None = None


class _Pull(msgspec.Struct):
    number: int
    state: str = ""
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class _Pointed(msgspec.Struct):
    sha: str


class _Ref(msgspec.Struct):
    object: _Pointed


class GitHub:
    """A Forge; see there."""

    def __init__(self, client: Client, repository: str, author: str | None) -> None:
        self._client = client
        self._at = f"/repos/{_checked(repository)}"
        self._author = author

    async def author(self) -> str:
        """Ask whose token it is; the one that may not ask is a workflow's."""
        if self._author is None:
            try:
                self._author = (await self._client.get("/user", _User, _needs("pull-requests: write"))).login
            except MayNotComment as error:
                if not any(_NOT_FOR_WORKFLOWS in each.message.casefold() for each in error.diagnostics):
                    raise
                self._author = WORKFLOW_AUTHOR
        return self._author

    async def comments(self, number: int) -> list[Comment]:
        """Give every comment; GitHub lists them by id."""
        path = f"{self._at}/issues/{number}/comments"
        pages = self._client.pages(path, _Comment, _needs("pull-requests: read"), {})
        return [_comment(each) async for page in pages for each in page]

    async def create_comment(self, number: int, body: str) -> Comment:
        """Comment; a pull request is an issue here."""
        path = f"{self._at}/issues/{number}/comments"
        return _comment(await self._client.create(path, {"body": body}, _Comment, _needs("pull-requests: write")))

    async def edit_comment(self, number: int, id: str, body: str) -> None:  # noqa: A002, ARG002 - as the Protocol says
        """Edit; a comment has an address of its own."""
        path = f"{self._at}/issues/comments/{segment(id)}"
        await self._client.write("PATCH", path, {"body": body}, _needs("pull-requests: write"))

    async def delete_comment(self, number: int, id: str) -> None:  # noqa: A002, ARG002 - as above
        """Delete."""
        path = f"{self._at}/issues/comments/{segment(id)}"
        await self._client.write("DELETE", path, None, _needs("pull-requests: write"))

    async def open_issues(self) -> list[Issue]:
        """Give all open issues; what GitHub lists with them are pull requests."""
        query = {"state": "open", "sort": "created", "direction": "asc"}
        pages = self._client.pages(f"{self._at}/issues", _Issue, _needs("issues: read"), query)
        return [_issue(each) async for page in pages for each in page if each.pull_request is None]

    async def create_issue(self, title: str, body: str) -> Issue:
        """Open an issue."""
        document = {"title": title, "body": body}
        return _issue(await self._client.create(f"{self._at}/issues", document, _Issue, _needs("issues: write")))

    async def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, is_closed: bool | None = None
    ) -> None:
        """Change what is given."""
        state = None if is_closed is None else "closed" if is_closed else "open"
        fields = {"title": title, "body": body, "state": state}
        document = {key: value for key, value in fields.items() if value is not None}
        await self._client.write("PATCH", f"{self._at}/issues/{number}", document, _needs("issues: write"))

    async def comment_on_issue(self, number: int, body: str) -> None:
        """Comment on an issue."""
        path = f"{self._at}/issues/{number}/comments"
        await self._client.create(path, {"body": body}, _Comment, _needs("issues: write"))

    async def is_open(self, number: int) -> bool:
        """Ask for its state."""
        path = f"{self._at}/pulls/{number}"
        return (await self._client.get(path, _Pull, _needs("pull-requests: read"))).state == "open"

    async def merged_as(self, commit: str, branch: str) -> int | None:
        """Look among the pull requests that were closed last: a merge just now is among the newest."""
        query = {"state": "closed", "sort": "updated", "direction": "desc", **({"base": branch} if branch else {})}
        needs = _needs("pull-requests: read")
        async for page in self._client.pages(f"{self._at}/pulls", _Pull, needs, query, _MERGED_PAGES):
            for pull in page:
                if pull.merged_at and pull.merge_commit_sha == commit:
                    return pull.number
        return None

    async def newest_commit(self, branch: str) -> str:
        """Read what the branch points to."""
        path = f"{self._at}/git/ref/heads/{quote(branch, safe='/')}"
        return (await self._client.get(path, _Ref, _needs("contents: read"))).object.sha


def _checked(repository: str) -> str:
    """Give `owner/name` as two segments of a path."""
    names = repository.split("/")
    if len(names) != _SEGMENTS or any(name in {"", ".", ".."} for name in names):
        message = "it is not known which repository this is" if not repository else "the repository is not OWNER/NAME"
        raise failures.unusable("forge-repository", message, "--repo OWNER/NAME; in CI it is known")
    return "/".join(map(segment, names))


def _needs(permission: str) -> str:
    also = "; a pull request from a fork has a token that only reads" if permission.endswith("write") else ""
    return f"give the job `permissions: {{{permission}}}`{also}"


def _comment(wire: _Comment) -> Comment:
    return Comment(str(wire.id), wire.user.login if wire.user else "", wire.body or "")


def _issue(wire: _Issue) -> Issue:
    return Issue(wire.number, wire.user.login if wire.user else "", wire.title, wire.body or "")


@asynccontextmanager
async def open_github(
    job: Job, clock: Clock, random: Random, author: str | None, transport: httpx.AsyncBaseTransport | None
) -> AsyncIterator[GitHub]:
    """Open a job's repository. InvalidInput where that cannot be."""
    async with open_client(_SERVICE, job, clock, random, transport) as client:
        yield GitHub(client, job.repository, author)
