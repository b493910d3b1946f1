"""What a simulated tenant holds: skills and agents; an agent never changes, a commit puts another in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Assignment(NamedTuple):
    """How an agent holds a skill: `proficiency` 0..100, and whether contacts are offered."""

    proficiency: int
    available: bool = True


# Keyed by skill id; never changed once an agent holds it.
SkillSet = Mapping[str, Assignment]


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill of the tenant's list."""

    id: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent, with its whole set; `version` counts the commits that made it."""

    id: str
    user_name: str
    email: str
    first_name: str
    last_name: str
    skills: SkillSet
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Seed:
    """What a tenant starts with. Many tenants may share one seed: nothing in it changes."""

    skills: tuple[Skill, ...]
    agents: tuple[Agent, ...]
