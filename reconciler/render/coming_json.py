"""A coming moment as JSON, in a plan and in the calendar alike, and read back from a saved plan."""

import msgspec

from reconciler.plan.change import (
    Action,
    AgentTurn,
    CoverageRow,
    Entry,
    Event,
    Kind,
    SkillTurn,
    Turn,
)
from reconciler.plan.coverage import worst_first
from reconciler.render.json_parts import (
    AgentPart,
    LinePart,
    SkillPart,
    SourcePart,
    agent_part,
    line_part,
    read_agent,
    read_line,
    read_moment,
    read_position,
    read_skill,
    skill_part,
    source_part,
)


class _Event(msgspec.Struct, frozen=True):
    kind: Kind
    turn: Turn
    subject: str
    reason: str
    ticket: str
    source: SourcePart


class _Counts(msgspec.Struct, frozen=True):
    added: int
    changed: int
    removed: int


class _SkillTurn(msgspec.Struct, frozen=True):
    skill: SkillPart
    added: int
    changed: int
    removed: int


class _CoverageRow(msgspec.Struct, frozen=True):
    skill: SkillPart
    min_proficiency: int
    before: int
    after: int
    floor: int | None
    waived: bool
    blocked: bool = False


class _AgentTurn(msgspec.Struct, frozen=True):
    agent: AgentPart
    team: str | None
    source: SourcePart
    skills: list[LinePart]


class EntryPart(msgspec.Struct, frozen=True):
    """One moment."""

    at: str
    events: list[_Event]
    agents_changed: int
    assignments: _Counts
    skills: list[_SkillTurn]
    coverage: list[_CoverageRow]
    agents: list[_AgentTurn]


def entry_part(entry: Entry) -> EntryPart:
    """Write a moment; coverage worst first."""
    return EntryPart(
        at=entry.at.isoformat(),
        events=[
            _Event(each.kind, each.turn, each.subject, each.reason, each.ticket, source_part(each.source))
            for each in entry.events
        ],
        agents_changed=entry.agents_changed,
        assignments=_Counts(*(entry.actions[action] for action in Action)),
        skills=[
            _SkillTurn(skill_part(each.skill), *(each.actions.get(action, 0) for action in Action))
            for each in entry.skills
        ],
        coverage=[
            _CoverageRow(
                skill=skill_part(row.skill),
                min_proficiency=row.min_proficiency,
                before=row.before,
                after=row.after,
                floor=row.floor,
                waived=row.skill.id in entry.waived,
                blocked=row.skill.id in entry.blocked,
            )
            for row in worst_first(entry.coverage)
        ],
        agents=[
            _AgentTurn(agent_part(each.agent), each.team, source_part(each.source), list(map(line_part, each.skills)))
            for each in entry.agents
        ],
    )


def read_entry(part: EntryPart) -> Entry:
    """Read a moment back; ValueError where something of it cannot be."""
    return Entry(
        at=read_moment(part.at),
        events=tuple(
            Event(each.kind, each.turn, each.subject, read_position(each.source), each.reason, each.ticket)
            for each in part.events
        ),
        agents_changed=part.agents_changed,
        skills=tuple(_read_skill_turn(each) for each in part.skills),
        coverage=tuple(
            CoverageRow(read_skill(row.skill), row.before, row.after, row.floor, None, row.min_proficiency)
            for row in part.coverage
        ),
        waived=frozenset(row.skill.id for row in part.coverage if row.waived),
        agents=tuple(
            AgentTurn(read_agent(each.agent), each.team, read_position(each.source), tuple(map(read_line, each.skills)))
            for each in part.agents
        ),
        blocked=frozenset(row.skill.id for row in part.coverage if row.blocked),
    )


def _read_skill_turn(each: _SkillTurn) -> SkillTurn:
    counts = zip(Action, (each.added, each.changed, each.removed), strict=True)
    return SkillTurn(read_skill(each.skill), {action: count for action, count in counts if count})
