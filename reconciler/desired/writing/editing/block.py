"""Lines of a mapping in block style: taken out whole, put in below the last."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from reconciler.desired.writing.editing.nodes import Entry, after_colon, column_of
from reconciler.desired.writing.editing.page import OddLayoutError, Page, Splice


class Line(NamedTuple):
    """A line to be: its key, its value, and a comment."""

    key: str
    value: str
    note: str = ""

    def at(self, column: int) -> str:
        """Write it as a line of a block."""
        return f"{' ' * column}{self.key}: {self.value}" + (f"  # {self.note}" if self.note else "")

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


def edit_block(
    page: Page, owner: Entry, entries: Sequence[Entry], removed: Collection[int], added: Sequence[Line]
) -> Iterator[Splice]:
    """Take out the entries `removed` of the block below `owner`, and add lines at its end.

    A comment on a line goes with it; comments on lines of their own stay. What becomes empty is `{}`.
    """
    for index in removed:
        entry = entries[index]
        if not page.is_alone(entry.start, entry.end):
            message = "its line holds more than that skill"
            raise OddLayoutError(message)
        yield page.without_lines(entry.start, entry.end)
    if added:
        column = column_of(owner.value)
        yield page.with_lines(entries[-1].end, [line.at(column) for line in added])
    elif len(removed) == len(entries):
        at = after_colon(page, owner)
        yield Splice(at, at, " {}")
