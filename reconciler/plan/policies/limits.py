"""Limits: how much of what is managed one plan may change or remove."""

from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.policies import Limit
from reconciler.plan.change import Action
from reconciler.plan.policies.facts import Facts

# Of fewer managed agents a percentage says nothing: one of three is a third.
SMALLEST_SHARE = 10


def max_agents_changed(facts: Facts) -> Iterator[Diagnostic]:
    """Limit how many agents change."""
    limit, changed = facts.rules.policies.max_agents_changed, len(facts.changes)
    if limit is not None and _is_above(limit, changed, facts.managed, facts):
        of = f" of {facts.managed} managed" if limit.is_share else ""
        text = f"{changed}{of} agents change, more than `max_agents_changed` ({limit})"
        yield Diagnostic("max-agents-changed", text, _hint("max-agents-changed"), limit.position, Severity.BLOCK)


def max_assignments_removed(facts: Facts) -> Iterator[Diagnostic]:
    """Limit how many assignments go."""
    limit = facts.rules.policies.max_assignments_removed
    if limit is None:
        return
    removed = sum(each.action is Action.REMOVE for change in facts.changes for each in change.skills)
    if _is_above(limit, removed, facts.held, facts):
        of = f" of {facts.held} held" if limit.is_share else ""
        text = f"{removed}{of} assignments are removed, more than `max_assignments_removed` ({limit})"
        yield Diagnostic(
            "max-assignments-removed", text, _hint("max-assignments-removed"), limit.position, Severity.BLOCK
        )


def _is_above(limit: Limit, count: int, whole: int, facts: Facts) -> bool:
    if not limit.is_share:
        return count > limit.most
    return facts.managed >= SMALLEST_SHARE and count * 100 > limit.most * whole


def _hint(code: str) -> str:
    return f"look whether all of it is meant, apply it in parts with --team or --agent, or apply with --allow {code}"
