"""Finds agents in a file; one that stands on lines of its own is parsed by itself, for the parser is slow."""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from reconciler.desired.writing.editing.nodes import AgentNode, agents_in, top_agents_in
from reconciler.desired.writing.editing.page import OddLayoutError, Page
from reconciler.model.position import unpack_position


class Found(NamedTuple):
    """An agent, in a page that is a part of the file and begins there at `offset`."""

    page: Page
    agent: AgentNode
    offset: int = 0


class AgentFinder:
    """Finds agents by their refs, of which `places` are the packed positions in the file."""

    def __init__(self, page: Page, refs: Sequence[str], places: Sequence[int]) -> None:
        self._page = page
        self._rows = {ref: row for row, ref in enumerate(refs)}
        self._starts = _indices(page.text, places)
        self._all: dict[str, AgentNode] | None = None

    def find(self, ref: str) -> Found:
        """Find an agent; OddLayoutError where there is none, or none that can be edited."""
        if ref not in self._rows:
            message = "no such agent stands in the file"
            raise OddLayoutError(message)
        return self._alone(ref) or self._among_all(ref)

    def _alone(self, ref: str) -> Found | None:
        """Parse the lines of the agent alone, if they are its own."""
        row = self._rows[ref]
        start = self._starts[row]
        if not self._page.begins_line(start):
            return None
        first = self._page.line_start(start)
        page = Page(self._page.text[first : self._end(row)])
        try:
            agent = agents_in(page).get(ref)
        except OddLayoutError:
            return None
        return None if agent is None else Found(page, agent, first)

    def _end(self, row: int) -> int:
        """Give where the lines of an agent end: at those of the next, or where something stands further to the left."""
        text, start = self._page.text, self._starts[row]
        if row + 1 < len(self._starts):
            return self._page.line_start(self._starts[row + 1])
        column = start - self._page.line_start(start)
        left = re.compile(rf"^[ \t]{{0,{max(column - 1, 0)}}}[^ \t\r\n#]", re.MULTILINE).search(text, start)
        return left.start() if left and column else len(text)

    def _among_all(self, ref: str) -> Found:
        if self._all is None:
            self._all = top_agents_in(self._page)
        return Found(self._page, self._all[ref])


def _indices(text: str, places: Sequence[int]) -> list[int]:
    """Turn packed positions into indices of the text."""
    lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    positions = (unpack_position("", place) for place in places)
    return [lines[each.line - 1] + each.column - 1 for each in positions]
