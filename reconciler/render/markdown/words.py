"""The words of a plan in Markdown: counts, names, places, and what happens to one skill of one agent."""

from collections import defaultdict
from collections.abc import Iterable

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import Action, AgentChange, AgentName, AssignmentChange, Plan, SkillName
from reconciler.render.escape import address_of, code, link
from reconciler.render.view import View

MARKS = {Action.ADD: "+", Action.CHANGE: "!", Action.REMOVE: "-"}
_VERBS = {Action.ADD: "added", Action.CHANGE: "changed", Action.REMOVE: "removed"}
_MOST_NAMED = 3
_NOTHING = Assignment(0, available=False)


def many(number: int, noun: str) -> str:
    """Write a count with its noun: `1 agent`, `1,403 agents`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(words: Iterable[str]) -> str:
    """Join words as a sentence does: `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def named(names: list[str], noun: str) -> str:
    """Name up to three things as code, and say how many more there are."""
    shown = [code(name) for name in names]
    if len(names) > _MOST_NAMED:
        shown = [*shown[: _MOST_NAMED - 1], many(len(names) - _MOST_NAMED + 1, f"other {noun}")]
    return listed(shown)


def counted(changes: Iterable[AssignmentChange]) -> str:
    """Say how many skills are added, changed and removed."""
    actions = [each.action for each in changes]
    return ", ".join(f"{actions.count(action):,} {verb}" for action, verb in _VERBS.items() if action in actions)


def place(position: SourcePosition, view: View, folder: str = "") -> str:
    """Give `file:line` below the folder, linked where the file's page is known."""
    file = f"{folder}/{position.file}" if folder else position.file
    address = address_of(view.blob_url, file)
    words = code(f"{file}:{position.line}")
    return link(words, f"{address}#L{position.line}") if address else words


def loses(change: AssignmentChange) -> bool:
    """Whether the agent cannot take the skill any more, or no longer holds it."""
    return change.action is Action.REMOVE or change.coverage_shift < 0


def is_proficiency_only(change: AgentChange) -> bool:
    """Whether nothing but proficiencies differs: who takes what stays, only in another order."""
    return all(each.action is Action.CHANGE and each.coverage_shift == 0 for each in change.skills)


class SkillLabels:
    """What the skills of a plan are called: by name, and where two share a name also by id."""

    def __init__(self, plan: Plan) -> None:
        ids: defaultdict[str, set[str]] = defaultdict(set)
        for skill in self._skills(plan):
            ids[skill.name].add(skill.id)
        self._shared = {name for name, its_ids in ids.items() if len(its_ids) > 1}

    @staticmethod
    def _skills(plan: Plan) -> Iterable[SkillName]:
        yield from (row.skill for row in plan.coverage)
        yield from (each.skill for change in plan.changes for each in change.skills)
        yield from (each.skill for agent in plan.held for each in agent.skills)
        yield from (each.skill for entry in plan.coming for each in entry.skills)

    def of(self, skill: SkillName) -> str:
        """Give the label, foreign as it is."""
        return f"{skill.name} ({skill.id})" if skill.name in self._shared else skill.name


def agent_label(agent: AgentName) -> str:
    """Name an agent, and what the files call it where that is something else."""
    also = "" if agent.ref.casefold() == agent.label.casefold() else f" ({agent.ref})"
    return f"{agent.label}{also}"


def value(change: AssignmentChange) -> str:
    """Say what an assignment becomes, or was."""
    before, after = change.before, change.after
    if before is None or after is None:
        return _state(after or before or _NOTHING)
    words = [f"{before.proficiency} -> {after.proficiency}"] if before.proficiency != after.proficiency else []
    if before.available != after.available:
        words.append("not available -> available" if after.available else "available -> not available")
    return ", ".join(words)


def _state(assignment: Assignment) -> str:
    return f"{assignment.proficiency}" + ("" if assignment.available else ", not available")


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Write rows in columns; a name longer than most pushes only its own row."""
    widest = 40
    widths = [min(widest, max(map(len, column))) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
