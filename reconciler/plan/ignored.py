"""The skills that `ignore_skills` leaves to others."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from reconciler.model.desired import DesiredState
from reconciler.model.skills import SkillCatalog


def ignoring_glob(name: str, globs: Iterable[str]) -> str | None:
    """Find the glob of `ignore_skills` that leaves a skill to others; None when the skill is ours."""
    return next((glob for glob in globs if fnmatchcase(name, glob)), None)


def ignored_skills(desired: DesiredState, catalog: SkillCatalog) -> frozenset[int]:
    """Give the numbers of the skills that `ignore_skills` leaves to others."""
    return frozenset(
        number
        for number, skill in enumerate(catalog.skills)
        if ignoring_glob(skill.name, desired.ignore_skills) is not None
    )
