"""The expressions of workflows, as far as ours use them; whatever else they may hold raises, and is not guessed."""

import math
import re
from collections.abc import Callable, Mapping, Sequence

Contexts = Mapping[str, Mapping[str, object]]
Functions = Mapping[str, Callable[..., object]]

_HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w-]*|\|\||&&|==|!=|[!().,])")
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}
_STATUS = re.compile(r"\b(success|failure|always|cancelled)\s*\(")


class UnknownExpressionError(Exception):
    """The workflow uses something that is not known here."""


def interpolate(text: str, contexts: Contexts, functions: Functions) -> str:
    """Fill the holes of a value."""
    return _HOLE.sub(lambda hole: as_text(evaluate(hole[1], contexts, functions)), text)


def holds(condition: str, contexts: Contexts, functions: Functions) -> bool:
    """Whether an `if` is met; one that says nothing of the status asks for success too, as GitHub has it."""
    whole = _HOLE.fullmatch(condition.strip())
    if whole is None and "${{" in condition:
        message = f"a condition with a hole in it is always met: {condition}"
        raise UnknownExpressionError(message)
    expression = condition if whole is None else whole[1]
    is_met = is_true(evaluate(expression, contexts, functions))
    return is_met and (bool(_STATUS.search(expression)) or is_true(functions["success"]()))


def evaluate(expression: str, contexts: Contexts, functions: Functions) -> object:
    """Give the value of one expression."""
    return _Reader(_tokens(expression), contexts, functions).read()


def is_true(value: object) -> bool:
    """Whether GitHub takes a value for true."""
    return value not in (None, False, 0, "")


def as_text(value: object) -> str:
    """Write a value as GitHub puts it into a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    message = f"no string: {value!r}"
    raise UnknownExpressionError(message)


def format_text(template: str, *values: object) -> str:
    """Do as GitHub's own `format`, without its escapes."""
    return re.sub(r"\{(\d)\}", lambda hole: as_text(values[int(hole[1])]), template)


def _tokens(expression: str) -> list[str]:
    text, tokens, at = expression.strip(), [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            message = f"{text[at:]!r} in {text!r}"
            raise UnknownExpressionError(message)
        tokens.append(found[1])
        at = found.end()
    return tokens


def _are_equal(left: object, right: object) -> bool:
    """Compare as GitHub does: strings without regard to case, values of different kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return _as_number(left) == _as_number(right)


def _as_number(value: object) -> float:
    match value:
        case None | "":
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str():
            return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else math.nan
        case _:
            return math.nan


class _Reader:
    """Reads by descent: or, and, equality, not, then a value."""

    def __init__(self, tokens: Sequence[str], contexts: Contexts, functions: Functions) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0
        self._contexts = contexts
        self._functions = functions

    def read(self) -> object:
        value = self._either()
        if self._next():
            message = f"{self._next()!r} after {' '.join(self._tokens[: self._at])!r}"
            raise UnknownExpressionError(message)
        return value

    def _next(self) -> str:
        return self._tokens[self._at]

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if not token or (wanted and token not in wanted):
            message = f"{token!r} where {wanted or 'a value'} belongs"
            raise UnknownExpressionError(message)
        self._at += 1
        return token

    def _either(self) -> object:
        value = self._both()
        while self._next() == "||":
            self._take()
            other = self._both()
            value = value if is_true(value) else other
        return value

    def _both(self) -> object:
        value = self._compared()
        while self._next() == "&&":
            self._take()
            other = self._compared()
            value = other if is_true(value) else value
        return value

    def _compared(self) -> object:
        value = self._negated()
        while self._next() in {"==", "!="}:
            is_wanted = self._take() == "=="
            value = _are_equal(value, self._negated()) is is_wanted
        return value

    def _negated(self) -> object:
        if self._next() == "!":
            self._take()
            return not is_true(self._negated())
        return self._single()

    def _single(self) -> object:
        token = self._take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token == "(":
            value = self._either()
            self._take(")")
            return value
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        return self._called(token) if self._next() == "(" else self._found(token)

    def _called(self, name: str) -> object:
        if name not in self._functions:
            message = f"the function {name}"
            raise UnknownExpressionError(message)
        self._take("(")
        given: list[object] = []
        while self._next() != ")":
            given.append(self._either())
            if self._next() == ",":
                self._take()
        self._take(")")
        return self._functions[name](*given)

    def _found(self, name: str) -> object:
        """Follow `a.b.c`. What a context is not known to have raises; below that, what is not there is null."""
        self._take(".")
        key = self._take()
        if name not in self._contexts or key not in self._contexts[name]:
            message = f"{name}.{key}"
            raise UnknownExpressionError(message)
        value = self._contexts[name][key]
        while self._next() == ".":
            self._take()
            key = self._take()
            value = value.get(key) if isinstance(value, Mapping) else None
        return value
