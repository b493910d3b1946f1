"""What may be a name: visible, unambiguous text, so that a reviewer reads what the tenant will be asked for."""

import re
import unicodedata
from functools import lru_cache

from reconciler.desired.report import Problem, shown
from reconciler.desired.text import REPLACEMENT, described, is_refused

MAX_NAME = 256
# Scripts whose letters pass for each other.
_CONFUSABLE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})
_WORD = re.compile(r"[^\W\d_]+")
_BY_ID = "type it again, or use the id if it is really called so"


def check_name(name: str, what: str, *, is_live: bool = False) -> Problem | None:
    """Say what is wrong with a name, if anything; `is_live` for names that the tenant gives (skills, agents).

    `what` is the kind of name, as in `the skill name`.
    """
    if name.isascii() and name.isprintable() and name.strip() == name and 0 < len(name) <= MAX_NAME:
        return None
    if REPLACEMENT in name:
        return None  # noted where the text was checked
    return _form(name, what) or _mixed(name, what) or (_unnormal(name, what) if is_live else None)


def _form(name: str, what: str) -> Problem | None:
    if not name.strip():
        return Problem("name-empty", f"the {what} is empty", "write a name")
    odd = next((c for c in name if is_refused(c) or c in "\t\n"), None)
    if odd is not None:
        return Problem("name-character", f"the {what} {shown(name)} holds {_named(odd)}", "delete it")
    if name != name.strip():
        return Problem(
            "name-blanks", f"the {what} {shown(name)} begins or ends with a blank", f"write {shown(name.strip())}"
        )
    if len(name) > MAX_NAME:
        return Problem("name-length", f"the {what} {shown(name)} has {len(name)} characters; {MAX_NAME} are allowed")
    return None


def _named(character: str) -> str:
    return {"\t": "a tab", "\n": "a line break"}.get(character) or f"the character {described(character)}"


def _mixed(name: str, what: str) -> Problem | None:
    for word in _WORD.finditer(name):
        by_script: dict[str, list[int]] = {}
        for index in range(*word.span()):
            script = _script(name[index])
            if script in _CONFUSABLE:
                by_script.setdefault(script, []).append(index)
        if len(by_script) > 1:
            main = max(by_script, key=lambda script: (len(by_script[script]), script == "LATIN"))
            index = min(i for script, indexes in by_script.items() if script != main for i in indexes)
            message = (
                f"the {what} {shown(name)} mixes scripts in one word: "
                f"its character {index + 1} is {described(name[index])} among {main.title()} letters"
            )
            return Problem("mixed-scripts", message, _BY_ID)
    return None


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ", 1)[0]


def _unnormal(name: str, what: str) -> Problem | None:
    if unicodedata.is_normalized("NFC", name):
        return None
    return Problem(
        "not-normalized",
        f"the {what} {shown(name)} writes an accented letter as two characters (Unicode NFC has one)",
        _BY_ID,
    )
