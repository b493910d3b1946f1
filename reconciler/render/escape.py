"""The one escaper: foreign text, made harmless for the place where it is shown.

Whatever comes from YAML or a tenant may hold escape sequences, line breaks, text that runs backwards, or a CI command.

Markdown has one rule: foreign text stands only in code (a span, a fence, `<code>`). GitHub and GitLab look for
mentions, references, emoji and addresses in the finished HTML, after every entity and backslash has been read, so that
`&#64;ana` mentions Ana; what both leave out is code.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import escape
from itertools import count, groupby
from urllib.parse import quote

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


# Longer names and sentences are cut in Markdown: nobody reads on, and a comment has a limit. The number of characters
# that may stand in a span also bounds its back-ticks: cmark knows no run of more than 80 as the beginning of code.
MOST_OF_NAME = 256
MOST_OF_SENTENCE = 800
# What stands beside a span as an entity: `|` ends a cell of a table even in code, and a runner obeys `##[` there.
_NOT_IN_SPAN = re.compile(r"(\||#(?=[^\w\s!-~]*#[^\w\s!-~]*\[))")
_TICKS = re.compile(r"`+")
# A sentence in pieces: quoted, blank, or a word.
_PIECES = re.compile(r"`[^`]+`|\s+|[^\s`]+|`")
# A word that is nothing to Markdown, nor to a host: no commit (seven hexadecimal digits), no `www.`, no `GH-12`.
_PLAIN_WORD = re.compile(
    r"->|\)?[,.;:?]?|(?!.*\b[0-9a-f]{7,}\b|www)\(?(?:[a-z]+(?:['-][a-z]+)*\)?[,.;:?]?|[0-9]{1,6}\)?[,;:?]?)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.:-]*(?:/[a-z0-9._~/%?&=+#-]*)?", re.IGNORECASE)
_MOST_OF_ADDRESS = 1000


def code(text: str) -> str:
    """Show foreign text as code within a line of Markdown, a heading, a cell or the words of a link."""
    return _code(_shown(text, MOST_OF_NAME))


def _code(text: str) -> str:
    parts = _NOT_IN_SPAN.split(text)
    return "".join(_span(part) if not index % 2 else f"&#{ord(part)};" for index, part in enumerate(parts) if part)


def _span(text: str) -> str:
    """Put the text between back-ticks, so many as it nowhere has in a row."""
    runs = {len(run) for run in _TICKS.findall(text)}
    ticks = "`" * next(number for number in count(1) if number not in runs)
    # One blank at both ends is no part of the text, unless there is nothing else.
    has_edge = text.strip(" ") and (text[0] in " `" or text[-1] in " `")
    return f"{ticks} {text} {ticks}" if has_edge else f"{ticks}{text}{ticks}"


def html_code(text: str) -> str:
    """Show foreign text as code where Markdown reads none: in a line that begins with a tag, such as `<summary>`."""
    shown = escape(_shown(text, MOST_OF_NAME), quote=False).replace("#", "&#35;")
    return f"<code>{shown}</code>"


def in_fence(text: str) -> str:
    r"""Write foreign text for a line within `fence`, after something of ours; `##[` is shown as `\u{23}#[`."""
    return _ANYWHERE.sub(r"\\u{23}", _shown(text, MOST_OF_NAME))


def fence(lines: Iterable[str]) -> str:
    """Put lines of a difference into a fence longer than any run of back-ticks in them; ends in a line break."""
    content = "".join(f"{line}\n" for line in lines)
    ticks = "`" * max(3, 1 + longest_run(content))
    return f"{ticks}diff\n{content}{ticks}\n"


def longest_run(text: str) -> int:
    """How many back-ticks stand in a row."""
    return max(map(len, _TICKS.findall(text)), default=0) if "`" in text else 0


def sentence(text: str) -> str:
    """Show a foreign sentence within a line of ours: plain words stay, what is quoted or not plain becomes code."""
    pieces = groupby(map(_piece, _PIECES.findall(_shown(text, MOST_OF_SENTENCE))), key=lambda piece: piece[0])
    return "".join(_joined(is_code, (words for _, words in group)) for is_code, group in pieces).strip()


def _piece(piece: str) -> tuple[bool, str]:
    if len(piece) > 1 and piece[0] == piece[-1] == "`":
        return True, piece[1:-1]
    return not (piece.isspace() or _PLAIN_WORD.fullmatch(piece)), piece


def _joined(is_code: bool, words: Iterator[str]) -> str:  # noqa: FBT001 - the two halves of one value
    text = "".join(words)
    return _code(text) if is_code else text.replace(">", "&gt;")


def link(words: str, address: str) -> str:
    """Link words that are Markdown already; only the words where the address is not plainly one of the web."""
    if len(address) > _MOST_OF_ADDRESS or not _ADDRESS.fullmatch(address):
        return words
    return f"[{words}]({address.replace('&', '&amp;')})"


def address_of(root: str, file: str) -> str:
    """Give the address of a file below `root`; empty where its path could lead elsewhere, or is not what it seems."""
    if not root or len(file) > _MOST_OF_ADDRESS or terminal(file) != file or {"", ".", ".."} & set(file.split("/")):
        return ""
    return f"{root.rstrip('/')}/{quote(file)}"


def _shown(text: str, most: int) -> str:
    """Escape as for a terminal, and cut; no more is looked at than can be shown."""
    escaped = terminal(text[: most + 1])
    return escaped if len(escaped) <= most else f"{escaped[: most - 1]}…"
