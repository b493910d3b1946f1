"""Ledgers for these tests: several over one budget, in each kind of store."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from reconciler.live.rate.budget import Terms
from reconciler.live.rate.ledger import RateLedger
from reconciler.live.rate.memory import MemoryStore
from reconciler.live.rate.sqlite import SqliteStore
from reconciler.live.rate.store import Store
from reconciler.model.tenant import RateLimit

from .server import FakeClock

LEASE_S = 8.0


class Kind(StrEnum):
    """The stores there are."""

    MEMORY = "memory"
    SQLITE = "sqlite"


class Latest(Random):
    """Draws the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        """Give the larger one."""
        return max(a, b)


@contextmanager
def sharing(kind: Kind, limit: RateLimit, clock: FakeClock, count: int = 1) -> Iterator[list[RateLedger]]:
    """Open `count` ledgers that share one budget."""
    terms = Terms(limit, LEASE_S)
    with TemporaryDirectory() as folder, closing_all(_stores(kind, terms, Path(folder) / "ledger.sqlite")) as make:
        yield [RateLedger(make(), terms, clock, Latest(1)) for _ in range(count)]


def _stores(kind: Kind, terms: Terms, path: Path) -> Callable[[], Store]:
    if kind is Kind.SQLITE:
        return lambda: SqliteStore(path, terms)
    store = MemoryStore(terms)
    return lambda: store


@contextmanager
def closing_all(make: Callable[[], Store]) -> Iterator[Callable[[], Store]]:
    """Close at the end whatever `make` made."""
    made: list[Store] = []

    def remember() -> Store:
        made.append(make())
        return made[-1]

    try:
        yield remember
    finally:
        for store in made:
            asyncio.run(store.close())
