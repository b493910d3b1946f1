"""Messages as a list in Markdown: findings of a plan, errors of a command."""

from collections import Counter
from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.render.escape import code, sentence
from reconciler.render.markdown.fit import fitted
from reconciler.render.markdown.words import listed, place
from reconciler.render.view import View

_WORDS = {Severity.ERROR: "error", Severity.BLOCK: "blocked", Severity.WARN: "warning", Severity.INFO: "note"}
_WEIGHTS = list(_WORDS)


def by_weight(messages: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Put what stops first; among equals the order stays."""
    return sorted(messages, key=lambda each: _WEIGHTS.index(each.severity))


def message_list(messages: Sequence[Diagnostic], view: View, folder: str = "", room: int | None = None) -> str:
    """Give each message an entry, its hint on a line below; what does not fit into `room` is counted at the end."""
    ordered = by_weight(messages)
    entries = [_entry(each, view, folder) for each in ordered]

    def tail(kept: int) -> str:
        left = ordered[kept:]
        counts = Counter(_WORDS[each.severity] for each in left)
        words = listed(f"{counts[word]:,} {word}" for word in _WORDS.values() if counts[word])
        return f"- **and {len(left):,} more**: {words}"

    return "\n".join(entries if room is None else fitted(entries, room, tail))


def _entry(message: Diagnostic, view: View, folder: str) -> str:
    where = "" if message.position is None else f" {place(message.position, view, folder)}"
    text = f"- **{_WORDS[message.severity]}** {code(message.code)}{where}: {sentence(message.message)}"
    return f"{text}\n  hint: {sentence(message.hint)}" if message.hint else text
