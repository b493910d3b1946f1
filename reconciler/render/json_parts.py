"""The parts that documents in JSON share: agents, skills, values, places and times, written and read back."""

from datetime import UTC, datetime

import msgspec

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentName, AssignmentChange, SkillName, Until
from reconciler.plan.describe import describe


class SourcePart(msgspec.Struct, frozen=True):
    """A place in the files."""

    file: str
    line: int
    column: int


class SkillPart(msgspec.Struct, frozen=True):
    """A skill."""

    id: str
    name: str


class AgentPart(msgspec.Struct, frozen=True):
    """An agent."""

    id: str
    email: str
    user_name: str
    ref: str


class ValuePart(msgspec.Struct, frozen=True):
    """An assignment."""

    proficiency: int
    available: bool


class UntilPart(msgspec.Struct, frozen=True):
    """What ends by itself."""

    until: str
    source: SourcePart
    reason: str = ""
    ticket: str = ""


class LinePart(msgspec.Struct, frozen=True):
    """What becomes of one skill of one agent."""

    action: Action
    skill: SkillPart
    before: ValuePart | None
    after: ValuePart | None
    source: SourcePart
    override: UntilPart | None = None


def agent_part(agent: AgentName) -> AgentPart:
    """Write an agent."""
    return msgspec.convert(agent, AgentPart, from_attributes=True)


def skill_part(skill: SkillName) -> SkillPart:
    """Write a skill."""
    return SkillPart(skill.id, skill.name)


def line_part(change: AssignmentChange) -> LinePart:
    """Write what becomes of one skill."""
    return LinePart(*line_fields(change))


def line_fields(
    change: AssignmentChange,
) -> tuple[Action, SkillPart, ValuePart | None, ValuePart | None, SourcePart, UntilPart | None]:
    """Give the same as the fields of a `LinePart`."""
    return (
        change.action,
        skill_part(change.skill),
        None if change.before is None else ValuePart(*change.before),
        None if change.after is None else ValuePart(*change.after),
        source_part(change.source),
        None if change.override is None else until_part(change.override),
    )


def until_part(until: Until) -> UntilPart:
    """Write what ends by itself; times are RFC 3339."""
    return UntilPart(until.until.isoformat(), source_part(until.source), until.reason, until.ticket)


def source_part(position: SourcePosition) -> SourcePart:
    """Write a place."""
    return SourcePart(position.file, position.line, position.column)


def read_moment(text: str) -> datetime:
    """Read a time; ValueError where it is none, or nobody knows of which place."""
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone(UTC)
    except OverflowError as error:
        message = f"{text!r} is out of reach"
        raise ValueError(message) from error
    if moment.tzinfo is None:
        message = f"{text!r} has no offset"
        raise ValueError(message)
    return moment


def read_agent(agent: AgentPart) -> AgentName:
    """Read an agent."""
    return AgentName(agent.id, agent.email, agent.user_name, agent.ref)


def read_skill(skill: SkillPart) -> SkillName:
    """Read a skill."""
    return SkillName(skill.id, skill.name)


def read_until(until: UntilPart) -> Until:
    """Read what ends by itself."""
    return Until(read_moment(until.until), read_position(until.source), until.reason, until.ticket)


def read_line(change: LinePart) -> AssignmentChange:
    """Read what becomes of one skill; ValueError where the action does not fit the values."""
    before = None if change.before is None else Assignment(change.before.proficiency, change.before.available)
    after = None if change.after is None else Assignment(change.after.proficiency, change.after.available)
    if (change.action is Action.ADD) != (before is None) or (change.action is Action.REMOVE) != (after is None):
        message = f"`{change.action}` does not fit its before and after"
        raise ValueError(message)
    fields = describe(before, after) if before is not None and after is not None else ()
    skill = read_skill(change.skill)
    override = None if change.override is None else read_until(change.override)
    return AssignmentChange(change.action, skill, before, after, read_position(change.source), fields, override)


def read_position(source: SourcePart) -> SourcePosition:
    """Read a place."""
    return SourcePosition(source.file, source.line, source.column)
