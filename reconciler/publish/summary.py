"""Appends Markdown to the summary of a CI step: a file of at most 1 MiB, of which GitHub otherwise shows nothing."""

import re
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Severity

LIMIT_BYTES = 1 << 20
# Room for what closes an open fence and open folds, and for the note.
_CLOSING_BYTES = 1024
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_FOLD = re.compile(r"<(/?)details\b", re.IGNORECASE)


def append_summary(path: Path, text: str, limit_bytes: int = LIMIT_BYTES) -> Diagnostic | None:
    """Append a text, cut at a line where it does not fit beside what is there. Never raises: says what went wrong."""
    try:
        there = path.stat().st_size if path.exists() else 0
        fitting = fitted(text, limit_bytes - there - 1)
        if not fitting:
            return _lost(f"it holds {there} bytes of at most {limit_bytes}")
        with path.open("ab") as file:
            file.write(_encoded(f"\n{fitting}" if there else fitting))
    except OSError as error:
        return _lost(error.strerror or "the file cannot be written")
    return None


def fitted(text: str, room_bytes: int) -> str:
    """Cut Markdown at the end of a line, close what is open, and say how much is left out; empty where nothing fits."""
    if len(_encoded(text)) <= room_bytes:
        return text
    lines, kept, size = text.splitlines(keepends=True), 0, 0
    for line in lines:
        size += len(_encoded(line))
        if size > room_bytes - _CLOSING_BYTES:
            break
        kept += 1
    if not kept:
        return ""
    note = f"… {len(lines) - kept} more lines are left out: the summary of a step holds 1 MiB.\n"
    return "".join(lines[:kept]) + closing(lines[:kept]) + f"\n{note}"


def closing(lines: list[str]) -> str:
    """Give the lines that end an open fence and open `<details>`."""
    fence, depth = "", 0
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
        elif found and "`" not in found[2]:
            fence = found[1]
        else:
            depth += sum(-1 if end else 1 for end in _FOLD.findall(line))
    return (f"{fence}\n" if fence else "") + "\n</details>\n" * max(depth, 0)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _lost(cause: str) -> Diagnostic:
    message = f"the summary of this step could not be written: {cause}"
    return Diagnostic("summary-lost", message, "read the log of this step instead", severity=Severity.WARN)
