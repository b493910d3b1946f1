"""What libyaml has to say about broken YAML, in plain words and at the place that a person has to mend."""

import re
from typing import NamedTuple

from yaml.error import Mark, MarkedYAMLError, YAMLError

from reconciler.desired.report import Report, shown
from reconciler.model.position import pack_position

_INDENT_HINT = "indent the keys of one mapping alike, by spaces; put a text that holds `: ` in quotes"
_COLON_HINT = "write `key: value`, with a blank after the colon"
_LEADING_TAB = re.compile(r"[ -]*\t")


class _Fault(NamedTuple):
    """How one of libyaml's complaints is told; `is_at_start` places it where the broken thing begins."""

    problem: str
    code: str
    message: str
    hint: str | None
    is_at_start: bool = False


# The first entry whose `problem` begins libyaml's words is taken.
_FAULTS = (
    _Fault("found a tab character", "tab-indent", "a tab stands in the indentation", "indent by spaces"),
    _Fault(
        "found unexpected end of stream", "unclosed-quote", "this quote is never closed", "close it", is_at_start=True
    ),
    _Fault(
        "found unexpected document indicator",
        "unclosed-quote",
        "this quote is not closed before the document ends",
        "close it",
        is_at_start=True,
    ),
    _Fault(
        "did not find expected ',' or ']'",
        "unclosed-bracket",
        "the `[` is never closed by a `]`",
        "close it, or look for a missing comma",
        is_at_start=True,
    ),
    _Fault(
        "did not find expected ',' or '}'",
        "unclosed-bracket",
        "the `{` is never closed by a `}`",
        "close it, or look for a missing comma",
        is_at_start=True,
    ),
    _Fault(
        "mapping values are not allowed",
        "odd-colon",
        "a `:` stands where no key can be: the line is indented wrongly, or the text before it needs quotes",
        _INDENT_HINT,
    ),
    _Fault(
        "block sequence entries are not allowed",
        "bad-indent",
        "a list item stands where none can be",
        "write each `- ` item on its own line, indented alike",
    ),
    _Fault(
        "could not find expected ':'",
        "missing-colon",
        "this key has no `: ` after it",
        _COLON_HINT,
        is_at_start=True,
    ),
    _Fault("did not find expected key", "bad-indent", "no key of the mapping begins here", _INDENT_HINT),
    _Fault("did not find expected '-'", "bad-indent", "no item of the list begins here", _INDENT_HINT),
    _Fault("did not find expected <document start>", "bad-indent", "no key of the mapping begins here", _INDENT_HINT),
    _Fault(
        "did not find expected node content",
        "missing-value",
        "a value is missing before this character",
        "write the value, or put it in quotes",
    ),
    _Fault(
        "found unknown escape character",
        "bad-escape",
        "this escape is unknown",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    _Fault(
        "did not find expected hexdecimal number", "bad-escape", "this escape needs hexadecimal digits", "complete it"
    ),
    _Fault(
        "found invalid Unicode character escape code",
        "bad-escape",
        "this escape is not a character",
        "write the character itself",
    ),
)


def explain(error: YAMLError, text: str, report: Report) -> None:
    """Note why `text` is not YAML."""
    if not isinstance(error, MarkedYAMLError):
        report.whole_file("yaml-syntax", f"the file is not YAML: {str(error).splitlines()[0]}")
        return
    problem = error.problem or "something is wrong"
    mark = error.problem_mark or error.context_mark
    if _tab_in_indent(problem, mark, text, report) or _reserved_start(problem, mark, text, report):
        return
    if _missing_colon(problem, mark, text, report):
        return
    for fault in _FAULTS:
        if problem.startswith(fault.problem):
            at = _at(error.context_mark if fault.is_at_start and error.context_mark else mark)
            message, hint = fault.message, fault.hint
            if fault.code == "bad-indent" and _follows_quote(mark, text):
                message, hint = "text follows after the closing quote", "put the whole text inside the quotes"
            report.error(fault.code, at, message, hint)
            return
    report.error("yaml-syntax", _at(mark), f"the YAML is broken: {problem}")


def _at(mark: Mark | None) -> int:
    return pack_position(mark.line + 1, mark.column + 1) if mark else pack_position(1, 1)


def _line_of(mark: Mark, text: str) -> str:
    lines = text.split("\n", mark.line + 1)
    return lines[mark.line] if mark.line < len(lines) else ""


def _tab_in_indent(problem: str, mark: Mark | None, text: str, report: Report) -> bool:
    if mark is None:
        return False
    tab = _LEADING_TAB.match(_line_of(mark, text))
    if tab is None or not (problem.startswith("found character that cannot") or mark.column < tab.end()):
        return False
    report.error(
        "tab-indent",
        pack_position(mark.line + 1, tab.end()),
        "a tab stands in the indentation, where YAML wants spaces",
        "replace it by spaces",
    )
    return True


def _reserved_start(problem: str, mark: Mark | None, text: str, report: Report) -> bool:
    if mark is None or not problem.startswith("found character that cannot"):
        return False
    character = _line_of(mark, text)[mark.column : mark.column + 1]
    report.error(
        "reserved-start",
        _at(mark),
        f"no text begins with {shown(character)} in YAML" if character.strip() else "a tab stands where text is due",
        "put the text in quotes" if character.strip() else "use spaces",
    )
    return True


def _missing_colon(problem: str, mark: Mark | None, text: str, report: Report) -> bool:
    """A key without its colon runs on into the next line, and only that line's colon is one too many."""
    if mark is None or mark.line == 0 or not problem.startswith("mapping values are not allowed"):
        return False
    line = text.split("\n", mark.line)[mark.line - 1]
    bare = line.strip()
    if not bare or ":" in bare or bare.startswith(("#", "-")):
        return False
    at = pack_position(mark.line, len(line) - len(line.lstrip()) + 1)
    report.error("missing-colon", at, f"{shown(bare)} has no `: `", _COLON_HINT)
    return True


def _follows_quote(mark: Mark | None, text: str) -> bool:
    return mark is not None and _line_of(mark, text)[: mark.column].rstrip().endswith(('"', "'"))
