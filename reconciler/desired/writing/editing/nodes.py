"""Where in a text each key and each value stands, as ruamel.yaml finds it."""

from collections.abc import Iterator
from typing import NamedTuple, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.desired.writing.editing.page import OddLayoutError, Page

_UNREADABLE = "its YAML is laid out in a way that ruamel.yaml does not read"


class Entry(NamedTuple):
    """A key with its value; `end` is where the last piece of the value ends, without comments."""

    name: str
    key: Node
    value: Node
    start: int
    end: int


class AgentNode(NamedTuple):
    """What an agent declares; `step` is how much deeper a block stands than the one around it."""

    node: MappingNode
    step: int


def agents_in(page: Page) -> dict[str, AgentNode]:
    """Find the agents of a text that is a mapping of agents."""
    return _agents(_parsed(page))


def top_agents_in(page: Page) -> dict[str, AgentNode]:
    """Find the agents of a whole file."""
    agents = next((entry.value for entry in entries_of(_parsed(page)) if entry.name == "agents"), None)
    return _agents(agents)


def _parsed(page: Page) -> Node | None:
    try:
        # A tab parts tokens as a blank does, but this parser does not know it.
        return cast("Node | None", YAML(typ="safe", pure=True).compose(page.text.replace("\t", " ")))
    except (YAMLError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise OddLayoutError(_UNREADABLE) from error


def _agents(node: Node | None) -> dict[str, AgentNode]:
    found = {}
    for entry in entries_of(node):
        if isinstance(entry.value, MappingNode):
            step = column_of(entry.value) - column_of(entry.key)
            found[entry.name] = AgentNode(entry.value, step if step > 0 and not is_flow(entry.value) else 2)
    return found


def entries_of(node: Node | None) -> list[Entry]:
    """List the entries of a mapping."""
    if not isinstance(node, MappingNode):
        return []
    return [
        Entry(cast("str", key.value), key, value, start_of(key), end_of(value))
        for key, value in cast("list[tuple[Node, Node]]", node.value)
    ]


def is_flow(node: Node) -> bool:
    """Whether a mapping stands in braces."""
    return bool(cast("MappingNode", node).flow_style)


def start_of(node: Node) -> int:
    """Give where it begins."""
    return cast("int", node.start_mark.index)


def column_of(node: Node) -> int:
    """Give the column where it begins, from 0."""
    return cast("int", node.start_mark.column)


def end_of(node: Node) -> int:
    """Give where its last character is over; the parser's own end of a block lies behind the comments that follow."""
    if isinstance(node, ScalarNode) or is_flow(node):
        return cast("int", node.end_mark.index)
    if isinstance(node, SequenceNode):
        return end_of(cast("list[Node]", node.value)[-1])
    return end_of(cast("list[tuple[Node, Node]]", node.value)[-1][1])


def scalars_of(node: Node) -> Iterator[ScalarNode]:
    """Give all scalars below a node."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in cast("list[Node]", node.value):
            yield from scalars_of(item)
    else:
        for key, value in cast("list[tuple[Node, Node]]", node.value):
            yield from scalars_of(key)
            yield from scalars_of(value)


def after_colon(page: Page, entry: Entry) -> int:
    """Give the place right behind the colon of a key."""
    at = cast("int", entry.key.end_mark.index)
    while page.text[at] in " \t":
        at += 1
    if page.text[at] != ":":
        message = "its key stands behind a question mark"
        raise OddLayoutError(message)
    return at + 1
