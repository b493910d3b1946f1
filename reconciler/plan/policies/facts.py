"""What the policies judge by: the rules with every skill found, the changes, and who covers what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.policies import NO_POLICIES, CoverageFloor, Policies, Weight
from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import AgentChange, SkillName
from reconciler.plan.coverage import Gauge, Shifts
from reconciler.plan.policies.managed import Managed
from reconciler.plan.suggest import did_you_mean

# Later than any waiver.
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies of a tenant at one moment; `skills` are those of its floors, in their order.

    Without a moment every waiver has ended.
    """

    policies: Policies = NO_POLICIES
    skills: tuple[SkillName, ...] = ()
    now: datetime = _NEVER

    @property
    def floors(self) -> Iterator[tuple[CoverageFloor, SkillName]]:
        """Give each floor with its skill."""
        return zip(self.policies.coverage, self.skills, strict=True)

    @property
    def by_gauge(self) -> dict[Gauge, int]:
        """Give the highest floor of each gauge."""
        highest: dict[Gauge, int] = {}
        for floor, skill in self.floors:
            gauge = (skill.id, floor.min_proficiency)
            highest[gauge] = max(floor.min_available, highest.get(gauge, 0))
        return highest


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Facts:
    """One plan as the policies see it.

    `counts` is None where the tenant does not say who can take what. The changes have the teams of today's files.
    """

    rules: Rules
    changes: Sequence[AgentChange]
    shifts: Shifts
    counts: Mapping[Gauge, int] | None
    managed: Managed


def severity_of(weight: Weight) -> Severity:
    """Give the severity of a finding about a broken rule."""
    return Severity.BLOCK if weight is Weight.BLOCK else Severity.WARN


def find_rules(policies: Policies, catalog: SkillCatalog, now: datetime) -> tuple[Rules, tuple[Diagnostic, ...]]:
    """Find the skills that the floors name; with any error the rules are of no use."""
    found = [(floor, catalog.numbers_named(floor.skill)) for floor in policies.coverage]
    errors = [_wrong_skill(floor, numbers, catalog) for floor, numbers in found if len(numbers) != 1]
    if errors:
        return NO_RULES, tuple(errors)
    skills = (catalog[numbers[0]] for _, numbers in found)
    return Rules(policies, tuple(SkillName(skill.id, skill.name) for skill in skills), now), ()


def _wrong_skill(floor: CoverageFloor, numbers: Sequence[int], catalog: SkillCatalog) -> Diagnostic:
    if not numbers:
        return Diagnostic(
            "skill-unknown",
            f"skill `{floor.skill}`, which has a floor, does not exist on the tenant",
            did_you_mean(floor.skill, catalog.names, "names match exactly; remove the floor of a skill that is gone"),
            floor.skill_position,
        )
    ids = ", ".join(catalog[number].id for number in numbers)
    return Diagnostic(
        "skill-ambiguous",
        f"`{floor.skill}`, which has a floor, names {len(numbers)} skills of the tenant: {ids}",
        f"write the id that you mean in place of the name, e.g. `skill: {catalog[numbers[0]].id}`",
        floor.skill_position,
    )
