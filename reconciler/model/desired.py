"""Desired state as the files declare it: columns of small integers, with the place of every value.

Nothing here knows the tenant yet: skills and agents stand under the names that the files use (*refs*).
"""

import zlib
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from reconciler.model.overrides import Hold, Override
from reconciler.model.policies import NO_POLICIES, Policies
from reconciler.model.position import SourcePosition, unpack_position
from reconciler.model.tenant import Tenant


class ProfileEntry(NamedTuple):
    """One line of a profile: a skill's ref, its code (see `model.assignments`; ABSENT drops it) and packed position."""

    skill: str
    code: int
    position: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of assignments; `extends` come first and are overridden by `entries`, in order."""

    name: str
    position: SourcePosition
    extends: tuple[str, ...]
    entries: tuple[ProfileEntry, ...]


@dataclass(frozen=True, slots=True)
class AgentTable:
    """The agents of one file, in columns.

    Row `i` is the agent `refs[i]`, declared at `positions[i]` (packed), with the profiles
    `profile_lists[profile_index[i]]` in order, then its own entries `starts[i]:starts[i + 1]`: `entries[j]` is
    `k << 8 | code` for the skill `skills[k]`, at `position_of_entry(j)`. The places of entries are kept packed, for
    only those of agents that differ are ever asked for.
    """

    file: str
    team: str | None
    refs: tuple[str, ...]
    positions: "array[int]"
    profile_lists: tuple[tuple[str, ...], ...]
    profile_index: "array[int]"
    skills: tuple[str, ...]
    starts: "array[int]"
    entries: "array[int]"
    packed_places: bytes

    def position_of_entry(self, at: int) -> SourcePosition:
        """Give the place of an entry."""
        return unpack_position(self.file, unpack_places(self.packed_places)[at])


def pack_places(places: "array[int]") -> bytes:
    """Pack the places of a file's entries, a column of packed positions: lines follow each other, so little is left."""
    return zlib.compress(places.tobytes(), 1)


@lru_cache(maxsize=4)
def unpack_places(packed: bytes) -> "array[int]":
    """Undo `pack_places`; agents that differ are taken file by file, so a few files are worth remembering."""
    return array("Q", zlib.decompress(packed))


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All that the files of one tenant declare. `ignore_skills` are globs on skill names."""

    tenant: Tenant
    tables: tuple[AgentTable, ...]
    profiles: dict[str, Profile]
    ignore_skills: tuple[str, ...] = ()
    policies: Policies = NO_POLICIES
    overrides: tuple[Override, ...] = ()
    holds: tuple[Hold, ...] = ()

    @property
    def timed(self) -> tuple[Override | Hold, ...]:
        """All that ends by itself."""
        return (*self.overrides, *self.holds)

    @property
    def agent_count(self) -> int:
        """How many agents are managed."""
        return sum(len(table.refs) for table in self.tables)
