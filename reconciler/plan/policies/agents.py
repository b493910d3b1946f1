"""Whom the plan leaves without work, and which skills it leaves to one."""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import Assignment
from reconciler.model.policies import Weight
from reconciler.plan.policies.facts import Facts, severity_of


def empty_agents(facts: Facts) -> Iterator[Diagnostic]:
    """Name each active agent who can take something now and nothing afterwards."""
    policies = facts.rules.policies
    if policies.empty_agents is Weight.ALLOW:
        return
    hint = "give the agent a skill"
    if policies.empty_agents is Weight.BLOCK:
        hint += ", write `empty_agents: warn` in tenant.yaml, or apply with --allow agent-empty"
    for change in facts.changes:
        if change.is_active and _takes_any(change.before) and not _takes_any(change.after):
            text = f"`{change.agent.ref}` is left without an available skill: it will receive no contacts"
            if policies.empty_agents is Weight.BLOCK:
                text += f", which `empty_agents` forbids ({policies.empty_agents_position})"
            yield Diagnostic("agent-empty", text, hint, change.source, severity_of(policies.empty_agents))


def _takes_any(held: Mapping[str, Assignment]) -> bool:
    return any(each.available for each in held.values())


def single_agents(facts: Facts) -> Iterator[Diagnostic]:
    """Name each skill that falls to one agent."""
    names = {each.skill.id: each.skill.name for change in facts.changes for each in change.skills}
    for skill_id in _falling(facts):
        before = 0 if facts.counts is None else facts.counts.get((skill_id, 0), 0)
        if before + facts.shifts.net[skill_id, 0] == 1:
            text = f"`{names[skill_id]}` is served by one agent afterwards, by {before} before"
            yield Diagnostic("single-agent", text, "give the skill to one more agent", None, Severity.WARN)


def _falling(facts: Facts) -> Iterable[str]:
    return (skill_id for (skill_id, least), by in facts.shifts.net.items() if not least and by < 0)
