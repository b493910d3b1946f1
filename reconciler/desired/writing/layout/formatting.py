"""The canonical layout of one file, and the proof that nothing of it was lost on the way."""

from collections import Counter

from yaml.error import YAMLError

from reconciler.desired.report import Report, shown
from reconciler.desired.text import decode
from reconciler.desired.writing.layout.lines import write_document
from reconciler.desired.writing.layout.order import AGENT_FILE, TENANT_FILE, Kind, arrange
from reconciler.desired.writing.layout.pieces import Comment, Document, comments_below
from reconciler.desired.writing.layout.reading import read_document
from reconciler.diagnostics import Diagnostic
from reconciler.model.position import SourcePosition

_UNTOUCHED = "no file was changed; write this part in a plainer way, and report it: this is a fault of the tool"


def canonical(text: str, *, is_tenant_file: bool = False) -> str:
    """Give the canonical layout of a file that the loader has found faultless."""
    return write_document(_arranged(text, TENANT_FILE if is_tenant_file else AGENT_FILE))


def format_bytes(data: bytes, report: Report, *, is_tenant_file: bool) -> bytes | None:
    """Give the bytes of a faultless file in canonical layout; None where they cannot be proved, which is noted."""
    text = decode(data, report)
    if text is None or report.found:
        return None
    kind = TENANT_FILE if is_tenant_file else AGENT_FILE
    document = _arranged(text, kind)
    formatted = write_document(document)
    if formatted != text and (fault := _unproved(document, formatted, kind, report.file)):
        report.found.append(fault)
        return None
    return formatted.encode()


def _arranged(text: str, kind: Kind) -> Document:
    document = read_document(text)
    arrange(document.root, kind)
    return document


def _unproved(document: Document, formatted: str, kind: Kind, file: str) -> Diagnostic | None:
    """Say when a comment was lost or has moved among the others, or when a second time would change more."""
    comments = [*document.head, *comments_below(document.root)]
    lost = _first_lost(document.comments, comments)
    try:
        again = _arranged(formatted, kind)
    except YAMLError:
        message = "the canonical layout of this file would not be YAML"
        return Diagnostic("fmt-unstable", message, _UNTOUCHED, SourcePosition(file, 1, 1))
    if lost is None:
        lost = _first_lost(comments, again.comments) or _first_lost(again.comments, comments)
        lost = lost or _first_moved(comments, again)
    if lost is not None:
        message = f"the comment {shown(lost.text)} would not stay where it stands"
        return Diagnostic("fmt-comment", message, _UNTOUCHED, SourcePosition(file, lost.line + 1, lost.column + 1))
    if write_document(again) != formatted:
        message = "the layout of this file would change with every run"
        return Diagnostic("fmt-unstable", message, _UNTOUCHED, SourcePosition(file, 1, 1))
    return None


def _first_lost(before: list[Comment], after: list[Comment]) -> Comment | None:
    """Give the first comment that is there less often than before."""
    left = Counter(comment.text for comment in after)
    for comment in before:
        left[comment.text] -= 1
        if left[comment.text] < 0:
            return comment
    return None


def _first_moved(before: list[Comment], again: Document) -> Comment | None:
    """Give the first comment that is not in its turn; keys have been put in their order already."""
    pairs = zip(before, again.comments, strict=False)
    return next((one for one, other in pairs if one.text != other.text), None)
