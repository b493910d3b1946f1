"""What a tenant forbids or wants to be told of: pure functions over the facts of a plan, one line of the table each."""

from collections.abc import Callable, Iterator

from reconciler.diagnostics import Diagnostic
from reconciler.plan.policies.agents import empty_agents, single_agents
from reconciler.plan.policies.facts import NO_RULES, Facts, Rules, find_rules
from reconciler.plan.policies.floors import coverage_floors
from reconciler.plan.policies.limits import (
    max_agents_changed,
    max_agents_changed_per_team,
    max_assignments_removed,
    max_assignments_removed_per_skill,
    max_assignments_removed_per_team,
)
from reconciler.plan.policies.managed import Managed, count_managed
from reconciler.plan.policies.proficiencies import odd_proficiencies

__all__ = ["BLOCKING", "NO_RULES", "Facts", "Managed", "Rules", "count_managed", "find_rules", "judge"]

POLICIES: tuple[Callable[[Facts], Iterator[Diagnostic]], ...] = (
    coverage_floors,
    max_agents_changed,
    max_agents_changed_per_team,
    max_assignments_removed,
    max_assignments_removed_per_team,
    max_assignments_removed_per_skill,
    empty_agents,
    single_agents,
    odd_proficiencies,
)
# The codes of findings that may block, each of which `--allow` overrides; `agent-missing` is in `plan.findings`.
BLOCKING = (
    "agent-empty",
    "agent-missing",
    "coverage-floor",
    "coverage-unknown",
    "max-agents-changed",
    "max-agents-changed-per-team",
    "max-assignments-removed",
    "max-assignments-removed-per-skill",
    "max-assignments-removed-per-team",
)


def judge(facts: Facts) -> Iterator[Diagnostic]:
    """Ask every policy."""
    for policy in POLICIES:
        yield from policy(facts)
