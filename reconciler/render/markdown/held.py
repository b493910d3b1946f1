"""What a hold leaves alone, in Markdown: never so long that it takes the room of what is written."""

from reconciler.plan.change import AgentHeld, AssignmentChange, Plan, value_words
from reconciler.render.escape import fence, in_fence
from reconciler.render.markdown.fit import length
from reconciler.render.markdown.words import SkillLabels, agent_label, aligned, many
from reconciler.render.moments import until_words

_MOST_SHOWN = 12


def held_section(plan: Plan, labels: SkillLabels, room: int | None = None) -> str:
    """List what live says otherwise than the files and stays, as much as fits into `room`; empty where nothing does."""
    rows = [_row(agent, each, plan, labels) for agent in plan.held for each in agent.skills]
    if not rows:
        return ""
    lines = aligned(rows[:_MOST_SHOWN])
    while room is not None and lines and length(_section(lines, len(rows))) > room:
        lines.pop()
    return _section(lines, len(rows))


def _section(lines: list[str], count: int) -> str:
    left = count - len(lines)
    more = f"{'and ' if lines else ''}{many(left, 'more assignment' if lines else 'assignment')}" if left else ""
    shown = fence(lines).rstrip() if lines else ""
    return "\n\n".join(filter(None, ["#### Held: left as it is on the tenant", shown, more]))


def _row(agent: AgentHeld, each: AssignmentChange, plan: Plan, labels: SkillLabels) -> tuple[str, ...]:
    until = "" if each.hold is None else until_words(each.hold, plan.today)
    values = f"{value_words(each.before)}, in the files {value_words(each.after)}"
    return (f"= {in_fence(labels.of(each.skill))}", in_fence(agent_label(agent.agent)), values, until)
