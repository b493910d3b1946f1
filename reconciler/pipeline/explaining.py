"""Explains one agent: where each value comes from, and what the tenant holds, with a client that can only read."""

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.agents import LiveState
from reconciler.model.desired import DesiredState
from reconciler.model.skills import Skill, SkillCatalog
from reconciler.pipeline.context import Context, opened
from reconciler.pipeline.verdicts import reject
from reconciler.plan.explanation import Explanation, Reading, Subject, explain, find_row, find_skill, unmanaged
from reconciler.plan.match import Matched, Row, agent_rows, match_agents
from reconciler.plan.refs import refs_of
from reconciler.plan.resolve import ResolvedState, resolve_skills


@dataclass(frozen=True, slots=True)
class Question:
    """Whom it is about, by any of the agent's names, and which skill, by name or id: None is all of them.

    `at` is the moment in question, None is now; offline the tenant is not asked, so that only names of the files mean
    anything.
    """

    agent: str
    skill: str | None = None
    at: datetime | None = None
    is_offline: bool = False


async def why(context: Context, desired: DesiredState, question: Question) -> Explanation:
    """Explain; InvalidInput where a name means nothing."""
    rows = agent_rows(desired)
    if not question.agent or question.is_offline:
        return _explained(context, question, _offline(context, desired, question), rows)
    return _explained(context, question, await _online(context, desired, question, rows), rows)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known: every name found, and the agents that are called as asked; None where nobody was asked."""

    resolved: ResolvedState
    catalog: SkillCatalog
    live: LiveState | None = None
    matched: Matched | None = None


def _offline(context: Context, desired: DesiredState, question: Question) -> _Found:
    """Take every name of the files for a skill of its own."""
    catalog = SkillCatalog(Skill(ref, ref) for ref in refs_of(desired))
    return _Found(_resolved(desired, catalog, question.at or context.clock.now()), catalog)


async def _online(context: Context, desired: DesiredState, question: Question, rows: dict[str, Row]) -> _Found:
    """Read the skills, and of the agents the one: a listing costs the same for one as for all."""
    async with opened(context, desired, writable=False) as live:
        reading = f"Reading {desired.tenant.name}"
        context.stage(reading)
        catalog = await live.read_skills()
        resolved = _resolved(desired, catalog, question.at or context.clock.now())
        state = await live.read_agents(
            catalog,
            {question.agent.casefold()},
            lambda done, of: context.stage(f"{reading}: {done} of {of} pages"),
        )
    matched, unclear = match_agents(desired, rows, state)
    reject(unclear)
    return _Found(resolved, catalog, state, matched)


def _resolved(desired: DesiredState, catalog: SkillCatalog, now: datetime) -> ResolvedState:
    resolved, errors = resolve_skills(desired, catalog, now)
    if resolved is None:
        raise InvalidInput(*errors)
    return resolved


def _explained(context: Context, question: Question, found: _Found, rows: dict[str, Row]) -> Explanation:
    subject = _subject(_row(question, found, rows), found)
    skill = None if question.skill is None else find_skill(found.catalog, question.skill, subject.agent)
    if isinstance(skill, Diagnostic):
        raise InvalidInput(skill)
    explanation = explain(found.resolved, found.catalog, subject, question.at or context.clock.now(), skill)
    return replace(explanation, is_now=question.at is None)


def _row(question: Question, found: _Found, rows: dict[str, Row]) -> Row:
    row = find_row(found.resolved.desired, question.agent, rows, found.matched)
    if not isinstance(row, Diagnostic):
        return row
    if found.live is not None and found.live.agents and row.code == "agent-unmanaged":
        raise InvalidInput(unmanaged(question.agent, found.live.agents[0]))
    raise InvalidInput(row)


def _subject(row: Row, found: _Found) -> Subject:
    if found.live is None or found.matched is None:
        return Subject(row, Reading.OFFLINE)
    agent = found.matched.live.get(row)
    if agent is None:
        return Subject(row, Reading.MISSING)
    if agent.id in found.live.unreadable:
        return Subject(row, Reading.UNREADABLE, agent, found.live.unreadable[agent.id])
    return Subject(row, Reading.READ, agent)
