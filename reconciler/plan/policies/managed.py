"""Counts who is managed and what they hold: that of which a limit may be a share, whole, by team and by skill."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from reconciler.model.assignments import CODE_BITS, CODE_BYTE, ENTRY_BYTES
from reconciler.model.desired import DesiredState
from reconciler.model.policies import Policies
from reconciler.model.skills import SkillCatalog
from reconciler.plan.match import Matched, team_of

# Sets that are counted at once: enough to be fast, too few to be felt as memory.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Some managed agents, and how many assignments they hold; a set that cannot be read counts as none."""

    agents: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Managed:
    """The managed agents on the tenant, whatever a plan was narrowed by.

    `teams` are by their label, None for the agents without one; `skills` say by id how many of the agents hold each.
    What no limit asks for is not counted.
    """

    whole: Group = Group()
    teams: Mapping[str | None, Group] = field(default_factory=dict)
    skills: Mapping[str, int] = field(default_factory=dict)


def count_managed(policies: Policies, desired: DesiredState, matched: Matched, catalog: SkillCatalog) -> Managed:
    """Count what the limits of `policies` are shares of."""
    live = matched.live.values()
    sets = [agent.assignments for agent in live if agent.assignments] if policies.is_by_share else []
    of_teams = (policies.max_agents_changed_per_team, policies.max_assignments_removed_per_team)
    of_skills = policies.max_assignments_removed_per_skill
    return Managed(
        Group(len(live), sum(map(len, sets)) // ENTRY_BYTES),
        _by_team(desired, matched) if any(limit and limit.is_share for limit in of_teams) else {},
        _by_skill(sets, catalog) if of_skills and of_skills.is_share else {},
    )


def _by_team(desired: DesiredState, matched: Matched) -> Mapping[str | None, Group]:
    agents: Counter[str | None] = Counter()
    held: defaultdict[str | None, int] = defaultdict(int)
    for row, agent in matched.live.items():
        team = team_of(desired, row)
        agents[team] += 1
        held[team] += len(agent.assignments or b"")
    return {team: Group(count, held[team] // ENTRY_BYTES) for team, count in agents.items()}


def _by_skill(sets: Collection[bytes], catalog: SkillCatalog) -> Mapping[str, int]:
    """Count in batches; without their codes the entries are few, so the counter stays small."""
    entries: Counter[int] = Counter()
    for joined in _joined(sets):
        joined[CODE_BYTE::ENTRY_BYTES] = bytes(len(joined) // ENTRY_BYTES)
        entries.update(array("I", joined))
    return {catalog[entry >> CODE_BITS].id: count for entry, count in entries.items()}


def _joined(sets: Collection[bytes]) -> Iterator[bytearray]:
    left = iter(sets)
    while batch := list(islice(left, _BATCH)):
        yield bytearray(b"".join(batch))
