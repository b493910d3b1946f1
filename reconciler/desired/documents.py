"""Checks small documents against their models, and says each fault in our words at its place."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reconciler.desired.nodes import Broken, Mapping, Node, Scalar, Sequence
from reconciler.desired.report import Report, did_you_mean, listed, shown
from reconciler.desired.scalars import kind
from reconciler.desired.shapes import is_address, keys_at

_Model = TypeVar("_Model", bound=BaseModel)
_KINDS = {"model_type": "mapping", "dict_type": "mapping", "list_type": "list"}
_NO_BEGINNING = "leave it out: a hold begins at once, and has only `until`"
_KIND_HINTS = {"mapping": "write `key: value` lines below it", "list": "write it in brackets, like `[one, two]`"}
_NO_ADDRESS = "set `CXONE_BASE_URL` in the environment instead, and remove this key"


def check_document(model: type[_Model], root: Node, report: Report) -> _Model | None:
    """Validate a tree; None when it has faults, which are noted."""
    try:
        return model.model_validate(_plain(root))
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            _note(error, model, root, report)
        return None


def _plain(node: Node) -> object:
    """A tree of dicts and lists with the scalars as they are; the composer bounds its depth."""
    if isinstance(node, Mapping):
        return {name: _plain(value) for name, (_, value) in node.entries.items()}
    return [_plain(item) for item in node.items] if isinstance(node, Sequence) else node


def _locate(root: Node, location: Iterable[str | int]) -> tuple[Scalar | None, Node]:
    """The last key on the way to `location`, and the node there (or the one around it, where there is none)."""
    node, key = root, None
    for step in location:
        if isinstance(node, Mapping) and step in node.entries:
            key, node = node.entries[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
        else:
            break
    return key, node


def _note(error: ErrorDetails, model: type[BaseModel], root: Node, report: Report) -> None:
    key, node = _locate(root, error["loc"])
    if isinstance(node, Broken):
        return
    context = error.get("ctx", {})
    name = str(error["loc"][-1]) if error["loc"] else ""
    if name == "[key]":
        name = str(error["loc"][-2])
    match error["type"]:
        case "extra_forbidden":
            _note_unknown(key, name, model, error["loc"][:-1], report)
        case "missing":
            report.error("missing-key", node.at, f"the key {shown(name)} is missing", f"write `{name}:` here")
        case "model_type" | "dict_type" | "list_type" as wanted:
            said = "has no value" if isinstance(node, Scalar) and node.is_null else f"is a {kind(node)}"
            due = _KINDS[wanted]
            message = f"{shown(name) if name else 'this'} {said}, not a {due}"
            report.error("wrong-type", node.at, message, _KIND_HINTS[due])
        case "too_short":
            report.error("wrong-type", node.at, f"{shown(name)} is empty", "name at least one")
        case "greater_than_equal" | "less_than_equal":
            limit, than = (context["ge"], "at least") if "ge" in context else (context["le"], "at most")
            written = node.text if isinstance(node, Scalar) else ""
            message = f"{shown(name)} is {shown(written)}; it has to be {than} {limit:g}"
            report.error("out-of-range", node.at, message, f"write {limit:g}, or what is {than} that")
        case code if "text" in context:
            report.error(code, node.at, context["text"], context["hint"] or None)
        case _:
            report.error("wrong-type", node.at, f"{shown(name)} is not what is due here: {error['msg']}")


def _note_unknown(
    key: Scalar | None, name: str, model: type[BaseModel], around: tuple[str | int, ...], report: Report
) -> None:
    if key is None:
        return
    if is_address(name):
        message = (
            f"{shown(name)}: an address never comes from a file, or a pull request could send the secret elsewhere"
        )
        report.error("address-in-file", key.at, message, _NO_ADDRESS)
        return
    allowed = keys_at(model, around)
    message = f"the key {shown(name)} is unknown here; allowed are {listed(allowed)}"
    is_hold = "until" in allowed
    hint = _NO_BEGINNING if name == "from" and is_hold else did_you_mean(name, allowed)
    report.error("unknown-key", key.at, message, hint)
