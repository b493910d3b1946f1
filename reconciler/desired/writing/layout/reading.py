"""Takes a faultless file apart: libyaml's events say where things stand, and in what is left between are the comments.

Between two things stand only blanks, line ends, marks like `-` and `,`, and comments; so each `#` there begins one.
"""

import re
from typing import NamedTuple, cast

from yaml._yaml import CParser, Mark
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.desired.writing.layout.pieces import Collection, Comment, Document, Entry, Text

_MODELINE = re.compile(r"#\s*yaml-language-server:")
_HEADER_COMMENT = re.compile(r"[^\n]*?[ \t](#[^\n]*)")


class _Frame(NamedTuple):
    """A collection being filled; `column` is where its entries begin, None in brackets; `entry` holds it."""

    collection: Collection
    column: int | None
    entry: Entry | None
    line: int


class _Ended(NamedTuple):
    """A block that has ended, since nothing of it follows but perhaps comments."""

    collection: Collection
    column: int


def read_document(text: str) -> Document:
    """Read the text of a file that the loader has found faultless."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._comments: list[Comment] = []
        self._frames: list[_Frame] = []
        # The entry whose key has been read and whose value has not, of each mapping around.
        self._waiting: Entry | None = None
        self._root = Collection(is_mapping=True, is_one_line=False, entries=[], tail=[])
        self._root_column = 0
        # Comments that wait for what they stand above; and the blocks that ended since, the innermost first.
        self._pending: list[Comment] = []
        self._ended: list[_Ended] = []
        # Where the last thing ended, and who takes a comment on the rest of its line.
        self._index = 0
        self._line = -1
        self._beside: list[Comment] | None = None
        # The index up to which lines have been counted, and its line.
        self._counted = (0, 0)

    def read(self) -> Document:
        """Read the events to their end."""
        next_event = CParser(self._text).get_event
        while True:
            event = next_event()
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                self._open(event)
            elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                self._close(event)
            elif isinstance(event, StreamEndEvent):
                break
        self._gather(len(self._text))
        self._root.tail += self._shared_out(self._root_column)
        return self._document()

    def _document(self) -> Document:
        """Part what is said about the file from what is said about its first entry."""
        first = next(iter(self._root.entries), None)
        lead = [] if first is None else first.lead
        gaps = [at for at, comment in enumerate(lead) if comment.has_gap and at]
        end = len(lead) if first is not None and first.has_gap else max(gaps, default=0)
        if end == 0 and lead and lead[0].line == 0 and _MODELINE.match(lead[0].text):
            end = 1
        head = lead[:end]
        del lead[:end]
        has_gap = bool(head) and first is not None and (lead[0].has_gap if lead else first.has_gap)
        return Document(head, has_gap, self._root, self._comments)

    def _scalar(self, event: ScalarEvent) -> None:
        start, end = cast("Mark", event.start_mark), cast("Mark", event.end_mark)
        style = event.style or ""
        is_block = style in {"|", ">"}
        self._gather(start.index)
        text = Text(event.value, style, self._body(start, end) if style == ">" else ())
        frame = self._frames[-1]
        if frame.collection.is_mapping and self._waiting is None:
            self._waiting = self._begin(frame, start.line, text)
            self._beside = self._waiting.beside
        else:
            entry = self._entry_for(frame, start.line)
            entry.value = text
            entry.beside += self._taken()
            self._beside = entry.after
            if is_block:
                self._header_comment(start, entry)
        self._index = end.index
        self._line = -1 if is_block else end.line

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        start, is_flow = cast("Mark", event.start_mark), bool(event.flow_style)
        self._gather(start.index)
        is_mapping = isinstance(event, MappingStartEvent)
        collection = Collection(is_mapping, is_one_line=False, entries=[], tail=[])
        entry = None
        if self._frames:
            entry = self._entry_for(self._frames[-1], start.line)
            entry.value = collection
            if is_flow:
                entry.beside += self._taken()
        else:
            self._root, self._root_column = collection, start.column
        self._frames.append(_Frame(collection, None if is_flow else start.column, entry, start.line))
        if is_flow:
            self._index, self._line = cast("Mark", event.end_mark).index, start.line
            self._beside = None

    def _close(self, event: MappingEndEvent | SequenceEndEvent) -> None:
        frame = self._frames.pop()
        self._waiting = None
        if frame.column is not None:
            self._ended.append(_Ended(frame.collection, frame.column))
            return
        end = cast("Mark", event.end_mark)
        self._gather(cast("Mark", event.start_mark).index)
        frame.collection.tail += self._taken()
        frame.collection.is_one_line = end.line == frame.line
        self._index, self._line = end.index, end.line
        self._beside = None if frame.entry is None else frame.entry.after

    def _entry_for(self, frame: _Frame, line: int) -> Entry:
        """Give the entry that a value belongs to: the one that waits for it, or a new one of a list."""
        waiting, self._waiting = self._waiting, None
        return self._begin(frame, line, None) if waiting is None else waiting

    def _begin(self, frame: _Frame, line: int, key: Text | None) -> Entry:
        has_gap = self._has_gap(line)
        lead = self._shared_out(-1 if frame.column is None else frame.column)
        entry = Entry(key, lead, has_gap, Text("", ""), [], [])
        frame.collection.entries.append(entry)
        return entry

    def _has_gap(self, line: int) -> bool:
        return line - 1 > self._line and line > 0 and not self._lines[line - 1].strip()

    def _taken(self) -> list[Comment]:
        taken, self._pending = self._pending, []
        return taken

    def _shared_out(self, column: int) -> list[Comment]:
        """Hand comments that are indented deeper than `column` to the blocks that ended; give those that are left.

        Their order stays: once one belongs to an outer block, none after it belongs to an inner one.
        """
        ended, at = self._ended, 0
        left: list[Comment] = []
        for comment in self._pending:
            while at < len(ended) and not column < ended[at].column <= comment.column:
                at += 1
            (ended[at].collection.tail if at < len(ended) else left).append(comment)
        self._ended, self._pending = [], []
        return left

    def _gather(self, end: int) -> None:
        """Find the comments between the last thing and the index `end`."""
        text, at = self._text, self._index
        while (at := text.find("#", at, end)) >= 0:
            stop = text.find("\n", at, end)
            stop = len(text) if stop < 0 else stop
            start_of_line = text.rfind("\n", 0, at) + 1
            line = self._line_of(at)
            is_beside = line == self._line and self._beside is not None
            comment = Comment(text[at:stop].rstrip(), line, at - start_of_line, is_beside, self._has_gap(line))
            self._comments.append(comment)
            (self._beside if is_beside and self._beside is not None else self._pending).append(comment)
            at = stop
        self._index = end

    def _line_of(self, index: int) -> int:
        """Count lines; from the last comment on, so that a file of comments takes no square of its size."""
        seen, line = self._counted
        line += self._text.count("\n", seen, index)
        self._counted = (index, line)
        return line

    def _header_comment(self, start: Mark, entry: Entry) -> None:
        """Find the comment in the first line of a text that begins with `|` or `>`."""
        found = _HEADER_COMMENT.match(self._text, start.index)
        if found is not None:
            column = found.start(1) - self._text.rfind("\n", 0, start.index) - 1
            comment = Comment(found[1].rstrip(), start.line, column, is_beside=True, has_gap=False)
            self._comments.append(comment)
            entry.after.append(comment)

    def _body(self, start: Mark, end: Mark) -> tuple[str, ...]:
        lines = self._text[start.index : end.index].split("\n")[1:]
        while lines and not lines[-1].strip():
            lines.pop()
        return tuple(lines)
