"""Keeps secrets out of whatever is shown, in each usual encoding in which somebody else's text may repeat them."""

import json
import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MASK = "***"
# A shorter one may be an ordinary word, and a mask over an ordinary word would only tell what the secret is.
SHORTEST_EVERYWHERE = 8
# A fragment of base64 or hex that is shorter than this would match ordinary words.
_SHORTEST_ENCODED = 8
# The longest way to write one character, such as `%25e2%2580%25ae`.
_WIDEST_CHARACTER = 24
_HTML_NAMES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
# What stands for `+` and `/` in the base64 of addresses.
_URL_SAFE = {"+": "-", "/": "_"}
_PLAIN_RUN = re.compile(r"[a-z0-9]+")


class _Form(NamedTuple):
    """One encoding of a secret: a pattern, at most `width` characters of text; `piece` is in each of them, folded."""

    pattern: str
    piece: str
    width: int


class Redactor:
    """Masks what it was told to hide, in any case: plain, for addresses, JSON, HTML, base64 (at any offset), hex.

    What is hidden everywhere must not leave the process. What is hidden in words only (a client's id, or a secret so
    short that it may be an ordinary word) is masked where a tenant is quoted, and nowhere else.
    """

    __slots__ = ("_everywhere", "_in_words")

    def __init__(self) -> None:
        self._everywhere = _Hidden()
        self._in_words = _Hidden()

    def hide(self, *secrets: str) -> None:
        """Hide these everywhere; one of less than eight characters in words only."""
        self._everywhere.add(secret for secret in secrets if len(secret) >= SHORTEST_EVERYWHERE)
        self._in_words.add(secrets)

    def hide_in_words(self, *secrets: str) -> None:
        """Hide these where a tenant is quoted."""
        self._in_words.add(secrets)

    def mask(self, text: str) -> str:
        """Give a text that may leave the process."""
        return self._everywhere.mask(text)

    def mask_words(self, text: str) -> str:
        """Give a tenant's words, fit to be quoted."""
        return self._in_words.mask(text)

    def mask_json(self, text: str, indent: int | None = 2) -> str:
        """Mask a text that may be JSON: then value by value, so that it is a document still, written with `indent`."""
        masked = self.mask(text)
        if masked == text:
            return text
        try:
            document = json.loads(text)
        except ValueError:
            return masked
        return json.dumps(self.mask_document(document), indent=indent) + ("\n" if text.endswith("\n") else "")

    def mask_document(self, document: object) -> object:
        """Mask every text within a JSON document but its keys, which are ours."""
        if isinstance(document, str):
            return self.mask(document)
        if isinstance(document, list):
            return [self.mask_document(each) for each in document]
        if isinstance(document, dict):
            return {key: self.mask_document(value) for key, value in document.items()}
        return document

    @property
    def longest_in_words(self) -> int:
        """How many characters a hidden one may take up: so many before a cut cannot be judged."""
        return self._in_words.longest


class _Hidden:
    """A set of secrets. Most texts hold none of them, which a search for a piece of each form tells in little time."""

    __slots__ = ("_forms", "_pattern", "longest")

    def __init__(self) -> None:
        self._forms: dict[str, _Form] = {}
        self._pattern: re.Pattern[str] | None = None
        self.longest = 0

    def add(self, secrets: Iterable[str]) -> None:
        for secret in filter(None, secrets):
            self._forms.update((form.pattern, form) for form in _forms_of(secret))
        self._pattern = None
        self.longest = max((form.width for form in self._forms.values()), default=0)

    def mask(self, text: str) -> str:
        folded = _folded(text)
        if not any(form.piece in folded for form in self._forms.values()):
            return text
        if self._pattern is None:
            # The longest first: within it there may be a shorter one, whose mask would leave the rest of it to be seen.
            longest_first = sorted(self._forms.values(), key=lambda form: (-form.width, form.pattern))
            self._pattern = re.compile("|".join(form.pattern for form in longest_first), re.IGNORECASE | re.ASCII)
        return self._pattern.sub(MASK, text)


def _folded(text: str) -> str:
    """Fold the case of ASCII letters and of no others, as the pattern does; that is quick for any text."""
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _forms_of(secret: str) -> Iterator[_Form]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield _form(secret)
    # Inside a longer text base64 depends on where the secret starts, modulo 3; the characters at the edges mix with
    # the neighbours' bits.
    for offset in range(3):
        whole = b2a_base64(b"\0" * offset + raw, newline=False).decode("ascii").rstrip("=")
        inner = whole[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6]
        if len(inner) >= _SHORTEST_ENCODED:
            yield _form(inner, _URL_SAFE)
    if len(raw) * 2 >= _SHORTEST_ENCODED:
        yield _form(raw.hex())


def _form(text: str, instead: dict[str, str] | None = None) -> _Form:
    """Make the form of `text`; `instead` of some characters others may stand."""
    pattern = "".join(_written(char, (instead or {}).get(char, "")) for char in text)
    width = sum(1 if _is_plain(char) else _WIDEST_CHARACTER for char in text)
    # Letters and digits are written as they are by everybody.
    return _Form(pattern, max(_PLAIN_RUN.findall(_folded(text)), key=len, default=""), width)


def _is_plain(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _written(char: str, instead: str) -> str:
    """Give a pattern for the ways in which one character may be written."""
    if _is_plain(char):
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    ways = [
        _escaped(char),
        "".join(f"%(?:25)?{byte:02x}" for byte in char.encode("utf-8", "surrogatepass")),
        "".join(rf"\\{{1,2}}u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        f"&(?:amp;)?#0{{0,4}}{ord(char)};",
        f"&(?:amp;)?#x0{{0,4}}{ord(char):x};",
    ]
    if char in _HTML_NAMES:
        ways.append(f"&(?:amp;)?{_HTML_NAMES[char]};")
    if instead:
        ways.append(re.escape(instead))
    if char == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(reversed(ways))})"


def _escaped(char: str) -> str:
    r"""Give a pattern for a character itself, behind the `\` of a JSON in JSON if need be, and never behind part of it.

    A `\` that belongs to what follows the secret must stay, or what follows would mean something else.
    """
    if char == "\\":
        return r"\\\\\\\\|\\\\|\\"
    return rf"\\{{0,3}}{re.escape(char)}" if char.isascii() else re.escape(char)
