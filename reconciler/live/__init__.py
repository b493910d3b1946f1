"""The live tenant over HTTP: one driver per dialect, behind the table below.

Importing this room is cheap; httpx and msgspec are loaded when a tenant is opened.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from types import MappingProxyType

from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.live.connection import ASGIApp, Connection, Glance, Requests, Tenant
from reconciler.model.tenant import Api

__all__ = ["DIALECTS", "ASGIApp", "Connection", "Glance", "Requests", "Tenant", "open_tenant"]

Opener = Callable[[Connection, Clock, Random, bool], AbstractAsyncContextManager[Tenant]]


def _admin_v2(
    connection: Connection,
    clock: Clock,
    random: Random,
    writable: bool,  # noqa: FBT001 - positional in the type `Opener`, named at the one public door
) -> AbstractAsyncContextManager[Tenant]:
    from reconciler.live.admin_v2 import open_driver  # noqa: PLC0415 - loads httpx and msgspec, which `--help` can spare

    return open_driver(connection, clock, random, writable=writable)


# The embedded tenant speaks admin-v2 too.
DIALECTS: Mapping[Api, Opener] = MappingProxyType({Api.ADMIN_V2: _admin_v2, Api.SIMULATOR: _admin_v2})


@asynccontextmanager
async def open_tenant(connection: Connection, *, clock: Clock, random: Random, writable: bool) -> AsyncIterator[Tenant]:
    """Open one tenant for one run. Without `writable`, nothing but GET (and the token request) can leave."""
    opener = DIALECTS.get(connection.api)
    if opener is None:
        raise InvalidInput(
            Diagnostic(
                "unknown-api",
                f"no driver speaks the dialect `{connection.api}` yet",
                f"set `tenant.api` to one of: {', '.join(DIALECTS)}",
            )
        )
    async with opener(connection, clock, random, writable) as tenant:
        yield tenant
