"""Writes the pieces of a file as lines."""

from collections import defaultdict
from typing import NamedTuple

import msgspec

from reconciler.desired.writing.layout.pieces import Collection, Comment, Document, Entry, Text, comments_below
from reconciler.desired.writing.scalar import scalar

MAX_WIDTH = 120
_STEP = 2
# A comment beside something stands this far from it, at least.
_ROOM = 2


def write_document(document: Document) -> str:
    """Write a file, whose keys stand in their order already."""
    return _Writer().write(document)


class _Beside(NamedTuple):
    """A comment that goes to the end of the line of that number, which is `width` wide; it stood in `column`."""

    line: int
    width: int
    column: int
    text: str


class _Writer:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._beside: list[_Beside] = []

    def write(self, document: Document) -> str:
        """Write all of it."""
        self._comments(document.head, 0)
        if document.has_gap_after_head:
            self._gap()
        if document.root.entries:
            self._entries(document.root, "", is_top=True)
        else:
            self._lines.append("{}" if document.root.is_mapping else "[]")
        self._comments(document.root.tail, 0)
        self._align()
        return "\n".join(self._lines) + "\n"

    def _gap(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def _comments(self, comments: list[Comment], indent: int, *, may_begin_with_gap: bool = True) -> None:
        for number, comment in enumerate(comments):
            if comment.has_gap and (number or may_begin_with_gap):
                self._gap()
            self._lines.append(" " * indent + comment.text)

    def _entries(self, collection: Collection, head: str, *, is_top: bool = False) -> None:
        """Write the entries of a block; the line of the first one begins with `head`, the others below it."""
        indent = " " * len(head)
        for number, entry in enumerate(collection.entries):
            if is_top and number:
                self._gap()
            begin = (indent if number else head) + ("" if collection.is_mapping else "- ")
            self._entry(entry, begin, may_begin_with_gap=number > 0)

    def _entry(self, entry: Entry, begin: str, *, may_begin_with_gap: bool) -> None:
        key = "" if entry.key is None else f"{_written(entry.key)}:"
        block = _block(entry.value)
        inline = block[0] if block else self._inline(entry.value, len(begin) + len(key) + 1)
        if inline is None and isinstance(entry.value, Collection):
            self._with_block(entry, entry.value, begin, key, may_begin_with_gap=may_begin_with_gap)
            return
        comments = [*entry.beside, *comments_below(entry.value), *entry.after]
        last = comments.pop() if comments and comments[-1].is_beside else None
        self._above([*entry.lead, *comments], begin, has_gap=entry.has_gap, may_begin_with_gap=may_begin_with_gap)
        self._line(f"{begin}{key}{' ' if key and inline else ''}{inline}", last)
        if block:
            indent = " " * (len(begin) + (_STEP if key else 0))
            self._lines += [f"{indent}{line}" if line else "" for line in block[1]]

    def _with_block(self, entry: Entry, value: Collection, begin: str, key: str, *, may_begin_with_gap: bool) -> None:
        """Write an entry whose value stands below its key, or for an item, right behind its dash."""
        first, *others = value.entries
        last = entry.beside[0] if key and entry.beside and entry.beside[0].is_beside else None
        lead = [*(entry.beside if last is None else entry.beside[1:]), *first.lead]
        after = entry.after
        if key and after and not entry.beside and not any(comments_below(value)):
            # Nothing stands between: what stood behind the brackets stays on the line of the key.
            last, after = after[0], after[1:]
        above = entry.lead if key else [*entry.lead, *lead]
        self._above(above, begin, has_gap=entry.has_gap, may_begin_with_gap=may_begin_with_gap)
        if key:
            self._line(begin + key, last)
        begin = " " * (len(begin) + _STEP) if key else begin
        first = msgspec.structs.replace(first, lead=lead if key else [])
        self._entries(msgspec.structs.replace(value, entries=[first, *others]), begin)
        self._comments([*value.tail, *after], len(begin))

    def _above(self, comments: list[Comment], begin: str, *, has_gap: bool, may_begin_with_gap: bool) -> None:
        """Write what stands above the line of an entry; a dash that is begun already stands below it."""
        self._comments(comments, len(begin) - len(begin.lstrip(" ")), may_begin_with_gap=may_begin_with_gap)
        if has_gap and (comments or may_begin_with_gap):
            self._gap()

    def _line(self, text: str, beside: Comment | None) -> None:
        if beside is not None:
            self._beside.append(_Beside(len(self._lines), len(text), beside.column, beside.text))
        self._lines.append(text)

    def _inline(self, value: Text | Collection, room_taken: int) -> str | None:
        """Write a value on the line of its key; None where it goes below."""
        if isinstance(value, Collection) and value.entries:
            text = _flow(value) if value.is_one_line else None
            return text if text is not None and room_taken + len(text) <= MAX_WIDTH else None
        return _flow(value)

    def _align(self) -> None:
        """Put the comments beside lines in their place; those that stood in one column were aligned, and stay so."""
        groups: defaultdict[int, list[_Beside]] = defaultdict(list)
        for each in self._beside:
            groups[each.column].append(each)
        for column, group in groups.items():
            least = max(each.width for each in group) + _ROOM
            wanted = max(min(column, MAX_WIDTH), least) if len(group) > 1 else least
            for each in group:
                self._lines[each.line] = f"{self._lines[each.line]:<{wanted}}{each.text}"


def _written(text: Text) -> str:
    """Write a text on one line: what was plain stays so, quotes go where nothing needs them."""
    return text.text if not text.style and "\n" not in text.text else scalar(text.text)


def _flow(value: Text | Collection) -> str:
    if isinstance(value, Text):
        return _written(value)
    items = [
        _flow(entry.value) if entry.key is None else f"{_written(entry.key)}: {_flow(entry.value)}".rstrip()
        for entry in value.entries
    ]
    return f"{{{', '.join(items)}}}" if value.is_mapping else f"[{', '.join(items)}]"


def _block(value: Text | Collection) -> tuple[str, tuple[str, ...]] | None:
    """Write a text of several lines as such, its first line and those below; None where it is none, or too odd."""
    if not isinstance(value, Text) or value.style not in {"|", ">"}:
        return None
    lines = tuple(value.text.removesuffix("\n").split("\n")) if value.style == "|" else _dedented(value.body)
    is_odd = (
        value.text[:1] in {"", " ", "\t", "\n"} or not lines or not lines[-1].strip() or value.text.endswith("\n\n")
    )
    if is_odd or any(line.isspace() for line in lines) or (len(lines) == 1 and not value.text.endswith("\n")):
        return None
    return value.style + ("" if value.text.endswith("\n") else "-"), lines


def _dedented(body: tuple[str, ...]) -> tuple[str, ...]:
    first = next((line for line in body if line.strip()), "")
    indent = len(first) - len(first.lstrip(" "))
    return tuple(line[indent:] for line in body)
