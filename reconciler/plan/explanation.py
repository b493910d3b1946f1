"""Why an agent holds what it holds: each skill's chain, what is desired and live, and what a plan makes of both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from reconciler.diagnostics import Diagnostic
from reconciler.model.agents import LiveAgent
from reconciler.model.assignments import Assignment, decode, unpack
from reconciler.model.desired import DesiredState
from reconciler.model.position import SourcePosition
from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import AgentName, SkillName
from reconciler.plan.ignored import ignoring_glob
from reconciler.plan.match import Matched, Row, position_of, ref_of, table_and_row, team_of
from reconciler.plan.provenance import Link, LinkKind, Phase, holds_on, trace
from reconciler.plan.resolve import ResolvedState, Step
from reconciler.plan.suggest import did_you_mean


class Verdict(StrEnum):
    """What a plan makes of one skill of one agent."""

    SAME = "same"
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    HELD = "held"
    IGNORED = "ignored"
    UNKNOWN = "unknown"


class Reading(StrEnum):
    """Whether it is known what the agent holds on the tenant."""

    READ = "read"
    OFFLINE = "offline"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Chain:
    """One skill of an agent: every place that says something of it, the lowest layer first, and what comes of it.

    `desired` and `live` are None for absent; `live` also where it was not read. `ignored_by` is the pattern of
    `ignore_skills` that leaves the skill to others.
    """

    skill: SkillName
    links: tuple[Link, ...]
    desired: Assignment | None
    live: Assignment | None
    verdict: Verdict
    ignored_by: str | None = None

    @property
    def winner(self) -> Link | None:
        """The link that decides what is desired, if any says something."""
        return next((link for link in self.links if link.is_winner), None)

    @property
    def hold(self) -> Link | None:
        """The hold in force; of several the one that lasts longest."""
        ends = [
            (link.window.until, at)
            for at, link in enumerate(self.links)
            if link.kind is LinkKind.HOLD and link.phase is Phase.IN_FORCE and link.window is not None
        ]
        return self.links[max(ends)[1]] if ends else None

    @property
    def is_idle(self) -> bool:
        """Whether nobody asks for the skill, soon or now, and live does not hold it."""
        is_coming = any(link.kind is LinkKind.OVERRIDE and link.phase is Phase.COMING for link in self.links)
        return self.desired is None and self.live is None and not is_coming


@dataclass(frozen=True, slots=True)
class Explanation:
    """One agent at the moment `now`; the chains are sorted by the skills' names.

    `agent` has only its ref where the agent was not read, or is not on the tenant. `is_all` where no skill was named:
    then idle ones are left out. `unreadable` says what is wrong with what the tenant holds of the agent. `is_now`
    unless another moment was asked for.
    """

    tenant: str
    agent: AgentName
    team: str | None
    source: SourcePosition
    now: datetime
    reading: Reading
    chains: tuple[Chain, ...]
    is_all: bool = True
    unreadable: str = ""
    is_now: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """The agent in question: where it is declared, and what was read of it.

    `agent` is None where the tenant was not asked, or has none.
    """

    row: Row
    reading: Reading
    agent: LiveAgent | None = None
    unreadable: str = ""


def explain(
    resolved: ResolvedState, catalog: SkillCatalog, subject: Subject, now: datetime, skill: int | None = None
) -> Explanation:
    """Explain every skill of an agent, or the one of that number."""
    desired, row, agent = resolved.desired, subject.row, subject.agent
    name = ref_of(desired, row)
    sides = _Sides(
        catalog,
        traced=trace(resolved, catalog, row, now),
        steps=resolved.at(now).steps(*table_and_row(row)),
        held=None if agent is None or agent.assignments is None else unpack(agent.assignments),
        holds=holds_on(desired, catalog, row, now),
        ignore_skills=desired.ignore_skills,
    )
    chains = (sides.chain(number) for number in (sides.numbers if skill is None else {skill}))
    return Explanation(
        tenant=desired.tenant.name,
        agent=AgentName("", "", "", name) if agent is None else AgentName(agent.id, agent.email, agent.user_name, name),
        team=team_of(desired, row),
        source=position_of(desired, row),
        now=now,
        reading=subject.reading,
        chains=tuple(
            sorted(
                (chain for chain in chains if skill is not None or not chain.is_idle),
                key=lambda chain: (chain.skill.name, chain.skill.id),
            )
        ),
        is_all=skill is None,
        unreadable=subject.unreadable,
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides of one agent, by skill number; `held` is None where nobody knows what is live."""

    catalog: SkillCatalog
    traced: Mapping[int, tuple[Link, ...]]
    steps: Mapping[int, Step]
    held: Mapping[int, int] | None
    holds: Callable[[int], tuple[Link, ...]]
    ignore_skills: tuple[str, ...]

    @property
    def numbers(self) -> set[int]:
        """Every skill of which something is said."""
        return {*self.traced, *(self.held or {})}

    def chain(self, number: int) -> Chain:
        skill = self.catalog[number]
        chain = Chain(
            SkillName(skill.id, skill.name),
            (*self.traced.get(number, ()), *self.holds(number)),
            decode(self.steps[number][0]) if number in self.steps else None,
            decode(self.held[number]) if self.held is not None and number in self.held else None,
            Verdict.UNKNOWN,
            ignoring_glob(skill.name, self.ignore_skills),
        )
        return chain if self.held is None else replace(chain, verdict=_verdict(chain))


def _verdict(chain: Chain) -> Verdict:
    if chain.ignored_by is not None:
        return Verdict.IGNORED
    if chain.desired == chain.live:
        return Verdict.SAME
    if chain.hold is not None:
        return Verdict.HELD
    if chain.live is None:
        return Verdict.ADD
    return Verdict.REMOVE if chain.desired is None else Verdict.CHANGE


def find_row(desired: DesiredState, name: str, rows: Mapping[str, Row], matched: Matched | None) -> Row | Diagnostic:
    """Find the declared agent that somebody calls `name`; `matched` are the agents of the tenant that are called so.

    Without them only the name in the files is known.
    """
    if name.casefold() in rows:
        return rows[name.casefold()]
    found = sorted(matched.live) if matched else []
    if len(found) == 1:
        return found[0]
    if found:
        refs = ", ".join(f"`{ref_of(desired, row)}`" for row in found)
        message = f"`{name}` names {len(found)} agents of the tenant, in the files {refs}"
        return Diagnostic("agent-ambiguous", message, "give the name that stands in the files")
    otherwise = "write it as in the files: e-mail, user name or id"
    hint = did_you_mean(name, (ref_of(desired, row) for row in rows.values()), otherwise)
    return Diagnostic("agent-unmanaged", f"no file declares the agent `{name}`", hint)


def unmanaged(name: str, agent: LiveAgent) -> Diagnostic:
    """Say that somebody is on the tenant, and in no file."""
    message = f"no file declares the agent `{name}` ({agent.id} on the tenant): what it holds is left alone"
    return Diagnostic("agent-unmanaged", message, "reconcile pull --agent NAME writes it into a file")


def find_skill(catalog: SkillCatalog, name: str, agent: LiveAgent | None) -> int | Diagnostic:
    """Find a skill by its name or id, also one that only this agent holds and the tenant's list lacks."""
    held = unpack(agent.assignments) if agent is not None and agent.assignments is not None else {}
    unlisted = [
        number for number in held if number >= catalog.listed and name in (catalog[number].id, catalog[number].name)
    ]
    found = catalog.numbers_named(name) or unlisted
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(catalog[number].id for number in found)
        return Diagnostic("skill-ambiguous", f"`{name}` names {len(found)} skills: {ids}", "give the id that you mean")
    hint = did_you_mean(name, catalog.names, "names match exactly")
    return Diagnostic("skill-unknown", f"there is no skill `{name}`", hint)
