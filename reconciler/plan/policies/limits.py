"""Limits: how much of what is managed one plan may change or remove, in all, of a team and of a skill."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.policies import Limit
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentChange
from reconciler.plan.policies.facts import Facts
from reconciler.plan.policies.managed import Group

# Of fewer a percentage says nothing: one of three is a third.
SMALLEST_SHARE = 10
# What is counted, what the whole of it is, and what happens to one and to many.
_AGENTS = ("agent", "managed", "changes", "change")
_ASSIGNMENTS = ("assignment", "held", "is removed", "are removed")


@dataclass(frozen=True, slots=True)
class _Amount:
    """How many of what `whose` names (`""`: of all) are concerned, of how many; `size` says how much that is."""

    whose: str
    count: int
    whole: int
    size: int


def max_agents_changed(facts: Facts) -> Iterator[Diagnostic]:
    """Limit how many agents change."""
    limit, agents = facts.rules.policies.max_agents_changed, facts.managed.whole.agents
    amount = _Amount("", len(facts.changes), agents, agents)
    if limit and _is_above(limit, amount):
        yield Diagnostic("max-agents-changed", *_said(limit, "max_agents_changed", amount), Severity.BLOCK)


def max_agents_changed_per_team(facts: Facts) -> Iterator[Diagnostic]:
    """Limit how many agents of any one team change."""
    limit = facts.rules.policies.max_agents_changed_per_team
    changed = Counter(change.team for change in facts.changes)
    for team, count in changed.items():
        agents = facts.managed.teams.get(team, Group()).agents
        amount = _Amount(_named(team), count, agents, agents)
        if limit and _is_above(limit, amount):
            said = _said(limit, "max_agents_changed_per_team", amount)
            yield Diagnostic("max-agents-changed-per-team", *said, Severity.BLOCK)


def max_assignments_removed(facts: Facts) -> Iterator[Diagnostic]:
    """Limit how many assignments go."""
    limit, whole = facts.rules.policies.max_assignments_removed, facts.managed.whole
    amount = _Amount("", sum(map(_removed, facts.changes)), whole.held, whole.agents)
    if limit and _is_above(limit, amount):
        yield Diagnostic("max-assignments-removed", *_said(limit, "max_assignments_removed", amount), Severity.BLOCK)


def max_assignments_removed_per_team(facts: Facts) -> Iterator[Diagnostic]:
    """Limit how many assignments go of any one team."""
    limit = facts.rules.policies.max_assignments_removed_per_team
    removed: Counter[str | None] = Counter()
    for change in facts.changes:
        removed[change.team] += _removed(change)
    for team, count in removed.items():
        group = facts.managed.teams.get(team, Group())
        amount = _Amount(_named(team), count, group.held, group.agents)
        if limit and _is_above(limit, amount):
            said = _said(limit, "max_assignments_removed_per_team", amount)
            yield Diagnostic("max-assignments-removed-per-team", *said, Severity.BLOCK)


def max_assignments_removed_per_skill(facts: Facts) -> Iterator[Diagnostic]:
    """Limit from how many any one skill goes, of the managed agents who hold it."""
    limit = facts.rules.policies.max_assignments_removed_per_skill
    rows = (each for change in facts.changes for each in change.skills)
    removed = Counter(each.skill for each in rows if each.action is Action.REMOVE)
    for skill, count in removed.items():
        held = facts.managed.skills.get(skill.id, 0)
        amount = _Amount(f"`{skill.name}`: ", count, held, held)
        if limit and _is_above(limit, amount):
            said = _said(limit, "max_assignments_removed_per_skill", amount)
            yield Diagnostic("max-assignments-removed-per-skill", *said, Severity.BLOCK)


def _removed(change: AgentChange) -> int:
    return sum(each.action is Action.REMOVE for each in change.skills)


def _named(team: str | None) -> str:
    return "agents without a team: " if team is None else f"team `{team}`: "


def _is_above(limit: Limit, amount: _Amount) -> bool:
    if not limit.is_share:
        return amount.count > limit.most
    return amount.size >= SMALLEST_SHARE and amount.count * 100 > limit.most * amount.whole


def _said(limit: Limit, rule: str, amount: _Amount) -> tuple[str, str, SourcePosition]:
    """Give the text, the hint and the place of a finding."""
    noun, kind, one, many = _AGENTS if rule.startswith("max_agents") else _ASSIGNMENTS
    is_one = amount.count == 1
    things = f"of {amount.whole} {kind} {noun}s" if limit.is_share else noun if is_one else f"{noun}s"
    text = f"{amount.whose}{amount.count} {things} {one if is_one else many}, more than `{rule}` ({limit})"
    parts = "--agent" if rule.endswith("_per_team") else "--team or --agent"
    over = f"apply with --allow {rule.replace('_', '-')}"
    return text, f"look whether all of it is meant, apply it in parts with {parts}, or {over}", limit.position
