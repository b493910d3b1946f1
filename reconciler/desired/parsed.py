"""What one file declares, in columns: small enough to keep, plain enough for the cache, and without any path in it."""

import sys
from array import array
from collections.abc import Iterable, Sequence

import msgspec

from reconciler.desired.windows import ParsedWindow
from reconciler.model.assignments import CODE_BITS
from reconciler.model.desired import AgentTable, Profile, ProfileEntry, pack_places
from reconciler.model.position import unpack_position


class NameUse(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name that a file refers to, and the packed position of its first use there."""

    name: str
    at: int


class ParsedProfile(msgspec.Struct, frozen=True, array_like=True):
    """One profile; `entries` are (skill, code, packed position)."""

    name: str
    at: int
    extends: list[NameUse]
    entries: list[tuple[str, int, int]]

    def profile(self, file: str) -> Profile:
        """Make the profile, as declared in `file`."""
        return Profile(
            name=self.name,
            position=unpack_position(file, self.at),
            extends=tuple(use.name for use in self.extends),
            entries=tuple(ProfileEntry(*entry) for entry in self.entries),
        )


class ParsedFile(msgspec.Struct, frozen=True, array_like=True):
    """One file without errors. The columns are those of `AgentTable`, as raw bytes of this machine's byte order."""

    team: str | None
    refs: list[str]
    positions: bytes
    profile_lists: list[list[str]]
    profile_index: bytes
    skills: list[str]
    starts: bytes
    entries: bytes
    packed_places: bytes
    profile_uses: list[NameUse]
    profiles: list[ParsedProfile]
    overrides: list[ParsedWindow] = []
    holds: list[ParsedWindow] = []

    def table(self, file: str) -> AgentTable:
        """Make the table of the file's agents."""
        return AgentTable(
            file=file,
            team=self.team,
            refs=tuple(self.refs),
            positions=array("Q", self.positions),
            profile_lists=tuple(tuple(names) for names in self.profile_lists),
            profile_index=array("I", self.profile_index),
            skills=tuple(map(sys.intern, self.skills)),
            starts=array("I", self.starts),
            entries=array("I", self.entries),
            packed_places=self.packed_places,
        )


class Columns:
    """The columns of a file's agents while they are filled."""

    __slots__ = (
        "entries",
        "places",
        "positions",
        "profile_index",
        "profile_lists",
        "refs",
        "skills",
        "starts",
    )

    def __init__(self) -> None:
        self.refs: list[str] = []
        self.positions = array("Q")
        self.profile_lists: dict[tuple[str, ...], int] = {(): 0}
        self.profile_index = array("I")
        self.skills: dict[str, int] = {}
        self.starts = array("I", (0,))
        self.entries = array("I")
        self.places = array("Q")

    def add_entries(self, found: Iterable[tuple[str, int, int]]) -> None:
        """Add entries (skill, code, packed position) to the agent that `end_agent` will close."""
        skills, entries, places = self.skills, self.entries, self.places
        for skill, code, at in found:
            number = skills.get(skill)
            if number is None:
                number = skills[skill] = len(skills)
            entries.append(number << CODE_BITS | code)
            places.append(at)

    def end_agent(self, ref: str, at: int, profiles: tuple[str, ...]) -> None:
        """Close an agent: the entries since the last one are its own."""
        self.refs.append(ref)
        self.positions.append(at)
        self.profile_index.append(self.profile_lists.setdefault(profiles, len(self.profile_lists)))
        self.starts.append(len(self.entries))

    def parsed(
        self,
        team: str | None,
        profile_uses: list[NameUse],
        profiles: Sequence[ParsedProfile] = (),
        overrides: Sequence[ParsedWindow] = (),
        holds: Sequence[ParsedWindow] = (),
    ) -> ParsedFile:
        """Freeze what has been gathered."""
        return ParsedFile(
            team=team,
            refs=self.refs,
            positions=self.positions.tobytes(),
            profile_lists=[list(names) for names in self.profile_lists],
            profile_index=self.profile_index.tobytes(),
            skills=list(self.skills),
            starts=self.starts.tobytes(),
            entries=self.entries.tobytes(),
            packed_places=pack_places(self.places),
            profile_uses=profile_uses,
            profiles=list(profiles),
            overrides=list(overrides),
            holds=list(holds),
        )


_DECODER = msgspec.msgpack.Decoder(ParsedFile)


def dump(parsed: ParsedFile) -> bytes:
    """Write a parsed file for the cache."""
    return msgspec.msgpack.encode(parsed)


def restore(data: bytes) -> ParsedFile | None:
    """Undo `dump`; None when `data` is nothing of the sort."""
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
