"""All edits of one agent, as splices of the text."""

from collections.abc import Iterator, Sequence

from reconciler.desired.writing.editing.block import Line, edit_block
from reconciler.desired.writing.editing.flow import edit_flow
from reconciler.desired.writing.editing.nodes import (
    AgentNode,
    Entry,
    after_colon,
    column_of,
    end_of,
    entries_of,
    is_flow,
    scalars_of,
    start_of,
)
from reconciler.desired.writing.editing.page import OddLayoutError, Page, Splice
from reconciler.desired.writing.editing.values import change_value
from reconciler.desired.writing.nameable import is_writable
from reconciler.desired.writing.scalar import scalar, value_of
from reconciler.model.edits import LineEdit


def edit_agent(page: Page, agent: AgentNode, edits: Sequence[LineEdit]) -> Iterator[Splice]:
    """Find what to put where; OddLayoutError where the agent is laid out in a way that is not edited."""
    if any(scalar.style in {"|", ">"} for scalar in scalars_of(agent.node)):
        message = "it holds a text of several lines"
        raise OddLayoutError(message)
    skills = next((entry for entry in entries_of(agent.node) if entry.name == "skills"), None)
    entries = [] if skills is None else entries_of(skills.value)
    place = {entry.name: index for index, entry in enumerate(entries)}
    removed: set[int] = set()
    added: list[Line] = []
    for each in edits:
        index = place.get(each.skill)
        if each.code is None:
            if index is None:
                message = "it has no such line"
                raise OddLayoutError(message)
            removed.add(index)
        elif index is None:
            added.append(Line(scalar(each.skill), value_of(each.code), each.note if is_writable(each.note) else ""))
        else:
            yield from change_value(page, entries[index], each.code)
    if not removed and not added:
        return
    if skills is None:
        yield from _new_skills(page, agent, added)
    elif not is_flow(skills.value):
        yield from edit_block(page, skills, entries, removed, added)
    elif _may_open(page, agent, skills):
        yield from _opened(page, agent, skills, added)
    else:
        yield from edit_flow(page, skills.value, entries, removed, added)


def _new_skills(page: Page, agent: AgentNode, added: Sequence[Line]) -> Iterator[Splice]:
    """Write `skills` for an agent that has only profiles."""
    if is_flow(agent.node):
        braces = Line("skills", f"{{{', '.join(str(line) for line in added)}}}")
        yield from edit_flow(page, agent.node, entries_of(agent.node), (), [braces])
        return
    column = column_of(agent.node)
    lines = [f"{' ' * column}skills:", *(line.at(column + agent.step) for line in added)]
    yield page.with_lines(end_of(agent.node), lines)


def _may_open(page: Page, agent: AgentNode, skills: Entry) -> bool:
    """Whether these are empty braces that block style may take the place of."""
    text = page.text[start_of(skills.value) : skills.end]
    if is_flow(agent.node) or text.strip("{} \t"):
        return False
    return not page.text[after_colon(page, skills) : start_of(skills.value)].strip(" \t")


def _opened(page: Page, agent: AgentNode, skills: Entry, added: Sequence[Line]) -> Iterator[Splice]:
    yield Splice(after_colon(page, skills), skills.end)
    column = column_of(agent.node) + agent.step
    yield page.with_lines(skills.end, [line.at(column) for line in added])
