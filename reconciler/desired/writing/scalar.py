"""How a text stands in YAML: plain where every reader of YAML takes it for that text, in double quotes elsewhere."""

import json
import re

from reconciler.desired.text import REPLACEMENT, is_refused

# Words, e-mails, user names: begins with a letter, ends in no blank, and holds nothing that YAML gives a meaning.
_PLAIN = re.compile(r"[^\W\d_](?:[\w.@+/()' -]*[\w.@+/()'-])?")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What YAML 1.1, which most editors and linters still read, takes for a boolean or for nothing.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def scalar(text: str) -> str:
    """Write a text as a key or a value of a block mapping or list; on one line, whatever is in it."""
    is_plain = _PLAIN.fullmatch(text) or _UUID.fullmatch(text)
    if is_plain and text.casefold() not in _WORDS:
        return text
    # JSON's strings are YAML's double-quoted scalars.
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isascii() and quoted.isprintable() else "".join(map(_seen, quoted))


def _seen(character: str) -> str:
    """Write what the reader refuses to see in a file, though an escape may stand for it, as that escape."""
    return f"\\U{ord(character):08x}" if is_refused(character) or character == REPLACEMENT else character
