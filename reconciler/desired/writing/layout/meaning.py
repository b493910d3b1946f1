"""Whether two desired states say the same, wherever in the files they say it."""

from dataclasses import fields, is_dataclass
from itertools import starmap

from reconciler.model.position import SourcePosition

_PLACES = frozenset({"at", "place", "places", "packed_places", "position", "positions"})


def means_the_same(one: object, other: object) -> bool:
    """Compare values of the model, whatever they hold, and pass over what are places in files."""
    if type(one) is not type(other):
        return False
    if isinstance(one, SourcePosition):
        return True
    names = _names_in(one)
    if names is not None:
        pairs = [(getattr(one, name), getattr(other, name)) for name in names if not _is_place(name)]
    elif isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return False
        pairs = [(value, other[key]) for key, value in one.items()]
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if len(one) != len(other):
            return False
        pairs = list(zip(one, other, strict=True))
    else:
        return one == other
    return all(starmap(means_the_same, pairs))


def _names_in(value: object) -> tuple[str, ...] | None:
    """Name the fields of a value of the model; None where it has none."""
    if is_dataclass(value):
        return tuple(field.name for field in fields(value))
    return getattr(value, "_fields", None) if isinstance(value, tuple) else None


def _is_place(name: str) -> bool:
    return name in _PLACES or name.endswith(("_position", "_positions"))
