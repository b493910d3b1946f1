"""What a checkup asks of a tenant: a few requests, and one write that changes nothing where somebody wants it."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.apply.lock import Holder, TenantLock
from reconciler.apply.rehearsal import rehearse
from reconciler.errors import AccessDenied, ReconcileError, Refused, TenantError
from reconciler.live import Tenant
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.answer_heads import AnswerHead
from reconciler.model.assignments import unpack
from reconciler.model.desired import DesiredState
from reconciler.model.skills import SkillCatalog
from reconciler.pipeline.context import Context, opened
from reconciler.plan.checkup.facts import Asked, Wrote
from reconciler.plan.match import agent_rows, match_agents
from reconciler.plan.timed import holds_at

# Asked before anything is written: hears of the agent, gives why not; nothing to go on.
TryWrite = Callable[[str], str]
# After these the next question would only wait as long for the same.
_HOPELESS = frozenset({"tenant-unreachable", "rate-limited"})


async def ask(context: Context, desired: DesiredState, try_write: TryWrite | None, *, is_faulty: bool) -> Asked:
    """Ask what a plan would ask, but of one agent only. Whatever fails is in what it gives; InvalidInput passes.

    To try a write takes a listing of the agents, as a plan does; where the files are faulty nobody is written.
    """
    heads: list[AnswerHead] = []
    async with opened(context, desired, writable=try_write is not None, hear=heads.append) as live:
        questions = _Questions(context, desired, live)
        await questions.read_skills()
        if questions.may_go_on(heads):
            if try_write is None or is_faulty:
                await questions.glance()
            else:
                await questions.list_agents()
            if try_write is not None:
                await questions.write(try_write, is_faulty=is_faulty)
        return replace(questions.asked, heads=tuple(heads), requests=live.requests.sent)


@dataclass(slots=True)
class _Questions:
    context: Context
    desired: DesiredState
    live: Tenant
    asked: Asked = field(default_factory=Asked)
    _catalog: SkillCatalog = field(default_factory=lambda: SkillCatalog(()))
    _state: LiveState | None = None

    async def read_skills(self) -> None:
        self.context.stage(f"Asking {self.desired.tenant.name} for its skills")
        try:
            self._catalog = await self.live.read_skills()
        except (TenantError, AccessDenied) as error:
            self.asked = replace(self.asked, skills_error=error)
        else:
            self.asked = replace(self.asked, skills=tuple(self._catalog.skills))

    def may_go_on(self, heads: list[AnswerHead]) -> bool:
        """Whether the next question makes sense: there is a token, and somebody answers."""
        error = self.asked.skills_error
        codes = {each.code for each in error.diagnostics} if error else set()
        return any(head.grants for head in heads) and not codes & _HOPELESS

    async def glance(self) -> None:
        self.context.stage(f"Asking {self.desired.tenant.name} for an agent")
        try:
            seen = await self.live.glance()
        except (TenantError, AccessDenied) as error:
            self.asked = replace(self.asked, agents_error=error)
        else:
            self.asked = replace(self.asked, agents=seen.total, is_versioned=seen.is_versioned)

    async def list_agents(self) -> None:
        self.context.stage(f"Asking {self.desired.tenant.name} for its agents")
        try:
            self._state = await self.live.read_agents(self._catalog, agent_rows(self.desired).keys())
        except (TenantError, AccessDenied) as error:
            self.asked = replace(self.asked, agents_error=error)
        else:
            is_versioned = any(agent.version is not None for agent in self._state.agents) or None
            self.asked = replace(self.asked, agents=self._state.total, is_versioned=is_versioned)

    async def write(self, try_write: TryWrite, *, is_faulty: bool) -> None:
        """Write one agent as it stands, if there is one and somebody says yes, as the one writer of this machine."""
        if is_faulty:
            wrote = Wrote(why_not="the files have to be right first: they say which agents are managed")
        elif self._state is None:
            wrote = Wrote(why_not="the agents could not be read")
        elif (agent := _choose(self.desired, self._state, self.context.clock.now())) is None:
            wrote = Wrote(why_not="no managed agent is on the tenant that could be written as it stands")
        elif why_not := try_write(_label(agent)):
            wrote = Wrote(why_not=why_not)
        else:
            wrote = await self._write(agent)
        before = wrote.before
        is_versioned = self.asked.is_versioned if before is None else before.version is not None
        self.asked = replace(self.asked, wrote=wrote, is_versioned=is_versioned)

    async def _write(self, agent: LiveAgent) -> Wrote:
        context, label = self.context, _label(agent)
        holder = Holder(os.getpid(), platform.node(), "doctor", context.author().who, context.clock.now())
        try:
            with await TenantLock.acquire(
                context.state_folder / "locks",
                self.desired.tenant.name,
                holder,
                clock=context.clock,
                wait_s=0,
                stage=context.stage,
            ):
                context.stage(f"Writing {label} as it stands")
                done = await rehearse(self.live, agent.id, context.clock)
        except Refused as error:
            return Wrote(label, why_not=error.diagnostics[0].message)
        except ReconcileError as error:
            return Wrote(label, error=error)
        return Wrote(label, before=done.before, answer=done.answer, after=done.after)


def _choose(desired: DesiredState, state: LiveState, now: datetime) -> LiveAgent | None:
    """Choose whom to write: a managed agent whose set is certain; an active one, whom least could happen to.

    One that holds a skill twice cannot be written as it stands. A tenant may refuse a set with an inactive skill. Of
    whom a hold leaves anything alone, nothing is written.
    """
    matched, _ = match_agents(desired, agent_rows(desired), state)
    doubled = {agent_id for agent_id, _ in state.duplicates}
    holds = holds_at(desired, state.catalog, now)
    fit = [
        agent
        for row, agent in matched.live.items()
        if agent.assignments is not None
        and agent.id not in doubled
        and not any(found.rows is None or row in found.rows for found in holds)
    ]
    return min(fit, key=lambda agent: _rank(agent, state.catalog), default=None)


def _rank(agent: LiveAgent, catalog: SkillCatalog) -> tuple[bool, bool, int, str]:
    held = unpack(agent.assignments or b"")
    has_inactive = any(not catalog[number].active for number in held)
    return not agent.active, has_inactive, len(held), agent.id


def _label(agent: LiveAgent) -> str:
    return agent.email or agent.user_name or agent.id
