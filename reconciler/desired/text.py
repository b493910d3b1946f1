"""From the bytes of a file to text that shows what it says: UTF-8, visible characters, no leftovers of git."""

import re
import unicodedata
from functools import lru_cache

from reconciler.desired.report import Report
from reconciler.model.position import pack_position

# What takes the place of a refused character, so that the rest of the file can still be judged, at its true places.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"})
# Letters and marks that take no room, or look like nothing: grapheme joiner, Hangul fillers.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u3164\uffa0")
_PLAIN_ASCII = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_CONFLICT_START = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
_LFS = b"version https://git-lfs.github.com/spec/"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SHOWN_PER_FILE = 20
_WIDE_NULS = 4


def decode(data: bytes, report: Report) -> str | None:
    """Give the text of a file with LF as line end, or None when there is no text to judge; all faults are noted."""
    if data.startswith(_LFS):
        report.whole_file(
            "lfs-pointer", "the file is a pointer of Git LFS, not its content", "run `git lfs pull`, then try again"
        )
        return None
    text = _utf8(data, report)
    if text is None or _has_conflict(text, report):
        return None
    return text if data.isascii() and not data.translate(None, _PLAIN_ASCII + b"\r") else _refuse(text, report)


@lru_cache(maxsize=4096)
def is_refused(character: str) -> bool:
    """Whether a character hides, reorders or controls text, or means nothing (so far)."""
    if character in "\t\n":
        return False
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _INVISIBLE


def described(character: str) -> str:
    """Name a character as `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    name = unicodedata.name(character, "") or _CONTROLS.get(character, "")
    if not name:
        name = "unassigned" if unicodedata.category(character) == "Cn" else "control character"
    return f"U+{ord(character):04X} {name}"


_CONTROLS = {
    "\0": "NULL",
    "\a": "BELL",
    "\b": "BACKSPACE",
    "\r": "CARRIAGE RETURN",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}


def _utf8(data: bytes, report: Report) -> str | None:
    hint = "save the file as UTF-8"
    if data.startswith(_WIDE_BOMS) or data.count(0) * _WIDE_NULS > len(data):
        at = 0 if data.startswith(_WIDE_BOMS) else data.index(0)
        report.error("not-utf-8", _place(data, at), "the file is in UTF-16 or UTF-32, not in UTF-8", hint)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        byte = data[start]
        meant = f" (in Latin-1 it is `{chr(byte)}`)" if byte >= 0xA1 else ""  # noqa: PLR2004 - the first visible one
        report.error("not-utf-8", _place(data, start), f"the byte 0x{byte:02X}{meant} is not UTF-8", hint)
        return None
    return text.replace("\r\n", "\n") if "\r" in text else text


def _place(data: bytes, offset: int) -> int:
    """Pack the line and the column of a byte; all before it is UTF-8, or the byte stands at the start."""
    before = data[:offset].decode("utf-8-sig", "replace")
    return pack_position(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _has_conflict(text: str, report: Report) -> bool:
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return False
    places = list(_CONFLICT_START.finditer(text)) or list(_CONFLICT.finditer(text))
    for place in places:
        report.error(
            "merge-conflict",
            pack_position(text.count("\n", 0, place.start()) + 1, 1),
            f"a merge conflict was left unresolved here (`{place.group().strip()}`)",
            "keep one of the two sides and delete the lines with the markers",
        )
    return bool(places)


def _refuse(text: str, report: Report) -> str:
    bad = {character for character in set(text) if is_refused(character) or character == REPLACEMENT}
    if not bad:
        return text
    places = [index for index, character in enumerate(text) if character in bad]
    line, seen = 1, 0
    for index in places[:_SHOWN_PER_FILE]:
        line += text.count("\n", seen, index)
        seen = index
        at = pack_position(line, index - text.rfind("\n", 0, index))
        report.error("odd-character", at, f"the character {described(text[index])} is refused", _cure(text[index]))
    if len(places) > _SHOWN_PER_FILE:
        index = places[_SHOWN_PER_FILE]
        at = pack_position(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
        report.error("odd-character", at, f"{len(places) - _SHOWN_PER_FILE} more such characters follow")
    return text.translate(dict.fromkeys(map(ord, bad), REPLACEMENT))


def _cure(character: str) -> str:
    if character == REPLACEMENT:
        return "letters were lost when the file was converted; type them again"
    if character == "\r":
        return "end lines with LF or CRLF"
    return "delete it, or type the text again"
