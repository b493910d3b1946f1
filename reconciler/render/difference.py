"""The difference of two texts as `diff -u` writes it, for a person to read."""

from collections.abc import Iterator
from difflib import unified_diff

from reconciler.render.escape import terminal
from reconciler.render.style import PLAIN, Style


def difference(file: str, before: str, after: str, style: Style = PLAIN) -> str:
    """Give the lines that differ, with three around; a line break that is CRLF is shown as any other."""
    lines = unified_diff(before.splitlines(), after.splitlines(), f"a/{file}", f"b/{file}", lineterm="")
    return "".join(f"{line}\n" for line in _painted(lines, style))


def _painted(lines: Iterator[str], style: Style) -> Iterator[str]:
    for line in lines:
        text = terminal(line)
        if line.startswith(("--- ", "+++ ")):
            yield style.bold(text)
        elif line.startswith("+"):
            yield style.green(text)
        elif line.startswith("-"):
            yield style.red(text)
        else:
            yield text
