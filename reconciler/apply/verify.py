"""Reads again what was written: a 200 is a claim, a reading is proof."""

from collections.abc import Collection, Mapping

from reconciler.apply.decide import Verdict, decide
from reconciler.apply.write import LAG_PAUSES_S, WritableTenant
from reconciler.clock import Clock
from reconciler.model.answers import AgentState
from reconciler.plan.change import AgentChange
from reconciler.plan.outcome import AgentOutcome, Status

_TO_VERIFY = frozenset({Status.APPLIED, Status.UNKNOWN, Status.HELD_BACK})


def to_verify(agents: Collection[AgentOutcome], as_written: Mapping[str, AgentChange]) -> dict[str, AgentChange]:
    """Choose the agents worth reading again: those that were, or may have been, written."""
    ids = {outcome.agent.id for outcome in agents if outcome.status in _TO_VERIFY}
    return {agent_id: change for agent_id, change in as_written.items() if agent_id in ids}


async def look_again(
    as_written: Mapping[str, AgentChange], tenant: WritableTenant, ignored: Collection[str], clock: Clock
) -> dict[str, bool | None]:
    """Read the agents in bulk, and those that are not as written a few times more: a tenant's readings may lag.

    True: as written; False: something else; None: not found.
    """
    seen: dict[str, bool | None] = {}
    left = set(as_written)
    for pause_s in (0.0, *LAG_PAUSES_S):
        if not left:
            break
        if pause_s:
            await clock.sleep(pause_s)
        states = await tenant.read_sets(left)
        seen |= {agent_id: _is_as(as_written[agent_id], states.get(agent_id), ignored) for agent_id in left}
        left = {agent_id for agent_id in left if not seen[agent_id]}
    return seen


def _is_as(change: AgentChange, state: AgentState | None, ignored: Collection[str]) -> bool | None:
    return None if state is None else decide(change, state.assignments, ignored).verdict is Verdict.DONE


def corrected(outcome: AgentOutcome, seen: bool | None) -> AgentOutcome:  # noqa: FBT001 - what `look_again` saw of it
    """Make of an outcome what the reading proves."""
    if seen:
        is_unknown = outcome.status is Status.UNKNOWN
        return AgentOutcome(outcome.agent, Status.APPLIED, outcome.message) if is_unknown else outcome
    if outcome.status is Status.UNKNOWN:
        return outcome
    if seen is None:
        return AgentOutcome(outcome.agent, Status.UNKNOWN, "not found when the tenant was read again")
    message = "the tenant confirmed the write, but a reading afterwards shows other skills; plan again to see which"
    return AgentOutcome(outcome.agent, Status.UNKNOWN, message)
