"""What a hold leaves alone, in Markdown: never so long that it takes the room of what is written."""

from reconciler.plan.change import AgentHeld, AssignmentChange, Plan, value_words
from reconciler.render.escape import fence, in_fence
from reconciler.render.markdown.words import SkillLabels, agent_label, aligned, many
from reconciler.render.moments import until_words

_MOST_SHOWN = 12


def held_section(plan: Plan, labels: SkillLabels) -> str:
    """List what live says otherwise than the files and stays; empty where nothing does."""
    rows = [_row(agent, each, plan, labels) for agent in plan.held for each in agent.skills]
    if not rows:
        return ""
    left = len(rows) - _MOST_SHOWN
    more = f"\n\nand {many(left, 'more assignment')}" if left > 0 else ""
    return f"#### Held: left as it is on the tenant\n\n{fence(aligned(rows[:_MOST_SHOWN])).rstrip()}{more}"


def _row(agent: AgentHeld, each: AssignmentChange, plan: Plan, labels: SkillLabels) -> tuple[str, ...]:
    until = "" if each.hold is None else until_words(each.hold, plan.now)
    values = f"{value_words(each.before)}, in the files {value_words(each.after)}"
    return (f"= {in_fence(labels.of(each.skill))}", in_fence(agent_label(agent.agent)), values, until)
