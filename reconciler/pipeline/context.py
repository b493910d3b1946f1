"""What a run is given from outside, and the connection that is made of it."""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.live import ASGIApp, Tenant, open_tenant
from reconciler.model.answer_heads import AnswerHead
from reconciler.model.desired import DesiredState
from reconciler.model.redactor import Redactor
from reconciler.settings import Author, is_embedded, ledger_of, read_connection, state_folder


@dataclass(frozen=True, slots=True)
class Context:
    """What a run is given from outside: folder, environment, time and chance.

    `embedded` makes the simulated tenant of a name, its state in a folder; `stage` hears what is going on, `notice`
    what is worth knowing beside the plan. `author` finds out who starts an apply, `fsync` makes a file durable, and
    `redactor` learns what must never be shown.
    """

    root: Path
    environ: Mapping[str, str]
    clock: Clock
    random: Random
    embedded: Callable[[Path, str], ASGIApp]
    stage: Callable[[str], None]
    notice: Callable[[Iterable[Diagnostic]], None] = lambda _: None
    author: Callable[[], Author] = lambda: Author("", "")
    fsync: Callable[[int], None] = os.fsync
    redactor: Redactor = field(default_factory=Redactor)

    @property
    def state_folder(self) -> Path:
        """Where caches and records go."""
        return state_folder(self.environ)

    @property
    def runs(self) -> Path:
        """Where the journals of past applies are."""
        return self.state_folder / "runs"


@asynccontextmanager
async def opened(
    context: Context,
    desired: DesiredState,
    max_concurrency: int | None = None,
    *,
    writable: bool,
    hear: Callable[[AnswerHead], None] | None = None,
) -> AsyncIterator[Tenant]:
    """Open the tenant that the files name, with the credential of the environment; `hear` of every answer's head."""
    tenant = desired.tenant
    connection = read_connection(tenant, context.environ)
    connection = replace(connection, redactor=context.redactor, ledger=ledger_of(tenant, context.environ), hear=hear)
    if max_concurrency is not None:
        connection = replace(connection, max_concurrency=max_concurrency)
    if is_embedded(tenant, context.environ):
        connection = replace(connection, app=context.embedded(context.state_folder / "simulator", tenant.name))
    async with open_tenant(connection, clock=context.clock, random=context.random, writable=writable) as live:
        yield live
