"""The whole of an apply behind the question: write, read again, and say what became of every agent."""

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.apply.journal import Journal
from reconciler.apply.run import Halt, Terms, Written, write_all
from reconciler.apply.verify import corrected, look_again, to_verify
from reconciler.apply.write import WritableTenant
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcileError
from reconciler.plan.change import Plan
from reconciler.plan.outcome import AgentOutcome, Status
from reconciler.plan.record import RunState


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """The outcomes after the last reading; `unverified_by` says why there was none."""

    agents: tuple[AgentOutcome, ...]
    is_verified: bool
    halt: Halt | None = None
    unverified_by: tuple[Diagnostic, ...] = ()


async def carry_out(
    plan: Plan, tenant: WritableTenant, journal: Journal, terms: Terms, stage: Callable[[str], None]
) -> CarriedOut:
    """Write the plan under its journal, verify it, and close the journal's account."""
    stage("Writing")
    written = await write_all(plan, tenant, journal, terms)
    done = await _verify(plan, written, tenant, journal, terms, stage)
    journal.end(_state_of(done))
    return done


async def _verify(  # noqa: PLR0913, PLR0917 - as `carry_out`, with what was written
    plan: Plan, written: Written, tenant: WritableTenant, journal: Journal, terms: Terms, stage: Callable[[str], None]
) -> CarriedOut:
    """Read what was written again, in bulk; an interrupted or refused run asks nothing more of the tenant."""
    suspects = to_verify(written.agents, written.as_written)
    halt = written.halt
    if not suspects or (halt is not None and (halt.is_interrupted or halt.is_denied)):
        return CarriedOut(written.agents, not suspects, halt)
    stage("Verifying")
    try:
        seen = await look_again(suspects, tenant, plan.ignored, terms.clock)
    except ReconcileError as error:
        return CarriedOut(written.agents, is_verified=False, halt=halt, unverified_by=error.diagnostics)
    agents = tuple(
        corrected(outcome, seen[outcome.agent.id]) if outcome.agent.id in seen else outcome
        for outcome in written.agents
    )
    for before, after in zip(written.agents, agents, strict=True):
        if before.status is not after.status:
            journal.outcome(after)
    return CarriedOut(agents, not any(agent.status is Status.UNKNOWN for agent in agents), halt)


def _state_of(done: CarriedOut) -> RunState:
    if done.halt is not None and done.halt.is_interrupted:
        return RunState.INTERRUPTED
    is_complete = all(agent.status.is_as_planned for agent in done.agents)
    return RunState.COMPLETE if is_complete else RunState.PARTLY
