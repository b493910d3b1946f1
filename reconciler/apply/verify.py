"""Compares what the tenant holds at the end of a run with what was written: a 200 is a claim, a reading is proof."""

from collections.abc import Collection, Iterable, Mapping

from reconciler.apply.decide import Verdict, decide
from reconciler.model.answers import AgentState
from reconciler.plan.change import AgentChange
from reconciler.plan.outcome import AgentOutcome, Status


def to_verify(agents: Iterable[AgentOutcome]) -> list[str]:
    """Give the ids of the agents worth reading again: those that were, or may have been, written."""
    return [outcome.agent.id for outcome in agents if outcome.status in (Status.APPLIED, Status.UNKNOWN)]


def verify(
    changes: Iterable[AgentChange],
    agents: Iterable[AgentOutcome],
    states: Mapping[str, AgentState],
    ignored: Collection[str],
) -> tuple[AgentOutcome, ...]:
    """Correct the outcomes by what was read; `states` is by agent id."""
    change_of = {change.agent.id: change for change in changes}
    return tuple(
        _verified(change_of[outcome.agent.id], outcome, states.get(outcome.agent.id), ignored)
        if outcome.status in (Status.APPLIED, Status.UNKNOWN)
        else outcome
        for outcome in agents
    )


def _verified(
    change: AgentChange, outcome: AgentOutcome, state: AgentState | None, ignored: Collection[str]
) -> AgentOutcome:
    if state is None:
        return AgentOutcome(outcome.agent, Status.UNKNOWN, "not found when the tenant was read again")
    verdict = decide(change, state.assignments, ignored).verdict
    if verdict is Verdict.DONE:
        return AgentOutcome(outcome.agent, Status.APPLIED, outcome.message)
    if outcome.status is Status.UNKNOWN:
        return outcome
    message = "the tenant confirmed the write, but a reading afterwards shows other skills; plan again to see which"
    return AgentOutcome(outcome.agent, Status.UNKNOWN, message)
