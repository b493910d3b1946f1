"""A checkup for a person, a line for each check with what to do below it, and as JSON (`format_version` 1)."""

import json
import textwrap
from collections.abc import Callable, Iterator

from reconciler.plan.checkup.verdict import Check, Checkup, State
from reconciler.render.escape import terminal
from reconciler.render.messages import counted
from reconciler.render.style import PLAIN, Style

_MARK_WIDTH = max(len(state) for state in State)
# Narrower than this, and words would be cut that somebody is to type.
_NARROWEST = 24


def checkup_as_text(checkup: Checkup, style: Style = PLAIN, columns: int | None = None) -> str:
    """Align mark, name and words, wrapped to `columns` where that is given; the last line sums up."""
    width = max(len(check.name) for check in checkup.checks)
    lines = [line for check in checkup.checks for line in _lines(check, width, style, columns)]
    return "".join(f"{line}\n" for line in [*lines, "", *_summary(checkup, style, columns)])


def _lines(check: Check, width: int, style: Style, columns: int | None) -> Iterator[str]:
    margin = " " * (_MARK_WIDTH + width + 4)
    mark = _paint(check.state, style)(check.state.value) + " " * (_MARK_WIDTH - len(check.state))
    first, *more = _wrapped(terminal(check.message), len(margin), columns)
    yield f"{mark}  {check.name:<{width}}  {first}"
    yield from (margin + line for line in more)
    if check.hint is not None:
        yield from (margin + line for line in _wrapped(f"hint: {terminal(check.hint)}", len(margin), columns))


def _wrapped(text: str, margin: int, columns: int | None) -> list[str]:
    if columns is None:
        return [text]
    room = max(columns - margin, _NARROWEST)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def _paint(state: State, style: Style) -> Callable[[str], str]:
    return {State.OK: style.green, State.WARN: style.yellow, State.FAIL: style.red, State.SKIPPED: style.dim}[state]


def _summary(checkup: Checkup, style: Style, columns: int | None) -> list[str]:
    failed, warned, left = (checkup.count(state) for state in (State.FAIL, State.WARN, State.SKIPPED))
    counts = [counted(len(checkup.checks), "check")]
    counts += [f"{failed} failed"] if failed else []
    counts += [counted(warned, "warning")] if warned else []
    counts += [f"{left} skipped"] if left else []
    verdict, paint = ("Not ready.", style.red) if failed else ("Ready.", style.green)
    first = checkup.first_failure
    begin = f" Begin with: {first.name}." if first is not None and failed > 1 else ""
    requests = counted(checkup.requests, "request")
    first_line, *more = _wrapped(f"{verdict} {', '.join(counts)}; {requests}.{begin}", 0, columns)
    return [first_line.replace(verdict, paint(verdict), 1), *more]


def checkup_as_json(checkup: Checkup) -> str:
    """Write the checkup as one document, in ASCII."""
    document = {
        "format_version": 1,
        "tenant": checkup.tenant,
        "ready": checkup.first_failure is None,
        "requests": checkup.requests,
        "checks": [
            {"check": each.name, "state": each.state.value, "message": each.message, "hint": each.hint}
            for each in checkup.checks
        ],
    }
    return json.dumps(document, indent=2) + "\n"
