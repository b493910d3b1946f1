"""Reads the pages: fenced blocks, tables, headings and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))

_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>[a-z]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line it begins on, its language, and its text without the page's indent."""

    page: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def text_of(page: Path) -> str:
    """Give the text of a page."""
    return page.read_text(encoding="utf-8")


def blocks_of(page: Path, kind: str) -> list[Block]:
    """Give the blocks of one language."""
    text = text_of(page)
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, kind, _unindented(found["text"], len(found["indent"])))
        for found in _FENCE.finditer(text)
        if found["kind"] == kind
    ]


def _unindented(text: str, width: int) -> str:
    return "".join(line[width:] if line.strip() else line[-1:] for line in text.splitlines(keepends=True))


def prose_of(page: Path) -> str:
    """Give a page without its fenced blocks."""
    return _FENCE.sub("", text_of(page))


def rows_of(text: str) -> Iterator[list[str]]:
    """Give the rows of every table, without heads and rulers, cell by cell."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("| ---")
        if line.startswith("|") and not line.startswith("| ---") and not is_head:
            yield [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line)[1:-1]]


def codes_in(text: str) -> list[str]:
    """Give every piece of inline code."""
    return _CODE.findall(text)


def section_of(page: Path, heading: str) -> str:
    """Give what stands below a heading (its text, as written), up to the next one of its level or above."""
    text = prose_of(page)
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{page.name} has no heading `{heading}`"
    below = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", below, re.MULTILINE)
    return below[: end.start()] if end else below


def links_of(page: Path) -> list[str]:
    """Give where the links of a page lead."""
    return _LINK.findall(prose_of(page))


def anchors_of(page: Path) -> set[str]:
    """Give the anchors that GitHub makes of the headings."""
    return {_anchor(heading) for heading in _HEADING.findall(prose_of(page))}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
