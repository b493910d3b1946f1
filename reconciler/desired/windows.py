"""`overrides` and `holds` of one file: from their checked shapes to plain values with the place of every name."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from reconciler.desired.documents import check_document
from reconciler.desired.nodes import Broken, Mapping, Node, Scalar, Sequence
from reconciler.desired.report import Report, shown
from reconciler.desired.scalars import kind
from reconciler.desired.shapes import Hold as HoldShape
from reconciler.desired.shapes import Override as OverrideShape
from reconciler.model.overrides import Hold, Named, Override, OverrideEntry, Selection, Window
from reconciler.model.position import unpack_position

# A name and its packed position.
_Use = tuple[str, int]


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    skill: str
    at: int
    proficiency: int | None
    available: bool | None
    is_absent: bool


class ParsedWindow(msgspec.Struct, frozen=True, array_like=True):
    """One override (with `entries`) or one hold (with `skills`); times as text, for a time on the wire has no offset.

    Every `at`, also those in the pairs, is a packed position.
    """

    at: int
    start: str | None
    until: str
    agents: list[_Use]
    teams: list[_Use]
    reason: str
    ticket: str = ""
    entries: list[_Entry] = []
    skills: list[_Use] = []

    def override(self, file: str) -> Override:
        """Make the override, as declared in `file`."""
        entries = (
            OverrideEntry(each.skill, unpack_position(file, each.at), each.proficiency, each.available, each.is_absent)
            for each in self.entries
        )
        return Override(
            unpack_position(file, self.at),
            self._window(),
            self.selection(file),
            tuple(entries),
            self.reason,
            self.ticket,
        )

    def hold(self, file: str) -> Hold:
        """Make the hold, as declared in `file`."""
        skills = _named(self.skills, file)
        return Hold(unpack_position(file, self.at), self._window(), self.selection(file), skills, self.reason)

    def selection(self, file: str) -> Selection:
        """Say whom it concerns."""
        return Selection(_named(self.agents, file), _named(self.teams, file))

    def _window(self) -> Window:
        start = None if self.start is None else datetime.fromisoformat(self.start)
        return Window(start, datetime.fromisoformat(self.until))


def read_overrides(key: Scalar, node: Node, report: Report) -> list[ParsedWindow]:
    """Read the list below `overrides`; of an entry with faults, which are noted, only whom it names is left."""
    return [
        _faulty(item)
        if (shape := check_document(OverrideShape, item, report)) is None
        else ParsedWindow(
            item.at,
            None if shape.start is None else shape.start.isoformat(),
            shape.until.isoformat(),
            _uses(shape.agents, item, "agents", report),
            _uses(shape.teams, item, "teams", report),
            shape.reason or "",
            shape.ticket or "",
            entries=[
                _Entry(skill, at, change.proficiency, change.available, change.is_absent)
                for (skill, change), at in zip(shape.skills.items(), _key_places(item, "skills"), strict=True)
            ],
        )
        for item in _items(key, node, report)
    ]


def read_holds(key: Scalar, node: Node, report: Report) -> list[ParsedWindow]:
    """Read the list below `holds`, as `read_overrides`."""
    return [
        _faulty(item)
        if (shape := check_document(HoldShape, item, report)) is None
        else ParsedWindow(
            item.at,
            None,
            shape.until.isoformat(),
            _uses(shape.agents, item, "agents", report),
            _uses(shape.teams, item, "teams", report),
            shape.reason or "",
            skills=_uses(shape.skills, item, "skills", report),
        )
        for item in _items(key, node, report)
    ]


def _faulty(item: Node) -> ParsedWindow:
    """Keep whom an entry names, so that a slip there is told in the same run; its file is of no other use."""
    return ParsedWindow(item.at, None, "", _names_in(item, "agents"), _names_in(item, "teams"), "")


def _names_in(item: Node, key: str) -> list[_Use]:
    node = item.entries[key][1] if isinstance(item, Mapping) and key in item.entries else None
    names = node.items if isinstance(node, Sequence) else []
    return [(name.text, name.at) for name in names if isinstance(name, Scalar) and name.text.strip() == name.text != ""]


def _items(key: Scalar, node: Node, report: Report) -> list[Node]:
    if isinstance(node, Sequence):
        return node.items
    if not isinstance(node, Broken) and not (isinstance(node, Mapping) and not node.entries):
        name = key.text
        hint = f"write each of the {name} as an item, beginning with `- `"
        report.error("not-a-list", node.at, f"{shown(name)} is a {kind(node)}, not a list", hint)
    return []


def _uses(names: Iterable[str], item: Node, key: str, report: Report) -> list[_Use]:
    """Pair the names of a list with their places; none stands twice."""
    node = item.entries[key][1] if isinstance(item, Mapping) and key in item.entries else None
    places = [each.at for each in node.items] if isinstance(node, Sequence) else []
    found: dict[str, _Use] = {}
    for name, at in zip(names, places, strict=True):
        # An agent is one in any letters; a team and a skill are told apart by them.
        if found.setdefault(name.casefold() if key == "agents" else name, (name, at))[1] != at:
            report.error("listed-twice", at, f"{shown(name)} is listed twice", "keep one of the two")
    return list(found.values())


def _key_places(item: Node, key: str) -> list[int]:
    node = item.entries[key][1] if isinstance(item, Mapping) else item
    return [key.at for key, _ in node.entries.values()] if isinstance(node, Mapping) else []


def _named(uses: Iterable[_Use], file: str) -> tuple[Named, ...]:
    return tuple(Named(name, unpack_position(file, at)) for name, at in uses)
