"""What a file can call an agent or a skill of the tenant: a name that may be written and that means nobody else."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from reconciler.desired.naming import check_name
from reconciler.desired.text import REPLACEMENT
from reconciler.model.agents import LiveAgent
from reconciler.model.skills import SkillCatalog

# What `fnmatch` gives a meaning; in brackets of its own each stands for itself.
_MAGIC = re.compile(r"[*?\[]")


def is_writable(name: str) -> bool:
    """Whether the reader takes this as a name."""
    return REPLACEMENT not in name and check_name(name, "name", is_live=True) is None


class AgentRefs:
    """Finds names for agents. `agents` is everyone: a name that two of them share, in any case, means neither."""

    def __init__(self, agents: Iterable[LiveAgent]) -> None:
        self._uses = Counter(name for agent in agents for name in _folded_names(agent))

    def ref_of(self, agent: LiveAgent) -> str | None:
        """Give the e-mail, else the user name, else the id; None when none of them will do."""
        return next(
            (
                ref
                for ref in (agent.email, agent.user_name, agent.id)
                if is_writable(ref) and self._uses[ref.casefold()] == 1
            ),
            None,
        )


def _folded_names(agent: LiveAgent) -> set[str]:
    return {name.casefold() for name in (agent.email, agent.user_name, agent.id) if name}


class SkillRefs:
    """Finds names for skills. Only a skill that is listed and active has one: nobody can be given another."""

    def __init__(self, catalog: SkillCatalog) -> None:
        self._catalog = catalog
        self._refs = dict(self._find())
        self._taken = {*self._refs.values(), *(catalog[number].name for number in self._refs)}

    def ref_of(self, number: int) -> str | None:
        """Give the name, else the id; None when neither will do."""
        return self._refs.get(number)

    def glob_for(self, number: int) -> str | None:
        """Give the pattern for `ignore_skills` that leaves this skill alone, and no skill that the files may name."""
        name = self._catalog[number].name
        glob = _MAGIC.sub(r"[\g<0>]", name)
        return glob if name not in self._taken and is_writable(glob) else None

    def why_not(self, number: int) -> str:
        """Say why a skill has no name that a file could use."""
        if number >= self._catalog.listed:
            return "is not in the tenant's list of skills"
        return "has no name and no id that means it alone" if self._catalog[number].active else "is not active"

    def _find(self) -> Iterator[tuple[int, str]]:
        for number, skill in enumerate(self._catalog.skills[: self._catalog.listed]):
            for ref in (skill.name, skill.id) if skill.active else ():
                if is_writable(ref) and self._catalog.numbers_named(ref) == [number]:
                    yield number, ref
                    break
