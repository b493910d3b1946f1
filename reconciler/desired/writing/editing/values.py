"""The value of a line that exists: only the scalars that differ are touched."""

from collections.abc import Iterator

from ruamel.yaml.nodes import MappingNode

from reconciler.desired.writing.editing.nodes import Entry, after_colon, end_of, entries_of, is_flow, start_of
from reconciler.desired.writing.editing.page import Page, Splice
from reconciler.desired.writing.scalar import value_of
from reconciler.model.assignments import ABSENT, decode


def change_value(page: Page, entry: Entry, code: int) -> Iterator[Splice]:
    """Make a line say `code`; a long form stays long, unless the skill becomes `absent`."""
    if not isinstance(entry.value, MappingNode):
        yield Splice(start_of(entry.value), entry.end, value_of(code))
    elif code == ABSENT:
        yield from _to_absent(page, entry)
    else:
        yield from _long(page, entry.value, code)


def _to_absent(page: Page, entry: Entry) -> Iterator[Splice]:
    start = start_of(entry.value)
    if is_flow(entry.value) or not page.begins_line(start):
        yield Splice(start, entry.end, value_of(ABSENT))
        return
    at = after_colon(page, entry)
    yield Splice(at, at, f" {value_of(ABSENT)}")
    yield page.without_lines(start, entry.end)


def _long(page: Page, node: MappingNode, code: int) -> Iterator[Splice]:
    proficiency, available = decode(code)
    wanted = {"proficiency": str(proficiency), "available": str(available).lower()}
    entries = entries_of(node)
    for entry in entries:
        start = start_of(entry.value)
        if page.text[start : entry.end] != wanted[entry.name]:
            yield Splice(start, entry.end, wanted[entry.name])
    if not available and all(entry.name != "available" for entry in entries):
        yield _made_unavailable(page, node, entries[0])


def _made_unavailable(page: Page, node: MappingNode, proficiency: Entry) -> Splice:
    if is_flow(node):
        return Splice(proficiency.end, proficiency.end, ", available: false")
    return page.with_lines(end_of(node), [f"{' ' * node.start_mark.column}available: false"])
