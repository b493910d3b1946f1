"""GitLab, gitlab.com or one's own server, through its REST API.

The token, of the project or of a person, takes the scope `api` and a role that may comment; a CI_JOB_TOKEN writes no
notes. A note that it may not delete is edited instead.

    GET    /user
    GET, POST /projects/ID/merge_requests/N/notes, PUT, DELETE …/notes/NOTE
    GET, POST /projects/ID/issues, PUT …/issues/N, POST …/issues/N/notes
    GET    /projects/ID/repository/commits/SHA/merge_requests
    GET    /projects/ID/repository/branches/BRANCH
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx
import msgspec

from reconciler.clock import Clock
from reconciler.publish import failures
from reconciler.publish.client import Client, Service, open_client, segment
from reconciler.publish.forge import Comment, Issue
from reconciler.settings.ci import Job

_SERVICE = Service("GitLab", "https://gitlab.com/api/v4", {"Accept": "application/json"}, "PRIVATE-TOKEN")
_NEEDS = "the token needs the scope `api`, and a role in this project that may comment; a CI_JOB_TOKEN may not"


class _User(msgspec.Struct):
    username: str


class _Note(msgspec.Struct):
    id: int
    body: str
    author: _User | None = None
    system: bool = False


class _Issue(msgspec.Struct):
    iid: int
    title: str
    description: str | None = None
    author: _User | None = None


class _Merge(msgspec.Struct):
    iid: int
    state: str
    target_branch: str = ""


class _Tip(msgspec.Struct):
    id: str


class _Branch(msgspec.Struct):
    commit: _Tip


class GitLab:
    """A Forge; see there. A pull request is a merge request here, and a comment a note."""

    def __init__(self, client: Client, repository: str, author: str | None) -> None:
        if not repository:
            hint = "--repo GROUP/PROJECT, or its number; in CI it is known"
            raise failures.unusable("forge-repository", "it is not known which project this is", hint)
        self._client = client
        self._at = f"/projects/{segment(repository)}"
        self._author = author

    async def author(self) -> str:
        """Ask whose token it is."""
        if self._author is None:
            self._author = (await self._client.get("/user", _User, _NEEDS)).username
        return self._author

    async def comments(self, number: int) -> list[Comment]:
        """Give every note that somebody wrote; GitLab's own, such as `added 1 commit`, are passed over."""
        query = {"order_by": "created_at", "sort": "asc"}
        pages = self._client.pages(self._notes("merge_requests", number), _Note, _NEEDS, query)
        return [_comment(each) async for page in pages for each in page if not each.system]

    async def create_comment(self, number: int, body: str) -> Comment:
        """Write a note."""
        path = self._notes("merge_requests", number)
        return _comment(await self._client.create(path, {"body": body}, _Note, _NEEDS))

    async def edit_comment(self, number: int, id: str, body: str) -> None:  # noqa: A002 - as the Protocol says
        """Edit a note."""
        path = f"{self._notes('merge_requests', number)}/{segment(id)}"
        await self._client.write("PUT", path, {"body": body}, _NEEDS)

    async def delete_comment(self, number: int, id: str) -> None:  # noqa: A002 - as above
        """Delete a note."""
        await self._client.write("DELETE", f"{self._notes('merge_requests', number)}/{segment(id)}", None, _NEEDS)

    async def open_issues(self) -> list[Issue]:
        """Give the open issues of our own."""
        query = {
            "state": "opened",
            "author_username": await self.author(),
            "order_by": "created_at",
            "sort": "asc",
        }
        pages = self._client.pages(f"{self._at}/issues", _Issue, _NEEDS, query)
        return [_issue(each) async for page in pages for each in page]

    async def create_issue(self, title: str, body: str) -> Issue:
        """Open an issue."""
        document = {"title": title, "description": body}
        return _issue(await self._client.create(f"{self._at}/issues", document, _Issue, _NEEDS))

    async def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, is_closed: bool | None = None
    ) -> None:
        """Change what is given."""
        event = None if is_closed is None else "close" if is_closed else "reopen"
        fields = {"title": title, "description": body, "state_event": event}
        document = {key: value for key, value in fields.items() if value is not None}
        await self._client.write("PUT", f"{self._at}/issues/{number}", document, _NEEDS)

    async def comment_on_issue(self, number: int, body: str) -> None:
        """Write a note at an issue."""
        await self._client.create(self._notes("issues", number), {"body": body}, _Note, _NEEDS)

    async def is_open(self, number: int) -> bool:
        """Ask for its state; one that is being merged is `locked`."""
        return (await self._client.get(f"{self._at}/merge_requests/{number}", _Merge, _NEEDS)).state == "opened"

    async def merged_as(self, commit: str, branch: str) -> int | None:
        """Ask for the merge requests of a commit; of several that are merged into the branch, the newest."""
        path = f"{self._at}/repository/commits/{segment(commit)}/merge_requests"
        pages = self._client.pages(path, _Merge, _NEEDS, {})
        merged = [
            each.iid
            async for page in pages
            for each in page
            if each.state == "merged" and branch in {"", each.target_branch}
        ]
        return max(merged, default=None)

    async def newest_commit(self, branch: str) -> str:
        """Read what the branch points to."""
        path = f"{self._at}/repository/branches/{segment(branch)}"
        return (await self._client.get(path, _Branch, _NEEDS)).commit.id

    def _notes(self, kind: str, number: int) -> str:
        return f"{self._at}/{kind}/{number}/notes"


def _comment(wire: _Note) -> Comment:
    return Comment(str(wire.id), wire.author.username if wire.author else "", wire.body)


def _issue(wire: _Issue) -> Issue:
    return Issue(wire.iid, wire.author.username if wire.author else "", wire.title, wire.description or "")


@asynccontextmanager
async def open_gitlab(
    job: Job, clock: Clock, random: Random, author: str | None, transport: httpx.AsyncBaseTransport | None
) -> AsyncIterator[GitLab]:
    """Open a job's project. InvalidInput where that cannot be."""
    async with open_client(_SERVICE, job, clock, random, transport) as client:
        yield GitLab(client, job.repository, author)
