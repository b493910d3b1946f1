"""Agents as the tenant holds them, and the state of a tenant as one reading found it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.skills import SkillCatalog


@dataclass(frozen=True, slots=True)
class LiveAgent:
    """One agent of the tenant.

    `version` is what `If-Match` takes, or None where the tenant does not version its agents. `assignments` is a
    packed set (see `model.assignments`); None means that it could not be read, and `LiveState.unreadable` says why.
    """

    id: str
    email: str
    user_name: str
    active: bool
    version: str | None
    assignments: bytes | None


@dataclass(frozen=True, slots=True)
class LiveState:
    """A tenant as one reading found it.

    `agents` holds only those that somebody asked for by name; the others are counted. `availability` maps a skill's
    number to how many active agents hold it available, over all agents, or is None where the listing does not say
    (assignments asked for one by one). `graded` counts the same by proficiency where that was asked for: `{skill number
    << 8 | code: agents}`. `duplicates` names agents that hold one skill twice.
    """

    catalog: SkillCatalog
    agents: tuple[LiveAgent, ...]
    total: int
    pages: int
    availability: Mapping[int, int] | None
    unreadable: Mapping[str, str] = field(default_factory=dict)
    duplicates: tuple[tuple[str, int], ...] = ()
    # Names and e-mails of every agent, filled only when somebody asked for one that is not there.
    known_refs: tuple[str, ...] = ()
    # The listing kept moving while it was read; everybody asked for was found all the same.
    moved: bool = False
    graded: Mapping[int, int] = field(default_factory=dict)
