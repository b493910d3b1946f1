"""Paging, by what the tenant answers: its page size, its total, and whether the listing held still meanwhile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import httpx

from reconciler.live.crew import for_each
from reconciler.live.decode import Malformed
from reconciler.live.failures import incomplete
from reconciler.live.session import Session

PAGE_SIZE = 500
# Three listings at most: the first, and two more where it moved or somebody is missing.
MAX_LISTINGS = 3
# Beyond any tenant: a total that grows without end, or an absurd page size, is cut here.
MAX_PAGES = 20_000
# A page of 500 agents is a megabyte: more of them under way would save little time and cost memory.
_MOST_PAGES_AT_ONCE = 4


class Page(Protocol):
    """The frame of a page; the tenant may cap the page size that was asked for."""

    page: int
    page_size: int
    total: int


P = TypeVar("P", bound=Page)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one listing went. `is_steady`: every page told the same total, and none ran dry early."""

    total: int
    pages: int
    is_steady: bool


class Listing(Generic[P]):
    """One listing of a resource: the first page alone, then the others a few at a time.

    `read` checks an answer (Malformed when it makes no sense); `absorb` takes what is needed out of a page and says
    how many entries it held; `progress` hears how many pages of how many are in. A page is let go before its worker
    asks for the next: a listing is never in memory.
    """

    def __init__(
        self,
        session: Session,
        path: tuple[str, ...],
        *,
        read: Callable[[httpx.Response], P],
        absorb: Callable[[P], int],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._session = session
        self._path = path
        self._read = read
        self._absorb = absorb
        self._progress = progress or (lambda _done, _pages: None)
        self._is_steady = True
        self._done = 1

    async def run(self) -> Reading:
        """Read every page."""
        first = await self._ask(1)
        total, page_size = first.total, first.page_size
        pages = max(1, -(-total // max(1, page_size)))
        if pages > MAX_PAGES:
            raise incomplete(self._path[-1], f"the tenant announces {pages} pages, more than {MAX_PAGES}")
        self._absorb(first)
        del first

        async def take(number: int) -> None:
            page = await self._ask(number)
            count = self._absorb(page)
            self._done += 1
            self._progress(self._done, pages)
            # The page size of a later page is not compared: some servers tell there how many entries it holds.
            self._is_steady &= page.total == total and count > 0

        width = min(self._session.connection.max_concurrency, pages - 1, _MOST_PAGES_AT_ONCE)
        await for_each(self._numbers(pages), take, width)
        return Reading(total, pages, self._is_steady)

    def _numbers(self, pages: int) -> Iterator[int]:
        """Give the pages to ask for, as long as that makes sense: a listing that moved is read again anyway."""
        number = 2
        while number <= pages and self._is_steady:
            yield number
            number += 1

    async def _ask(self, number: int) -> P:
        def checked(response: httpx.Response) -> P:
            page = self._read(response)
            if page.page != number:
                message = f"it is page {page.page}, asked for was page {number}"
                raise Malformed(message)
            if page.total < 0 or page.page_size < 0 or (page.total and not page.page_size):
                message = "its total or page size is no size"
                raise Malformed(message)
            return page

        url = self._session.addresses.of(*self._path, page=number, pageSize=PAGE_SIZE)
        return await self._session.ask(url, checked)
