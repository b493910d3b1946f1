"""Diagnostics as text (`path:line:column: error[code]: message` and a `hint:` line), JSON, and GitHub annotations."""

import json
import re
from collections.abc import Iterable, Sequence

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.desired import DesiredState
from reconciler.model.position import SourcePosition
from reconciler.render.escape import WorkflowCommands, github_data, github_property, terminal
from reconciler.render.style import PLAIN, Style

_WORDS = {Severity.ERROR: "error", Severity.BLOCK: "blocked", Severity.WARN: "warning", Severity.INFO: "note"}
_ANNOTATIONS = {Severity.ERROR: "error", Severity.BLOCK: "error", Severity.WARN: "warning", Severity.INFO: "notice"}


def place(position: SourcePosition, folder: str = "") -> str:
    """Write a position as `path:line:column`, below `folder` (the tenant's, as the user would type it)."""
    return terminal(f"{folder}/{position}" if folder else f"{position}")


def words_of(diagnostic: Diagnostic, folder: str = "") -> str:
    """Give the message with every other place that it names below `folder`; nothing is escaped."""
    if not folder or not diagnostic.related:
        return diagnostic.message
    # The longest first, and whole: a place may be the beginning of another one.
    places = "|".join(map(re.escape, sorted(diagnostic.related, key=len, reverse=True)))
    return re.sub(rf"(?<![^\s`(])(?:{places})(?!\d)", lambda found: f"{folder}/{found[0]}", diagnostic.message)


def messages_as_text(diagnostics: Iterable[Diagnostic], folder: str = "", style: Style = PLAIN) -> str:
    """Give two lines a message, the second only where there is a hint; ends in a line break unless empty."""
    return "".join(_as_text(diagnostic, folder, style) for diagnostic in diagnostics)


def _as_text(diagnostic: Diagnostic, folder: str, style: Style) -> str:
    # A saved plan brings its own codes.
    word = f"{_WORDS[diagnostic.severity]}[{terminal(diagnostic.code)}]"
    paint = {Severity.WARN: style.yellow, Severity.INFO: style.dim}.get(diagnostic.severity, style.red)
    where = f"{place(diagnostic.position, folder)}: " if diagnostic.position else ""
    text = f"{where}{paint(word)}: {terminal(words_of(diagnostic, folder))}\n"
    return text if diagnostic.hint is None else f"{text}  hint: {terminal(diagnostic.hint)}\n"


def messages_as_json(diagnostics: Iterable[Diagnostic], folder: str = "") -> str:
    """Give one document: `{"format_version": 1, "valid", "diagnostics": [{code, severity, message, hint, source}]}`."""
    listed = list(diagnostics)
    document = {
        "format_version": 1,
        "valid": all(diagnostic.severity is not Severity.ERROR for diagnostic in listed),
        "diagnostics": [message_as_dict(diagnostic, folder) for diagnostic in listed],
    }
    return json.dumps(document, indent=2) + "\n"


def messages_as_log(diagnostics: Iterable[Diagnostic], folder: str = "") -> str:
    """Give one line of JSON a message, for `--log-format json`."""
    return "".join(
        json.dumps({"level": _WORDS[diagnostic.severity], **message_as_dict(diagnostic, folder)}) + "\n"
        for diagnostic in diagnostics
    )


def message_as_dict(diagnostic: Diagnostic, folder: str = "") -> dict[str, object]:
    """Give one message as JSON has it."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": words_of(diagnostic, folder),
        "hint": diagnostic.hint,
        "source": None if diagnostic.position is None else source_as_dict(diagnostic.position, folder),
    }


def source_as_dict(position: SourcePosition, folder: str = "") -> dict[str, str | int]:
    """Give a position as JSON has it."""
    file = f"{folder}/{position.file}" if folder else position.file
    return {"file": file, "line": position.line, "column": position.column}


def messages_as_github(diagnostics: Iterable[Diagnostic], folder: str = "") -> WorkflowCommands:
    """Give one workflow command a message, which GitHub shows at its line of the pull request."""
    return WorkflowCommands("".join(_as_github(diagnostic, folder) for diagnostic in diagnostics))


def _as_github(diagnostic: Diagnostic, folder: str) -> str:
    properties = [f"title={github_property(terminal(diagnostic.code))}"]
    if diagnostic.position is not None:
        source = source_as_dict(diagnostic.position, folder)
        properties = [
            f"file={github_property(terminal(str(source['file'])))}",
            f"line={source['line']}",
            f"col={source['column']}",
            *properties,
        ]
    text = terminal(words_of(diagnostic, folder)) + (
        "" if diagnostic.hint is None else f"\nhint: {terminal(diagnostic.hint)}"
    )
    return f"::{_ANNOTATIONS[diagnostic.severity]} {','.join(properties)}::{github_data(text)}\n"


def valid_line(diagnostics: Iterable[Diagnostic], states: Sequence[DesiredState]) -> str:
    """Write the last line of a validation: what was found valid, or how many errors there are."""
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    if errors:
        files = {each.position.file for each in errors if each.position}
        where = f" in {counted(len(files), 'file')}" if files else ""
        return f"Invalid. {counted(len(errors), 'error')}{where}."
    agents, profiles = sum(each.agent_count for each in states), sum(len(each.profiles) for each in states)
    counts = [(len(states), "tenant"), (agents, "agent"), (profiles, "profile")]
    return f"Valid. {', '.join(counted(number, noun) for number, noun in counts)}."


def counted(number: int, noun: str) -> str:
    """Write a count with its noun: `1 agent`, `2 agents`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
