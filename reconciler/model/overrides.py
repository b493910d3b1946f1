"""What holds for a time only: overrides, which change what is desired, and holds, which leave alone what live says."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.model.assignments import decode, encode
from reconciler.model.position import SourcePosition


class Named(NamedTuple):
    """A name in a list, and where it stands."""

    name: str
    position: SourcePosition


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time: from `start` on (None: since ever), and no longer at `until`.

    Both carry the offset that the file wrote; moments are compared, whatever their offsets.
    """

    start: datetime | None
    until: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether it has begun and not ended."""
        return self.has_begun(now) and now < self.until

    def has_begun(self, now: datetime) -> bool:
        """Whether its start has come; it may be over."""
        return self.start is None or self.start <= now

    def has_ended(self, now: datetime) -> bool:
        """Whether it is over."""
        return self.until <= now

    def overlaps(self, other: "Window") -> bool:
        """Whether there is a moment in both."""
        begins_before = self.start is None or self.start < other.until
        return begins_before and (other.start is None or other.start < self.until)


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom it concerns: these agents, as they are declared, and everyone of these teams."""

    agents: tuple[Named, ...] = ()
    teams: tuple[Named, ...] = ()

    @property
    def is_everyone(self) -> bool:
        """Whether nobody is named, so that all managed agents are meant."""
        return not self.agents and not self.teams


@dataclass(frozen=True, slots=True)
class OverrideEntry:
    """What an override does to one skill, named by its ref: None leaves that half as it is without the override."""

    skill: str
    position: SourcePosition
    proficiency: int | None = None
    available: bool | None = None
    is_absent: bool = False

    def over(self, code: int | None) -> int | None:
        """Give the code of the assignment while the override holds; None is absent, before and after.

        Availability alone gives nobody a skill: there is no proficiency to give it with.
        """
        if self.is_absent or (code is None and self.proficiency is None):
            return None
        before = decode(code) if code is not None else None
        proficiency = self.proficiency if self.proficiency is not None else before.proficiency if before else 0
        available = self.available if self.available is not None else before is None or before.available
        return encode(proficiency, available)


@dataclass(frozen=True, slots=True)
class Override:
    """One entry of `overrides`, at `position`."""

    position: SourcePosition
    window: Window
    selection: Selection
    entries: tuple[OverrideEntry, ...]
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """One entry of `holds`, at `position`: these skills (none named: all of them) of these agents."""

    position: SourcePosition
    window: Window
    selection: Selection
    skills: tuple[Named, ...] = ()
    reason: str = ""
