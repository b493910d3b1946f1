"""What a `tenant.yaml` forbids or warns of, as plain values with the places of the rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.position import SourcePosition


class Weight(StrEnum):
    """What a broken rule does to the apply: forbid it, be told of, nothing."""

    BLOCK = "block"
    WARN = "warn"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that one plan may do: a count, or with `is_share` a percentage. `position` is that of its key."""

    most: int
    is_share: bool
    position: SourcePosition

    def __str__(self) -> str:
        return f"{self.most}%" if self.is_share else f"{self.most}"


@dataclass(frozen=True, slots=True)
class CoverageFloor:
    """How many active agents a skill has to keep available, counted from `min_proficiency` on.

    `skill` is as the file names it, at `skill_position`. Before `waive_until` a floor that blocks only warns.
    """

    skill: str
    min_available: int
    position: SourcePosition
    skill_position: SourcePosition
    min_proficiency: int = 0
    weight: Weight = Weight.BLOCK
    waive_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Policies:
    """`policies` of one tenant; `empty_agents_position` is where that rule stands, if it does."""

    max_agents_changed: Limit | None = None
    max_agents_changed_per_team: Limit | None = None
    max_assignments_removed: Limit | None = None
    max_assignments_removed_per_team: Limit | None = None
    max_assignments_removed_per_skill: Limit | None = None
    empty_agents: Weight = Weight.WARN
    empty_agents_position: SourcePosition | None = None
    missing_agents: Weight = Weight.WARN
    coverage: tuple[CoverageFloor, ...] = ()

    @property
    def is_graded(self) -> bool:
        """Whether a floor counts by proficiency, so that somebody has to."""
        return any(floor.min_proficiency for floor in self.coverage)

    @property
    def is_by_team(self) -> bool:
        """Whether a limit is of each team, so that the team of every agent has to be known."""
        return bool(self.max_agents_changed_per_team or self.max_assignments_removed_per_team)

    @property
    def is_by_share(self) -> bool:
        """Whether a limit is a share, so that all managed agents have to be known."""
        limits = (
            self.max_agents_changed,
            self.max_agents_changed_per_team,
            self.max_assignments_removed,
            self.max_assignments_removed_per_team,
            self.max_assignments_removed_per_skill,
        )
        return any(limit is not None and limit.is_share for limit in limits)


NO_POLICIES = Policies()
