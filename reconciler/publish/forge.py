"""Where the repository is hosted, as this room needs it: comments, issues and merges, behind one door for all hosts."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a pull request; `author` is empty where the account is gone."""

    id: str
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue; `author` as in a comment."""

    number: int
    author: str
    title: str
    body: str


class Forge(Protocol):
    """One repository on one host; every failure is a ReconcileError of `failures`, in words for a person.

    A method that reads is repeated by itself. One that writes raises Unclear where nobody knows whether it happened,
    after a moment in which it may still have, and is not repeated: the caller reads again and looks.
    """

    async def author(self) -> str:
        """Say as whom we comment. MayNotComment where the token is refused."""

    async def comments(self, number: int) -> list[Comment]:
        """Give every comment of a pull request, on all pages, oldest first."""

    async def create_comment(self, number: int, body: str) -> Comment:
        """Comment on a pull request."""

    async def edit_comment(self, number: int, id: str, body: str) -> None:  # noqa: A002 - the field's own word
        """Replace the body of a comment."""

    async def delete_comment(self, number: int, id: str) -> None:  # noqa: A002 - as above
        """Delete a comment."""

    async def open_issues(self) -> list[Issue]:
        """Give the open issues (no pull requests), oldest first; at least all those of ours."""

    async def create_issue(self, title: str, body: str) -> Issue:
        """Open an issue."""

    async def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, is_closed: bool | None = None
    ) -> None:
        """Change what is given of an issue, and leave the rest."""

    async def comment_on_issue(self, number: int, body: str) -> None:
        """Comment on an issue."""

    async def is_open(self, number: int) -> bool:
        """Whether a pull request is neither merged nor closed."""

    async def merged_as(self, commit: str, branch: str) -> int | None:
        """Give the number of the pull request whose merge into a branch made this commit; None where none of late did.

        An empty branch is any.
        """

    async def newest_commit(self, branch: str) -> str:
        """Give the commit that a branch stands at."""
