"""The skills of a tenant, numbered so that a set of assignments is a run of small integers."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill as the tenant lists it."""

    id: str
    name: str
    active: bool = True


class SkillCatalog:
    """Every skill of a tenant by number, id and name.

    Numbers follow the order of ids, so that equal tenants number alike. A skill that only turns up on an agent is
    numbered after the listed ones; `listed` is how many the tenant's own list holds.
    """

    __slots__ = ("_by_id", "_by_name", "listed", "skills")

    def __init__(self, skills: Iterable[Skill]) -> None:
        unique = {skill.id: skill for skill in skills}
        self.skills: list[Skill] = [unique[skill_id] for skill_id in sorted(unique)]
        self.listed = len(self.skills)
        self._by_id = {skill.id: number for number, skill in enumerate(self.skills)}
        self._by_name: dict[str, list[int]] = {}
        for number, skill in enumerate(self.skills):
            self._by_name.setdefault(skill.name, []).append(number)

    def __getitem__(self, number: int) -> Skill:
        return self.skills[number]

    def __len__(self) -> int:
        return len(self.skills)

    def number_of(self, skill_id: str, name: str | None) -> int:
        """Give the number of a skill seen on an agent; one that the list lacks is added, named by its id if need be."""
        number = self._by_id.get(skill_id)
        if number is None:
            number = self._by_id[skill_id] = len(self.skills)
            self.skills.append(Skill(skill_id, name or skill_id, active=False))
        return number

    def numbers_named(self, ref: str) -> list[int]:
        """Find the listed skills that `ref` names: by exact name, else by id; two or more mean it is ambiguous."""
        named = self._by_name.get(ref, [])
        number = self._by_id.get(ref)
        if number is None or number >= self.listed or number in named:
            return named
        return [*named, number]

    @property
    def numbers_by_id(self) -> dict[str, int]:
        """The live index `{skill id: number}`, for the hot loop of a listing; `number_of` extends it."""
        return self._by_id

    @property
    def names_by_id(self) -> dict[str, str]:
        """The names of all skills, for messages."""
        return {skill.id: skill.name for skill in self.skills}

    @property
    def names(self) -> list[str]:
        """The names of the listed skills, for suggestions."""
        return list(self._by_name)
