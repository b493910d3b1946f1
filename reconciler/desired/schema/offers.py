"""The names that an editor can offer: the tenant's skills, and what the files themselves declare."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reconciler.desired.writing.nameable import is_writable
from reconciler.model.desired import DesiredState
from reconciler.model.skills import SkillCatalog
from reconciler.plan.ignored import ignoring_glob

Schema = dict[str, Any]
# How YAML 1.2 reads plain text as something else, which is what an editor compares.
_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_PREFIXED = re.compile(r"0(?:x[0-9a-fA-F]+|o[0-7]+)")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")


@dataclass(frozen=True, slots=True)
class Offers:
    """Names to offer: any other skill is a fault, unless `skills` is None; the rest are only examples."""

    skills: tuple[str, ...] | None = None
    agents: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


NOTHING = Offers()


def find_offers(desired: DesiredState, catalog: SkillCatalog) -> Offers:
    """Offer what the files may name: every active skill that is not left to others, by its name and its id."""
    named = [
        (skill.name, skill.id)
        for skill in catalog.skills[: catalog.listed]
        if skill.active and ignoring_glob(skill.name, desired.ignore_skills) is None
    ]
    return Offers(
        skills=tuple(
            ref
            for refs in zip(*sorted(named), strict=True)
            for ref in dict.fromkeys(refs)
            if is_writable(ref)
            and len(catalog.numbers_named(ref)) == 1
            and ignoring_glob(ref, desired.ignore_skills) is None
        ),
        agents=_sorted(ref for table in desired.tables for ref in table.refs),
        profiles=_sorted(desired.profiles),
        teams=_sorted(table.team for table in desired.tables if table.team is not None),
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def with_examples(form: Schema, names: tuple[str, ...]) -> Schema:
    """Offer names, and take every other."""
    return form | ({"examples": list(names)} if names else {})


def with_choice(form: Schema, names: tuple[str, ...] | None) -> Schema:
    """Take these names only; None for any."""
    if names is None:
        return form
    about = {key: value for key, value in form.items() if key in {"title", "description", "type"}}
    read = (value for name in names if (value := _as_read(name)) != name)
    return about | {"enum": [*names, *read], "errorMessage": "No active skill of the tenant is called so."}


def _as_read(name: str) -> str | int | float | bool:
    """Give what an editor compares where the name stands as a plain value."""
    if _WHOLE.fullmatch(name):
        return int(name)
    if _NUMBER.fullmatch(name):
        return float(name)
    if _PREFIXED.fullmatch(name):
        return int(name, 0)
    return name.lower() == "true" if _BOOLEAN.fullmatch(name) else name
