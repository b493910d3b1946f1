"""From text to a tree of nodes with places: YAML without its traps, every one of which is refused by name."""

import re
from typing import cast

import msgspec
from yaml._yaml import CParser, Mark
from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.desired.report import START, Report, shown
from reconciler.desired.syntax import explain
from reconciler.model.position import COLUMN_BITS, pack_position, unpack_position

_MAX_DEPTH = 12
_PROFILES_INSTEAD = "write the values out, or share them through `profiles`"
_DIRECTIVE = re.compile(r"^%(\w*)", re.MULTILINE)
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(msgspec.Struct, gc=False):
    """A piece of text; `style` is empty where it is plain, else its quote (or `|`, `>`); `at` is a packed position."""

    text: str
    style: str
    at: int

    @property
    def is_null(self) -> bool:
        """Whether it says that there is no value."""
        return not self.style and self.text in NULLS


class Mapping(msgspec.Struct, gc=False):
    """Keys with their values, in order; keys are text, whatever they look like."""

    entries: "dict[str, tuple[Scalar, Node]]"
    at: int


class Sequence(msgspec.Struct, gc=False):
    """A list."""

    items: "list[Node]"
    at: int


class Broken(msgspec.Struct, gc=False):
    """Stands where something was refused already: whoever meets it keeps silent."""

    at: int


Node = Scalar | Mapping | Sequence | Broken


def compose(text: str, report: Report) -> Node | None:
    """Make the tree of a file's one document; None when there is nothing to read on (which is noted)."""
    text = _without_directives(text, report)
    try:
        root = _Composer(text, report).run()
    except YAMLError as error:
        explain(error, text, report)
        return None
    if isinstance(root, Scalar) and not root.style and not root.text:
        report.whole_file("empty-file", "the file is empty", "delete it, or declare agents in it")
        return None
    return root


def _without_directives(text: str, report: Report) -> str:
    """Note directives, and make comments of them so that the rest can be judged."""
    if "%" not in text:
        return text
    head = re.match(r"(?:[ \t]*(?:#.*)?\n|%.*\n)*", text)
    end = head.end() if head else 0
    for found in _DIRECTIVE.finditer(text, 0, end):
        report.error(
            "directive",
            pack_position(text.count("\n", 0, found.start()) + 1, 1),
            f"the directive {shown(found.group())} is refused: it would change what words like `no` mean",
            "delete this line",
        )
    return _DIRECTIVE.sub(r"#\1", text[:end]) + text[end:]


class _Composer:
    """Turns events into nodes, without recursion, whatever the depth."""

    def __init__(self, text: str, report: Report) -> None:
        self._text = text
        self._report = report
        # Most files hold none of these marks: then no event needs to be asked.
        self._is_marked = "&" in text or "!" in text
        self._root: Node = Scalar("", "", 0)
        self._has_document = False
        # The collection being filled, the key that waits for its value, and those of the collections around it.
        self._top: Mapping | Sequence | None = None
        self._key: Scalar | Broken | None = None
        self._outer: list[tuple[Mapping | Sequence, Scalar | Broken | None]] = []

    def run(self) -> Node | None:
        """Read the document; None when it is nested too deep."""
        next_event, is_marked, add = CParser(self._text).get_event, self._is_marked, self._add
        while True:
            event = next_event()
            if type(event) is ScalarEvent:
                mark = cast("Mark", event.start_mark)
                node = Scalar(event.value, event.style or "", (mark.line << COLUMN_BITS | mark.column) + START)
                if is_marked:
                    self._refuse_marks(event)
                # Nearly all events are keys: they do not pay for a call.
                if self._key is None and type(self._top) is Mapping:
                    self._key = node
                else:
                    add(node)
            elif isinstance(event, CollectionEndEvent):
                self._close()
            elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                if not self._open(event):
                    return None
            elif isinstance(event, AliasEvent):
                add(self._refuse_alias(event))
            elif isinstance(event, StreamEndEvent) or self._is_second(event):
                return self._root

    def _add(self, node: Node) -> None:
        """Put a finished node into the collection being filled, as item, key or value."""
        top, key = self._top, self._key
        if top is None:
            self._root = node
        elif isinstance(top, Sequence):
            top.items.append(node)
        elif key is None:
            self._key = node if isinstance(node, Scalar) else self._refuse_key(node)
        elif isinstance(key, Broken):
            self._key = None
        else:
            self._key = None
            if key.text in top.entries or key.text == "<<":
                self._refuse_entry(top, key, node)
            else:
                top.entries[key.text] = (key, node)

    def _refuse_entry(self, top: Mapping, key: Scalar, value: Node) -> None:
        if key.text == "<<" and not key.style:
            self._report.error("merge-key", key.at, "the merge key `<<` is refused", _PROFILES_INSTEAD)
            top.entries[key.text] = (key, Broken(key.at))
        elif key.text in top.entries:
            first = unpack_position("", top.entries[key.text][0].at)
            self._report.error(
                "duplicate-key",
                key.at,
                f"the key {shown(key.text)} stands twice in one mapping, first on line {first.line}",
                "keep one of the two",
            )
        else:
            top.entries[key.text] = (key, value)

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> bool:
        at = _place(event)
        if len(self._outer) == _MAX_DEPTH:
            self._report.error(
                "too-deep", at, f"more than {_MAX_DEPTH} levels are nested here", "desired state needs five at most"
            )
            return False
        if self._is_marked:
            self._refuse_marks(event)
        if self._top is not None:
            self._outer.append((self._top, self._key))
        self._top = Mapping({}, at) if isinstance(event, MappingStartEvent) else Sequence([], at)
        self._key = None
        return True

    def _close(self) -> None:
        done = self._top
        self._top, self._key = self._outer.pop() if self._outer else (None, None)
        if done is not None:
            self._add(done)

    def _refuse_marks(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        at = _place(event)
        if event.anchor is not None:
            self._report.error("anchor", at, f"the anchor {shown(f'&{event.anchor}')} is refused", _PROFILES_INSTEAD)
        if event.tag is not None:
            self._report.error(
                "tag", at, "a tag (`!…`) is refused: values say by themselves what they are", "delete it"
            )

    def _refuse_alias(self, event: AliasEvent) -> Node:
        at = _place(event)
        self._report.error("alias", at, f"the alias {shown(f'*{event.anchor}')} is refused", _PROFILES_INSTEAD)
        return Broken(at)

    def _refuse_key(self, node: Node) -> Broken:
        if not isinstance(node, Broken):
            what = "mapping" if isinstance(node, Mapping) else "list"
            self._report.error("key-not-text", node.at, f"a {what} stands where a key is due", "a key is plain text")
        return Broken(node.at)

    def _is_second(self, event: Event | None) -> bool:
        """Whether a second document starts; it is noted."""
        if not isinstance(event, DocumentStartEvent):
            return False
        if self._has_document:
            self._report.error(
                "several-documents",
                _place(event),
                "a second document starts here; a file holds one",
                "delete this line, or put what follows into a file of its own",
            )
            return True
        self._has_document = True
        return False


def _place(event: Event) -> int:
    mark = cast("Mark", event.start_mark)
    return pack_position(mark.line + 1, mark.column + 1)
