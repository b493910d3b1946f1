"""A file of desired state in pieces: texts, mappings, lists, and every comment at the piece that it stands at."""

from collections.abc import Iterator

import msgspec


class Comment(msgspec.Struct, gc=False):
    """A comment, `#` included. `column` counts from 0; `is_beside` is True where something else begins its line."""

    text: str
    line: int
    column: int
    is_beside: bool
    # Whether an empty line stands above it.
    has_gap: bool


class Text(msgspec.Struct, gc=False):
    """A scalar. `style` is empty where it is plain, else its quote (or `|`, `>`); `body` are the lines of a `>`."""

    text: str
    style: str
    body: tuple[str, ...] = ()


class Collection(msgspec.Struct):
    """A mapping or a list; `tail` stands after its last entry."""

    is_mapping: bool
    # Written in brackets, and the brackets stand on one line.
    is_one_line: bool
    entries: "list[Entry]"
    tail: list[Comment]


class Entry(msgspec.Struct):
    """An entry of a mapping, or of a list (then without a key), in the order in which it is read.

    `lead` stands above it, `beside` between its key and its value, `after` at the end of the value's line.
    """

    key: Text | None
    lead: list[Comment]
    # Whether an empty line stands right above it.
    has_gap: bool
    value: "Text | Collection"
    beside: list[Comment]
    after: list[Comment]


class Document(msgspec.Struct):
    """A whole file. `head` is about the file, and stays above whatever comes first."""

    head: list[Comment]
    has_gap_after_head: bool
    root: Collection
    # In the order of the file.
    comments: list[Comment]


def comments_below(value: Text | Collection) -> Iterator[Comment]:
    """Give the comments inside of a value, in the order in which they would be read."""
    if isinstance(value, Collection):
        for entry in value.entries:
            yield from comments_of(entry)
        yield from value.tail


def comments_of(entry: Entry) -> Iterator[Comment]:
    """Give the comments of an entry, in the order in which they would be read."""
    yield from entry.lead
    yield from entry.beside
    yield from comments_below(entry.value)
    yield from entry.after
