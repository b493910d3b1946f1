"""What a scalar may say: proficiency, availability, `absent`; for every other form, why not and what to write."""

import re

from reconciler.desired.nodes import Mapping, Node, Scalar, Sequence
from reconciler.desired.report import Problem, shown
from reconciler.model.assignments import ABSENT, MAX_PROFICIENCY, encode

PROFICIENCIES = {str(number): number for number in range(MAX_PROFICIENCY + 1)}
# Every text that may stand for an assignment in its short form, with its code.
CODES = {text: encode(number, True) for text, number in PROFICIENCIES.items()} | {"absent": ABSENT}  # noqa: FBT003 - a pair
AVAILABILITIES = {"true": True, "false": False}
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off"})
_RANGE = f"write a whole number from 0 to {MAX_PROFICIENCY}"
# Longer ones are not numbers that somebody meant as a proficiency.
_MAX_DIGITS = 12


def read_proficiency(node: Node) -> int | Problem:
    """Read a whole number 0..100, written plainly; the node is not Broken."""
    if not isinstance(node, Scalar):
        return Problem("proficiency-type", f"a {kind(node)} stands where a proficiency is due", _RANGE)
    if node.style:
        return _quoted(node.text)
    number = PROFICIENCIES.get(node.text)
    return _odd_number(node) if number is None else number


def read_available(node: Node) -> bool | Problem:
    """Read `true` or `false`, and nothing that only looks like it; the node is not Broken."""
    if not isinstance(node, Scalar):
        return Problem(
            "available-form", f"a {kind(node)} stands where `true` or `false` is due", "write `true` or `false`"
        )
    if not node.style and node.text in AVAILABILITIES:
        return AVAILABILITIES[node.text]
    text = node.text.casefold()
    hint = "write `true` or `false`"
    if text in AVAILABILITIES:
        how = "without quotes" if node.style else "in lower case"
        return Problem("available-form", f"`available` is {shown(node.text)}, not a boolean", f"write `{text}` {how}")
    if text in {"yes", "on", "1"}:
        hint = "write `true`"
    elif text in {"no", "off", "0"}:
        hint = "write `false`"
    said = "has no value" if node.is_null else f"is {shown(node.text)}, not a boolean"
    return Problem("available-form", f"`available` {said}", hint)


def is_absent(node: Node) -> bool | Problem:
    """Whether a scalar says `absent`; a problem where it nearly does."""
    if not isinstance(node, Scalar) or node.text.casefold() != "absent":
        return False
    if node.style:
        return Problem("absent-form", '"absent" stands in quotes', "write `absent` without quotes")
    return (
        True
        if node.text == "absent"
        else Problem("absent-form", f"{shown(node.text)} is not `absent`", "write `absent`")
    )


def kind(node: Node) -> str:
    """Name what a node is."""
    if isinstance(node, Mapping):
        return "mapping"
    return "list" if isinstance(node, Sequence) else "text"


def _quoted(text: str) -> Problem:
    if text in PROFICIENCIES:
        return Problem("proficiency-quoted", f'the proficiency "{text}" is a text', f"write `{text}` without quotes")
    return Problem("proficiency-quoted", f"the proficiency {shown(text)} is a text", _RANGE)


def _odd_number(node: Scalar) -> Problem:
    text = node.text
    if node.is_null:
        return Problem("null-value", "the proficiency has no value", _RANGE)
    if text.casefold() in _WORDS:
        return Problem("proficiency-type", f"{shown(text)} stands where a proficiency is due", _RANGE)
    if len(text) <= _MAX_DIGITS:
        for pattern, described, parse in _FORMS:
            if pattern.fullmatch(text):
                return _misformed(text, described, parse(text))
    if re.fullmatch(r"-?[0-9]+", text):
        return Problem("proficiency-range", f"the proficiency {shown(text)} is outside 0..{MAX_PROFICIENCY}", _RANGE)
    return Problem("proficiency-type", f"{shown(text)} is not a proficiency", _RANGE)


def _misformed(text: str, described: str, meant: list[str]) -> Problem:
    right = [number for number in meant if number in PROFICIENCIES]
    hint = "write " + " or ".join(f"`{number}`" for number in right) if right else _RANGE
    return Problem("proficiency-form", f"the proficiency {shown(text)} {described}", hint)


def _as_octal(text: str) -> list[str]:
    digits = text.lstrip("0") or "0"
    octal = str(int(digits, 8)) if set(digits) <= set("01234567") else digits
    return [digits] if octal == digits else [digits, octal]


def _as_fraction(text: str) -> list[str]:
    whole, _, rest = text.partition(".")
    return [whole or "0"] if not rest.strip("0") else []


def _as_exponent(text: str) -> list[str]:
    number = float(text)
    return [str(int(number))] if number.is_integer() and abs(number) <= MAX_PROFICIENCY else []


def _as_prefixed(text: str) -> list[str]:
    return [str(int(text, 0))]


# Ways of writing a number that some YAML reader takes: pattern, what it is, what was probably meant.
_FORMS = (
    (re.compile(r"0[0-9]+"), "begins with a zero (some readers take it for octal)", _as_octal),
    (re.compile(r"0x[0-9a-fA-F]+"), "is hexadecimal", _as_prefixed),
    (re.compile(r"0o[0-7]+"), "is octal", _as_prefixed),
    (re.compile(r"0b[01]+"), "is binary", _as_prefixed),
    (re.compile(r"[+-]?[0-9]+_[0-9_]*"), "holds an underscore", lambda text: [text.replace("_", "")]),
    (re.compile(r"\+[0-9]+"), "has a sign", lambda text: [text[1:]]),
    (re.compile(r"[0-9]+\.[0-9]*"), "has a fraction; it is a whole number", _as_fraction),
    (re.compile(r"[+-]?[0-9]*\.?[0-9]+[eE][+-]?[0-9]{1,3}"), "has an exponent; it is a whole number", _as_exponent),
)
