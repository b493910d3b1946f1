"""The one escaper: foreign text, made harmless for the place where it is shown.

Whatever comes from YAML or a tenant may hold escape sequences, line breaks, text that runs backwards, or a CI command.
"""

import re
import unicodedata

# Control, format (bidi, zero width), surrogate, private use, unassigned, and the line and paragraph separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# A GitHub runner obeys `::` at the beginning of a line, blanks before it or not, and `##[` wherever it stands. It
# compares as its language does, which passes over marks that are not seen: here anything that is no letter, no digit
# and no visible ASCII may stand in between.
_AT_START = re.compile(r"((?:^|\r)[^\w!-~\r\n]*):(?=[^\w\s!-~]*:)", re.MULTILINE)
_COLONS = re.compile(r":[^\w\s!-~]*:")
_ANYWHERE = re.compile(r"#(?=[^\w\s!-~]*#[^\w\s!-~]*\[)")


class WorkflowCommands(str):
    """Lines that a CI runner is meant to obey; what is foreign in them has been escaped."""

    __slots__ = ()


def terminal(text: str) -> str:
    r"""Show what a terminal would obey as `\u{…}` instead; everything on one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{{{ord(char):x}}}" if unicodedata.category(char) in _UNSEEN else char for char in text)


def terminal_lines(text: str) -> str:
    """As `terminal`, but line breaks stay: for a text whose lines are ours, such as a traceback."""
    return "\n".join(map(terminal, text.split("\n")))


def runner(text: str) -> str:
    r"""Take from a whole output what a GitHub runner would obey, unless it is meant to: `::` becomes `\u003a:`.

    In JSON that is the same text, since there such an escape means the character.
    """
    harmless = _ANYWHERE.sub(r"\\u0023", text)
    if isinstance(text, WorkflowCommands) or not _COLONS.search(harmless):
        return harmless
    return _AT_START.sub(r"\1\\u003a", harmless)


def github_data(text: str) -> str:
    """Escape the message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """Escape a property (file, title) of a GitHub workflow command."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")
