"""Writes one agent exactly as it stands, to learn whether one may: the write of a checkup, which changes nothing."""

from dataclasses import dataclass

from reconciler.apply.write import FRESH_S, WritableAgent
from reconciler.clock import Clock
from reconciler.model.answers import AgentState, Deferred, Stored, WriteAnswer


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it: the agent before (None: it is gone), the answer to the write, and the agent after.

    `after` is what the answer says where a version guarded the write, else a reading; None where nobody can say.
    """

    before: AgentState | None
    answer: WriteAnswer | None = None
    after: AgentState | None = None


class _Stale(Exception):  # noqa: N818 - nothing went wrong
    """Raised before the write leaves: it had to wait, and who knows what the agent holds by now."""


async def rehearse(tenant: WritableAgent, agent_id: str, clock: Clock) -> Rehearsal:
    """Read the agent, write the same set under the version read, if there is one, and see that it is the same still.

    One PATCH and no other is sent, repeated only when it was refused unseen (a 429). Passes AccessDenied and
    TenantError on.
    """
    async with tenant.adjacent():
        before = await tenant.read_agent(agent_id)
        if before is None:
            return Rehearsal(None)
        looked_at, version = clock.monotonic(), before.version

        def departing() -> None:
            if version is None and clock.monotonic() - looked_at > FRESH_S:
                raise _Stale

        try:
            answer = await tenant.write_agent(agent_id, before.assignments, version, departing)
        except _Stale:
            return Rehearsal(before, Deferred("the rate limit leaves no room for a reading and a write"))
    if version is not None and isinstance(answer, Stored):
        return Rehearsal(before, answer, answer.state)
    return Rehearsal(before, answer, await tenant.read_agent(agent_id))
