"""Desired state as the files declare it: columns of small integers, with the place of every value.

Nothing here knows the tenant yet: skills and agents stand under the names that the files use (*refs*).
"""

from array import array
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.model.position import SourcePosition
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
    `k << 8 | code` for the skill `skills[k]`, at `entry_positions[j]`.
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
    entry_positions: "array[int]"


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All that the files of one tenant declare. `ignore_skills` are globs on skill names."""

    tenant: Tenant
    tables: tuple[AgentTable, ...]
    profiles: dict[str, Profile]
    ignore_skills: tuple[str, ...] = ()

    @property
    def agent_count(self) -> int:
        """How many agents are managed."""
        return sum(len(table.refs) for table in self.tables)
