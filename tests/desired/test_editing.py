"""Edits touch the scalars that they are about, and every other byte stays; the folder `edits` holds one layout a file.

A file is `-- before --`, `-- edits --` (`agent: skill = value`, where the value is a proficiency, `40 off`, `absent` or
`(remove)`), `-- after --` and, where an edit cannot be made, `-- unfit --`. `(escaped)`: with escapes for bytes.
"""

import re
from pathlib import Path

import pytest

from reconciler.desired.parsing import parse_bytes
from reconciler.desired.report import Report
from reconciler.desired.writing.editing import Edited, edit
from reconciler.desired.writing.editing.file import _Editor
from reconciler.desired.writing.editing.page import Page, Splice
from reconciler.model.assignments import ABSENT, encode
from reconciler.model.edits import LineEdit

EDITS = sorted((Path(__file__).parent / "edits").glob("*.txt"))
_SECTION = re.compile(r"^-- (\w+)(?: (\(escaped\)))? --\n", re.MULTILINE)
_EDIT = re.compile(r"(?P<agent>.+?): (?P<skill>.+) = (?P<value>\S+)(?P<off> off)?(?: # (?P<note>.+))?")


def code_of(value: str, *, is_off: bool) -> int | None:
    if value == "(remove)":
        return None
    return ABSENT if value == "absent" else encode(int(value), not is_off)


def edits_of(text: str) -> list[LineEdit]:
    found = []
    for line in text.splitlines():
        parts = _EDIT.fullmatch(line)
        assert parts, line
        code = code_of(parts["value"], is_off=parts["off"] is not None)
        found.append(LineEdit(parts["agent"], parts["skill"], code, parts["note"] or ""))
    return found


def sections(text: str) -> dict[str, bytes]:
    _, *parts = _SECTION.split(text)
    found = {}
    for name, is_escaped, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        data = content.encode()
        if is_escaped:
            data = content.removesuffix("\n").encode("ascii").decode("unicode_escape").encode("latin-1")
        found[name] = data
    return found


def after(edited: Edited, *, is_escaped: bool) -> str:
    """Write what a case ends with."""
    text = edited.data.decode("latin-1").encode("unicode_escape").decode() + "\n" if is_escaped else None
    unfit = "".join(f"{each.edit.agent}: {each.edit.skill}: {each.reason}\n" for each in edited.unfit)
    head = "-- after (escaped) --\n" if is_escaped else "-- after --\n"
    return head + (edited.data.decode() if text is None else text) + (f"-- unfit --\n{unfit}" if unfit else "")


@pytest.mark.parametrize("path", EDITS, ids=lambda path: path.stem)
def test_only_what_is_edited_changes(path: Path, request: pytest.FixtureRequest) -> None:
    """What comes out is read by a person once, and then stays, byte for byte."""
    text = path.read_text(encoding="utf-8")
    parts = sections(text)
    edited = edit(parts["before"], edits_of(parts["edits"].decode()))
    head, mark, expected = text.partition("-- after")
    ending = after(edited, is_escaped="-- before (escaped)" in text)
    if request.config.getoption("--update-golden"):
        path.write_text(head + ending, encoding="utf-8")
    else:
        assert mark + expected == ending


def test_a_text_that_reads_otherwise_is_not_made() -> None:
    """Whatever was put where: who else changes, or what else, is seen."""
    data = b"agents:\n  a@x:\n    skills: {A: 1, B: 1}\n  b@x:\n    skills: {A: 1}\n"
    wanted = {"a@x": [LineEdit("a@x", "A", encode(2, True))]}
    parsed = parse_bytes(data, Report(""))
    assert parsed is not None
    editor = _Editor(Page.of(data), parsed)
    right = data.index(b"1")
    assert editor.made({"a@x": [Splice(right, right + 1, "2")]}, wanted) == data.replace(b"A: 1, ", b"A: 2, ")
    for text, at in (("3", right), ("2", data.index(b"1}")), ("2", data.rindex(b"1")), ("x", right)):
        assert editor.made({"a@x": [Splice(at, at + 1, text)]}, wanted) is None
