"""Entries of a mapping in braces, on one line or on many, with commas where the writer of the file likes them."""

import re
from collections.abc import Collection, Iterator, Sequence

from ruamel.yaml.nodes import Node

from reconciler.desired.writing.editing.block import Line
from reconciler.desired.writing.editing.nodes import Entry, end_of, start_of
from reconciler.desired.writing.editing.page import OddLayoutError, Page, Splice

_COMMA = re.compile(r"#[^\n]*|(?P<comma>,)")
_BETWEEN = re.compile(r"(?:\s|,|#[^\n]*)*")


def edit_flow(
    page: Page, node: Node, entries: Sequence[Entry], removed: Collection[int], added: Sequence[Line]
) -> Iterator[Splice]:
    """Take out the entries `removed`, and add others at the end; the braces stay."""
    last = max((index for index in range(len(entries)) if index not in removed), default=None)
    if last is None:
        yield _refilled(page, node, added)
        return
    for index in sorted(each for each in removed if each < last):
        yield _removal(page, entries[index], entries[index + 1])
    tail = entries[last + 1 :]
    has_lines = all(page.is_alone_in_flow(entry.start, entry.end) for entry in tail)
    if has_lines:
        yield from (page.without_lines(entry.start, entry.end) for entry in tail)
    else:
        yield _tail_removal(page, entries[last], tail)
    if added:
        yield from _additions(
            page, entries[last], added, has_lines=has_lines and _closes_below(page, node, entries[last])
        )


def _refilled(page: Page, node: Node, added: Sequence[Line]) -> Splice:
    """Replace all between the braces, but for comments that are no entry's."""
    start, end = start_of(node), end_of(node)
    inside = page.text[start + 1 : end - 1]
    first, *lines = inside.splitlines(keepends=True) or [""]
    comments = "".join(line for line in lines if _is_comment(line))
    pairs = ", ".join(str(line) for line in added)
    if not comments and not _is_comment(first):
        return Splice(start + 1, end - 1, pairs)
    head = first if _is_comment(first) else page.line_break(start)
    gap = " " if head.startswith("#") else ""
    last = inside.rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())]
    return Splice(start + 1, end - 1, f"{pairs}{gap}{head}{comments}{indent}")


def _is_comment(line: str) -> bool:
    return line.lstrip(" \t").startswith("#")


def _closes_below(page: Page, node: Node, entry: Entry) -> bool:
    """Whether the entry has lines to itself, and the brace that closes has another."""
    return page.is_alone_in_flow(entry.start, entry.end) and page.line_end(entry.end) <= end_of(node)


def _removal(page: Page, entry: Entry, following: Entry) -> Splice:
    """Take out an entry that others follow, with its comma and its comment."""
    if page.is_alone_in_flow(entry.start, entry.end) and page.has_comma(entry.end):
        return page.without_lines(entry.start, entry.end)
    between = page.text[entry.end : following.start]
    comma = _comma(between)
    line, *others = between.split("\n")
    if not any(_is_comment(other) for other in others):
        return Splice(entry.start, following.start)
    if comma > len(line):
        message = "comments stand between it and its comma"
        raise OddLayoutError(message)
    return Splice(entry.start, entry.end + len(line.rstrip("\r")))


def _tail_removal(page: Page, survivor: Entry, tail: Sequence[Entry]) -> Splice:
    between = page.text[survivor.end : tail[0].start]
    comma = _comma(between)
    start, end = survivor.end + comma, tail[-1].end
    if page.is_alone(start, end):
        return page.without_lines(start, end)
    # What is said behind the comma is said of the one that stays.
    return Splice(tail[0].start if "#" in between[comma:] else start, end)


def _comma(between: str) -> int:
    found = next((each for each in _COMMA.finditer(between) if each["comma"]), None)
    if found is None or not _BETWEEN.fullmatch(between):
        message = "a key stands behind a question mark"
        raise OddLayoutError(message)
    return found.start()


def _additions(page: Page, anchor: Entry, added: Sequence[Line], *, has_lines: bool) -> Iterator[Splice]:
    end = anchor.end
    if not has_lines:
        yield Splice(end, end, "".join(f", {line}" for line in added))
        return
    indent = page.text[page.line_start(anchor.start) : anchor.start]
    lines = [f"{indent}{line}," for line in added]
    if not page.has_comma(end):
        yield Splice(end, end, ",")
        lines[-1] = lines[-1].removesuffix(",")
    yield page.with_lines(end, lines)
