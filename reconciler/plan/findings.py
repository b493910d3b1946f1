"""What a reviewer should know beside the changes; each finding names its code, its place and what to do."""

from collections.abc import Collection, Iterable, Iterator

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.agents import LiveState
from reconciler.model.desired import DesiredState
from reconciler.model.policies import Weight
from reconciler.plan.change import AgentChange
from reconciler.plan.match import Matched, Row, position_of, ref_of
from reconciler.plan.suggest import did_you_mean


def missing_agents(desired: DesiredState, missing: Iterable[Row], live: LiveState) -> Iterator[Diagnostic]:
    """Declared, but not on the tenant."""
    for row in missing:
        ref = ref_of(desired, row)
        is_blocking = desired.policies.missing_agents is Weight.BLOCK
        then = "which `missing_agents` forbids" if is_blocking else "the others go on without it"
        hint = did_you_mean(ref, live.known_refs, "create the agent on the tenant, or remove it from the file")
        yield Diagnostic(
            "agent-missing",
            f"`{ref}` is not on the tenant{',' if is_blocking else ';'} {then}",
            f"{hint}; or apply with --allow agent-missing" if is_blocking else hint,
            position_of(desired, row),
            Severity.BLOCK if is_blocking else Severity.WARN,
        )


def odd_agents(desired: DesiredState, matched: Matched, rows: Iterable[Row], live: LiveState) -> Iterator[Diagnostic]:
    """On the tenant, but inactive, or held in a way that cannot be read."""
    for row in rows:
        agent = matched.live[row]
        if agent.active and agent.id not in live.unreadable:
            continue
        ref, position = ref_of(desired, row), position_of(desired, row)
        if agent.id in live.unreadable:
            yield Diagnostic(
                "agent-unreadable",
                f"`{ref}` is left alone: {live.unreadable[agent.id]}",
                "mend the agent in the tenant's administration, then plan again",
                position,
                Severity.WARN,
            )
        else:
            yield Diagnostic(
                "agent-inactive",
                f"`{ref}` is inactive on the tenant: no contacts are routed to it, whatever its skills",
                "activate the agent on the tenant, or remove it from the file",
                position,
                Severity.INFO,
            )


def odd_assignments(
    desired: DesiredState, matched: Matched, rows: Collection[Row], live: LiveState
) -> Iterator[Diagnostic]:
    """A skill twice on an agent, or one that the tenant's own list does not have."""
    row_of = {matched.live[row].id: row for row in rows} if live.duplicates else {}
    for agent_id, number in live.duplicates:
        if agent_id in row_of:
            yield Diagnostic(
                "assignment-duplicate",
                f"`{ref_of(desired, row_of[agent_id])}` holds `{live.catalog[number].name}` twice on the tenant; "
                "the last one counts",
                "assign the skill anew in the tenant's administration if its value looks wrong",
                position_of(desired, row_of[agent_id]),
                Severity.WARN,
            )
    for number in range(live.catalog.listed, len(live.catalog)):
        yield Diagnostic(
            "skill-unlisted",
            f"agents hold the skill `{live.catalog[number].name}` ({live.catalog[number].id}), "
            "which the tenant's list of skills does not have",
            "it is removed from managed agents unless `ignore_skills` names it",
            severity=Severity.WARN,
        )


def whole_tenant(live: LiveState, rows: Collection[str], managed_before: Iterable[str]) -> Iterator[Diagnostic]:
    """What concerns no single agent. `rows` are the folded refs of today, `managed_before` those of the last apply."""
    if live.moved:
        yield Diagnostic(
            "listing-moved",
            "agents came or went while the tenant was read; every managed agent was found all the same",
            severity=Severity.INFO,
        )
    gone = sorted(ref for ref in set(managed_before) if ref.casefold() not in rows)
    for ref in gone:
        yield Diagnostic(
            "no-longer-managed",
            f"`{ref}` is no longer managed: its skills stay as they are",
            "write it into a file again to manage it; `skills: {}` strips an agent",
            severity=Severity.INFO,
        )


def unversioned(changes: Iterable[AgentChange]) -> Iterator[Diagnostic]:
    """A tenant that numbers no versions cannot refuse a write to an agent that was changed since it was read."""
    if any(change.version is None for change in changes):
        yield Diagnostic(
            "agents-unversioned",
            "the tenant does not version its agents: each is read right before it is written, and what somebody else "
            "changes in the milliseconds between is overwritten unseen",
            "let nobody edit these agents by hand during the apply",
            severity=Severity.INFO,
        )
