"""What a change of a file's text looks like: a unified difference, whose lines are foreign text."""

from collections.abc import Iterator
from difflib import unified_diff

from reconciler.render.escape import terminal
from reconciler.render.style import PLAIN, Style


def difference_as_text(name: str, before: str, after: str, style: Style = PLAIN) -> str:
    """Give the unified difference of a file; empty where the texts are equal."""
    return "".join(f"{line}\n" for line in _lines(name, before, after, style))


def _lines(name: str, before: str, after: str, style: Style) -> Iterator[str]:
    shown = terminal(name)
    found = unified_diff(_split(before), _split(after), f"{shown} (as it is)", f"{shown} (canonical)", lineterm="")
    for number, line in enumerate(found):
        # The first two name the file; what follows them begins with a mark of its own.
        if number < 2:  # noqa: PLR2004 - as said
            yield style.bold(line)
        elif line.startswith("@@"):
            yield style.dim(line)
        else:
            yield _painted(line, style)


def _painted(line: str, style: Style) -> str:
    paint = {"+": style.green, "-": style.red}.get(line[0])
    ending = "" if line.endswith("\n") else "\n\\ No newline at end of file"
    text = terminal(line.removesuffix("\n"))
    return (text if paint is None else paint(text)) + ending


def _split(text: str) -> list[str]:
    """Split at line feeds only, and keep them: what else ends a line somewhere is shown as what it is."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
