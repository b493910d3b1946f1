"""The plan as a person reads it in a terminal, in Terraform's words; its last line is a promise people grep for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.model.tenant import RateLimit
from reconciler.plan.change import (
    Action,
    AgentChange,
    AgentHeld,
    AssignmentChange,
    FieldChange,
    Plan,
    Summary,
    value_words,
)
from reconciler.render.coming_text import coming_as_text, says_valid_until
from reconciler.render.coverage_text import coverage_as_text
from reconciler.render.escape import terminal
from reconciler.render.messages import counted, messages_as_text
from reconciler.render.moments import distance, moment, until_words
from reconciler.render.style import PLAIN, Style

# So many skills are named where a sentence lists them; of more, the number.
_MOST_NAMED = 3
_SIGNS = {Action.ADD: "+", Action.CHANGE: "~", Action.REMOVE: "-"}


def plan_as_text(
    plan: Plan,
    folder: str = "",
    rate_limit: RateLimit | None = None,
    style: Style = PLAIN,
    *,
    shows_every_skill: bool = False,
) -> str:
    """Write the plan. `folder` goes before every place, so that a terminal can open it; ends in the summary line."""
    at = "" if plan.at is None else f" at {moment(plan.at, None)}"
    parts = [f"{style.bold(terminal(plan.tenant))}{at}: {_counted(plan.summary)}\n"]
    parts += [_agent(change, folder, style, plan.today) for change in plan.changes]
    if plan.held:
        parts.append(_held(plan, folder, style))
    if coverage := coverage_as_text(plan, style, shows_every_skill=shows_every_skill):
        parts.append(coverage)
    if coming := coming_as_text(plan, style):
        parts.append(coming)
    if plan.findings:
        parts.append(messages_as_text(plan.findings, folder, style))
    if plan.changes:
        parts.append("".join(f"{line}\n" for line in _facts(plan, rate_limit)))
    return "\n".join([*parts, f"{summary_line(plan.summary)}\n"])


def summary_line(summary: Summary) -> str:
    """Write the last line: `Plan: …` or `No changes. …`; stable."""
    matching = summary.agents_managed - summary.agents_missing - summary.agents_unreadable
    if not summary.agents_changed:
        return f"No changes. {matching} agents match."
    return (
        f"Plan: {summary.assignments_added} to add, {summary.assignments_changed} to change, "
        f"{summary.assignments_removed} to remove; {summary.agents_changed} agents; "
        f"{summary.writes} writes, about {duration(summary.eta_seconds)}."
    )


def duration(seconds: float) -> str:
    """Write a duration as people say it: `3 s`, `12 min`, `1 h 40 min`."""
    minute, hour = 60, 3600
    whole = max(1, round(seconds))
    if whole < 2 * minute:
        return f"{whole} s"
    minutes = round(seconds / minute)
    return f"{minutes} min" if whole < 2 * hour else f"{minutes // minute} h {minutes % minute} min"


def _counted(summary: Summary) -> str:
    counts = [f"{counted(summary.agents_managed, 'agent')} managed", f"{summary.agents_changed} to change"]
    if summary.agents_missing:
        counts.append(f"{summary.agents_missing} not on the tenant")
    if summary.agents_unreadable:
        counts.append(f"{summary.agents_unreadable} unreadable (left alone)")
    if summary.agents_held:
        counts.append(f"{summary.agents_held} held (left alone)")
    counts.append(f"{summary.agents_unmanaged} unmanaged (left alone)")
    return ", ".join(counts)


def _facts(plan: Plan, rate_limit: RateLimit | None) -> Iterator[str]:
    summary = plan.summary
    rate = "" if rate_limit is None else f", at {rate_limit.requests} per {rate_limit.per_seconds:g} s"
    verifying = summary.requests - summary.writes
    yield f"Requests to apply: {summary.requests} ({counted(summary.writes, 'write')}, {verifying} to verify){rate}"
    if plan.valid_until is not None and plan.today is not None and not says_valid_until(plan):
        until = f"{moment(plan.valid_until, plan.today)}, {distance(plan.valid_until, plan.today)}"
        yield f"Valid until {until}: then an override, a hold or a waiver begins or ends (reconcile calendar)"
    yield f"Digest: {plan.digest}"


def _agent(change: AgentChange, folder: str, style: Style, now: datetime | None) -> str:
    head = f"{style.yellow('~')} {_agent_head(change, folder, style)}"
    names = _labels(change.skills)
    values = [_timed(each, now) for each in change.skills]
    name_width, value_width = max(map(len, names)), max(map(len, values))
    return f"{head}{_union(change, names)}" + "".join(
        f"    {style.action(each.action, f'{_SIGNS[each.action]} {name:<{name_width}}  {value:<{value_width}}')}"
        f"  {_place(each.source, folder, style)}\n"
        for each, name, value in zip(change.skills, names, values, strict=True)
    )


def _held(plan: Plan, folder: str, style: Style) -> str:
    """List what live says otherwise than the files, and a hold leaves alone."""
    lines = [f"{style.bold('Held')}: left as they are on the tenant, not as the files say\n"]
    for agent in plan.held:
        lines.append(f"{style.dim('=')} {_agent_head(agent, folder, style)}")
        names = _labels(agent.skills)
        width = max(map(len, names))
        for each, name in zip(agent.skills, names, strict=True):
            until = "" if each.hold is None else f"; {until_words(each.hold, plan.today)}"
            said = f"{name:<{width}}  {value_words(each.before)}, in the files {value_words(each.after)}{until}"
            lines.append(f"    = {said}  {_place((each.hold or each).source, folder, style)}\n")
    return "".join(lines)


def _agent_head(each: AgentChange | AgentHeld, folder: str, style: Style) -> str:
    name = each.agent.label
    also = "" if each.agent.ref.casefold() == name.casefold() else f" ({terminal(each.agent.ref)})"
    team = "" if each.team is None else f", {terminal(each.team)}"
    return f"{style.bold(terminal(name))}{also}{team}  {_place(each.source, folder, style)}\n"


def _union(change: AgentChange, names: list[str]) -> str:
    """Say why an agent is written twice; `names` are those of its skills."""
    lost = [f"`{name}`" for each, name in zip(change.skills, names, strict=True) if each.coverage_shift < 0]
    # A saved plan may say so of an agent who loses nothing.
    if not change.has_union or not lost:
        return ""
    verb = "is" if len(lost) == 1 else "are"
    return (
        "    (two writes: what is added first, what is removed at the end, "
        f"so that {_and_more(lost)} {verb} never short of cover)\n"
    )


def _and_more(names: list[str]) -> str:
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} other skills"]
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _labels(skills: Sequence[AssignmentChange]) -> list[str]:
    """Name the skills; where two share a name, their ids tell them apart."""
    uses = Counter(each.skill.name for each in skills)
    return [
        terminal(each.skill.name if uses[each.skill.name] == 1 else f"{each.skill.name} ({each.skill.id})")
        for each in skills
    ]


def _place(position: SourcePosition, folder: str, style: Style) -> str:
    file = f"{folder}/{position.file}" if folder else position.file
    return style.dim(f"{terminal(file)}:{position.line}")


def _timed(change: AssignmentChange, now: datetime | None) -> str:
    until = "" if change.override is None else f", {until_words(change.override, now)}"
    return f"{_value(change)}{until}"


def _value(change: AssignmentChange) -> str:
    if change.before is not None and change.after is not None:
        return ", ".join(_field(field) for field in change.fields)
    return _assignment(change.after or change.before or Assignment(0, available=False))


def _assignment(assignment: Assignment) -> str:
    return f"{assignment.proficiency}" + ("" if assignment.available else ", not available")


def _field(field: FieldChange) -> str:
    if isinstance(field.after, bool):
        return "not available -> available" if field.after else "available -> not available"
    return f"{field.before} -> {field.after}"
