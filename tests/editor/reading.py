"""One document, seen by the reader, and as YAML 1.2 hands it to an editor's schema."""

import json
import re
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # its types are a package of their own

from reconciler.desired.modeline import Kind
from reconciler.desired.nodes import Mapping, Node, Scalar, Sequence
from reconciler.desired.parsing import parse_bytes, parse_tree
from reconciler.desired.report import Report
from reconciler.desired.schema import make_schema
from reconciler.desired.tenantfile import read_tenant
from reconciler.diagnostics import Diagnostic

__all__ = ["VALIDATORS", "Draft202012Validator", "faults", "is_valid", "places"]

VALIDATORS = {kind: Draft202012Validator(json.loads(make_schema(kind))) for kind in Kind}
# The core schema of YAML 1.2, in its own order.
_CORE = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
)


def faults(kind: Kind, text: str) -> list[Diagnostic]:
    """Give what the reader says of one document alone."""
    report = Report("file.yaml")
    if kind is Kind.AGENTS:
        parse_bytes(text.encode(), report)
    else:
        root = parse_tree(text.encode(), report)
        if root is not None:
            read_tenant(root, "acme", report)
    return report.found


def places(kind: Kind, text: str) -> list[tuple[int, int]]:
    """Give where the reader finds faults."""
    return [(each.position.line, each.position.column) for each in faults(kind, text) if each.position]


def is_valid(kind: Kind, text: str) -> bool:
    """Whether the schema takes a document that YAML can read."""
    root = parse_tree(text.encode(), Report("file.yaml"))
    assert root is not None
    return bool(VALIDATORS[kind].is_valid(_value(root)))


def _value(node: Node) -> Any:  # noqa: ANN401 - whatever YAML may hold
    if isinstance(node, Mapping):
        return {name: _value(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    assert isinstance(node, Scalar)
    if node.style:
        return node.text
    return next((read(node.text) for pattern, read in _CORE if pattern.fullmatch(node.text)), node.text)
