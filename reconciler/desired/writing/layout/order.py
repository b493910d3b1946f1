"""In which order keys stand, and which assignments have a short form; agents and skills stay as people group them."""

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.desired.writing.layout.pieces import Collection, Entry, Text, comments_below


class Kind(NamedTuple):
    """What a mapping or a list is: the order of its keys, and what stands below a key, or below each entry."""

    keys: tuple[str, ...] = ()
    below: Mapping[str, "Kind"] = {}
    each: "Kind | None" = None
    has_short_form: bool = False


_CHANGE = Kind(("proficiency", "available"))
_ASSIGNMENT = Kind(("proficiency", "available"), has_short_form=True)
_SKILLS = Kind(each=_ASSIGNMENT)
_PROFILE = Kind(("extends", "skills"), {"skills": _SKILLS})
_AGENT = Kind(("profiles", "skills"), {"skills": _SKILLS})
# The long form of an override leaves alone what it does not name: there it is no other way to write a number.
_OVERRIDE = Kind(("reason", "ticket", "from", "until", "teams", "agents", "skills"), {"skills": Kind(each=_CHANGE)})
_HOLD = Kind(("agents", "teams", "skills", "until", "reason"))
_FLOOR = Kind(("skill", "min_available", "min_proficiency", "severity", "waive_until", "reason"))
_POLICIES = Kind(
    (
        "max_agents_changed",
        "max_agents_changed_per_team",
        "max_assignments_removed",
        "max_assignments_removed_per_team",
        "max_assignments_removed_per_skill",
        "empty_agents",
        "missing_agents",
        "coverage",
    ),
    {"coverage": Kind(each=_FLOOR)},
)
_TENANT = Kind(
    ("name", "api", "realm", "rate_limit", "max_concurrency", "env_prefix"),
    {"rate_limit": Kind(("requests", "per_seconds"))},
)
TENANT_FILE = Kind(("version", "tenant", "ignore_skills", "policies"), {"tenant": _TENANT, "policies": _POLICIES})
AGENT_FILE = Kind(
    ("team", "profiles", "agents", "overrides", "holds"),
    {
        "profiles": Kind(each=_PROFILE),
        "agents": Kind(each=_AGENT),
        "overrides": Kind(each=_OVERRIDE),
        "holds": Kind(each=_HOLD),
    },
)


def arrange(collection: Collection, kind: Kind) -> None:
    """Put the keys of a collection, and of all below it, in order; those that no kind knows come last, as they are."""
    ranks = {key: rank for rank, key in enumerate(kind.keys)}
    if collection.is_mapping and ranks:
        collection.entries.sort(key=lambda entry: ranks.get(_name_of(entry), len(ranks)))
    for entry in collection.entries:
        below = kind.below.get(_name_of(entry), kind.each)
        if below is not None and isinstance(entry.value, Collection):
            if below.has_short_form:
                _shorten(entry, entry.value)
            if isinstance(entry.value, Collection):
                arrange(entry.value, below)


def _name_of(entry: Entry) -> str:
    return "" if entry.key is None else entry.key.text


def _shorten(entry: Entry, value: Collection) -> None:
    """Make `90` of `{proficiency: 90}` and `{proficiency: 90, available: true}`."""
    parts = {_name_of(part): part.value for part in value.entries}
    proficiency = parts.pop("proficiency", None)
    available = parts.pop("available", None)
    is_available = available is None or (isinstance(available, Text) and available.text == "true")
    if value.is_mapping and not parts and is_available and isinstance(proficiency, Text):
        entry.beside += comments_below(value)
        entry.value = proficiency
