"""Which comments and issues are ours: those of our author that begin with the marker of our tenant, and no others."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from reconciler.render.marker import Marker, read_marker


class Authored(Protocol):
    """A comment, or an issue."""

    @property
    def author(self) -> str:
        """Who wrote it."""

    @property
    def body(self) -> str:
        """What it says."""


A = TypeVar("A", bound=Authored)


def own(listed: Iterable[A], tenant: str, author: str) -> list[A]:
    """Keep those of ours, in their order.

    Anybody can write a marker: one by another author is neither edited nor believed. Hosts compare logins without
    regard to case.
    """
    name = author.casefold()
    return [each for each in listed if each.author.casefold() == name and marker_of(each, tenant)]


def tenants_of(listed: Iterable[Authored], author: str) -> set[str]:
    """Name the tenants of which there is something of ours."""
    ours = (read_marker(each.body) for each in listed if each.author.casefold() == author.casefold())
    return {marker.tenant for marker in ours if marker is not None}


def marker_of(each: Authored, tenant: str) -> Marker | None:
    """Read its marker; None where it is none of this tenant's."""
    marker = read_marker(each.body)
    return marker if marker is not None and marker.tenant == tenant else None


def is_same(there: str, wanted: str) -> bool:
    """Whether two bodies say the same: hosts change line ends, and blanks at the end."""
    return _plain(there) == _plain(wanted)


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").rstrip()
