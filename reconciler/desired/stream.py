"""The common shape of a file, straight from libyaml's events into columns: no tree, no object for an agent.

It takes `team` and `agents` without any fault, in whatever layout. For all else (profiles, faults, anything odd) it
gives None, and the file is read in full (`nodes`, `agentfile`), which finds the words for what is wrong.
"""

from collections.abc import Callable
from typing import NoReturn, Protocol, cast

from yaml._yaml import CParser
from yaml.error import YAMLError
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from reconciler.desired.naming import check_name
from reconciler.desired.nodes import NULLS
from reconciler.desired.parsed import Columns, NameUse, ParsedFile
from reconciler.desired.report import START
from reconciler.desired.scalars import AVAILABILITIES, CODES
from reconciler.desired.text import REPLACEMENT
from reconciler.model.assignments import ABSENT, CODE_BITS
from reconciler.model.position import COLUMN_BITS, pack_position

# Kinds of event. Their classes are compared, not tested: this is the hot loop, and none has subclasses.
_SCALAR: object = ScalarEvent
_MAPPING: object = MappingStartEvent
_MAPPING_END: object = MappingEndEvent
_LIST: object = SequenceStartEvent
_LIST_END: object = SequenceEndEvent
_STREAM: object = StreamStartEvent
_STREAM_END: object = StreamEndEvent
_DOCUMENT: object = DocumentStartEvent
_DOCUMENT_END: object = DocumentEndEvent


_QUOTES = "\"'|>"


class _Mark(Protocol):
    line: int
    column: int


class _Event(Protocol):
    """Any event of libyaml; `value` and `style` are there on scalars only, which their class tells."""

    value: str
    style: str | None
    start_mark: _Mark


class _OddError(Exception):
    """Something that is not the common shape, or that may be a fault."""


def read_stream(text: str) -> ParsedFile | None:
    """Read a file of the common shape; None when it is not, or when anything in it may be wrong."""
    if "&" in text or "!" in text or "%" in text:
        # Anchors, tags and directives (or a name that holds such a mark): no event below has to be asked for them.
        return None
    try:
        return _StreamReader(text).read()
    except (_OddError, YAMLError):
        return None


def _odd() -> NoReturn:
    raise _OddError


class _StreamReader:
    def __init__(self, text: str) -> None:
        self._next = cast("Callable[[], _Event]", CParser(text).get_event)
        # Most files hold no mark that makes a scalar anything but plain: then no style has to be asked for.
        self._is_quoted = any(mark in text for mark in _QUOTES)
        self._columns = Columns()
        self._team: str | None = None
        self._has_agents = False
        self._refs: set[str] = set()
        self._uses: dict[str, int] = {}

    def read(self) -> ParsedFile:
        self._expect(_STREAM)
        self._expect(_DOCUMENT)
        self._expect(_MAPPING)
        while (key := self._next()).__class__ is _SCALAR:
            name = key.value
            if name == "team" and self._team is None:
                self._team = self._plain_name(self._next(), "team")
            elif name == "agents" and not self._has_agents:
                self._has_agents = True
                self._read_agents()
            else:
                _odd()
        if key.__class__ is not _MAPPING_END or not self._refs:
            _odd()
        self._expect(_DOCUMENT_END)
        self._expect(_STREAM_END)
        uses = [NameUse(name, at) for name, at in self._uses.items()]
        return self._columns.parsed(self._team, uses)

    def _expect(self, kind: object) -> None:
        if self._next().__class__ is not kind:
            _odd()

    def _plain_name(self, event: _Event, what: str) -> str:
        """Read a name that has a value; quoted or not."""
        if event.__class__ is not _SCALAR or (not event.style and event.value in NULLS):
            _odd()
        return self._good_name(event.value, what)

    def _good_name(self, name: str, what: str) -> str:
        if REPLACEMENT in name or name == "<<" or check_name(name, what, is_live=True) is not None:
            _odd()
        return name

    def _read_agents(self) -> None:
        self._expect(_MAPPING)
        while (key := self._next()).__class__ is _SCALAR:
            ref = self._good_name(key.value, "agent name")
            if ref in self._refs:
                _odd()
            self._refs.add(ref)
            at = _place(key)
            self._columns.end_agent(ref, at, self._read_agent())
        if key.__class__ is not _MAPPING_END:
            _odd()

    def _read_agent(self) -> tuple[str, ...]:
        """Read what one agent declares; its skills go into the columns, its profiles are given back."""
        self._expect(_MAPPING)
        profiles: tuple[str, ...] | None = None
        has_skills = False
        while (key := self._next()).__class__ is _SCALAR:
            if key.value == "skills" and not has_skills:
                has_skills = True
                self._read_skills()
            elif key.value == "profiles" and profiles is None:
                profiles = self._read_profiles()
            else:
                _odd()
        if key.__class__ is not _MAPPING_END or (profiles is None and not has_skills):
            _odd()
        return profiles or ()

    def _read_profiles(self) -> tuple[str, ...]:
        self._expect(_LIST)
        names: dict[str, None] = {}
        while (item := self._next()).__class__ is _SCALAR:
            name = self._plain_name(item, "profile name")
            if name in names:
                _odd()
            names[name] = None
            self._uses.setdefault(name, _place(item))
        if item.__class__ is not _LIST_END:
            _odd()
        return tuple(names)

    def _read_skills(self) -> None:
        """Read a mapping of skills: the hot loop of a load, two events a turn.

        Only scalars have a `value`, so its absence tells where the mapping ends.
        """
        self._expect(_MAPPING)
        next_event, known, codes, scalar, is_quoted = self._next, self._columns.skills, CODES, _SCALAR, self._is_quoted
        add_entry, add_place = self._columns.entries.append, self._columns.places.append
        first = len(self._columns.entries)
        while True:
            key = next_event()
            try:
                number = known[key.value]
            except KeyError:
                number = known[self._good_name(key.value, "skill name")] = len(known)
            except AttributeError:
                break
            value = next_event()
            if value.__class__ is scalar:
                code = codes.get(value.value, -1)
                if code < 0 or (is_quoted and value.style):
                    _odd()
            else:
                code = self._long(value)
            mark = key.start_mark
            add_entry(number << CODE_BITS | code)
            add_place((mark.line << COLUMN_BITS | mark.column) + START)
        if key.__class__ is not _MAPPING_END:
            _odd()
        numbers = [entry >> CODE_BITS for entry in self._columns.entries[first:]]
        if len(set(numbers)) != len(numbers):
            _odd()

    def _long(self, start: _Event) -> int:
        """Read the long form of an assignment and give its code."""
        if start.__class__ is not _MAPPING:
            _odd()
        code: int | None = None
        available: bool | None = None
        while (key := self._next()).__class__ is _SCALAR:
            value = self._next()
            if value.__class__ is not _SCALAR or value.style:
                _odd()
            if key.value == "proficiency" and code is None:
                code = CODES.get(value.value, ABSENT)
            elif key.value == "available" and available is None and value.value in AVAILABILITIES:
                available = AVAILABILITIES[value.value]
            else:
                _odd()
        if key.__class__ is not _MAPPING_END or code is None or code == ABSENT:
            _odd()
        return code - (available is False)


def _place(event: _Event) -> int:
    mark = event.start_mark
    return pack_position(mark.line + 1, mark.column + 1)
