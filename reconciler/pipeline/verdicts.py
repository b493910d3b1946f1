"""Ends a command on what was found: wrong input, or a refusal; nothing found lets it go on."""

from collections.abc import Iterable

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput, Refused


def reject(errors: Iterable[Diagnostic]) -> None:
    """Raise InvalidInput with all of them."""
    if listed := tuple(errors):
        raise InvalidInput(*listed)


def refuse(reasons: Iterable[Diagnostic]) -> None:
    """Raise Refused with all of them."""
    if listed := tuple(reasons):
        raise Refused(*listed)
