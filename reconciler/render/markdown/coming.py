"""What begins and ends by itself after a plan, in Markdown: moment by moment, then who gains and loses what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from reconciler.plan.change import Action, AgentTurn, CoverageRow, Entry, Event, Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.coming_words import calendar_command, event_words
from reconciler.render.escape import code, fence, html_code, in_fence, longest_run, sentence
from reconciler.render.markdown.fit import length, total
from reconciler.render.markdown.words import MARKS, SkillLabels, agent_label, aligned, many, place, value
from reconciler.render.moments import distance, moment
from reconciler.render.view import View

_T = TypeVar("_T")
_TITLE = "#### Coming by itself"
_LEAD = "What begins and ends later needs no pull request of its own: the first apply after each moment writes it."
_MOST_SHOWN = 8
_MOST_NAMED = 6
_VERBS = {Action.ADD: "added", Action.CHANGE: "changed", Action.REMOVE: "removed"}


def coming_section(plan: Plan, view: View, labels: SkillLabels, room: int | None = None) -> str:
    """List the moments, of many those that fit into `room`, and say how many more there are; empty for none."""
    if not plan.coming:
        return ""
    blocks = [_block(entry, plan, view, labels) for entry in plan.coming[:_MOST_SHOWN]]
    while room is not None and blocks and length(_section(plan, blocks)) > room:
        blocks.pop()
    return _section(plan, blocks)


def _section(plan: Plan, blocks: list[str]) -> str:
    left = len(plan.coming) + plan.coming_later - len(blocks)
    more = [f"- and {many(left, 'more moment')}: {code(calendar_command(plan))}"] if left else []
    return f"{_TITLE}\n\n{_LEAD}\n\n" + "\n".join([*blocks, *more])


def _block(entry: Entry, plan: Plan, view: View, labels: SkillLabels) -> str:
    away = "" if plan.today is None else f", {distance(entry.at, plan.today)}"
    lines = [f"- **{code(moment(entry.at, plan.today))}**{away}: {_agents(entry)}"]
    lines += [f"  - {each}" for each in _cut(entry.events, lambda event: _event(event, view), "event")]
    if entry.skills:
        words = _cut(entry.skills, lambda each: f"{code(labels.of(each.skill))} {_counts(each.actions)}", "skill")
        lines.append(f"  - skills: {'; '.join(words)}")
    if entry.coverage:
        words = _cut(worst_first(entry.coverage), lambda row: _row(row, entry, labels), "skill")
        lines.append(f"  - agents who can take them: {'; '.join(words)}")
    return "\n".join(lines)


def _cut(things: Sequence[_T], write: Callable[[_T], str], noun: str) -> Iterator[str]:
    yield from (write(each) for each in things[:_MOST_NAMED])
    if len(things) > _MOST_NAMED:
        yield f"and {many(len(things) - _MOST_NAMED, f'more {noun}')}"


def _agents(entry: Entry) -> str:
    if not entry.agents_changed:
        return "no agent changes"
    return f"{many(entry.agents_changed, 'agent')} {'changes' if entry.agents_changed == 1 else 'change'}"


def _event(event: Event, view: View) -> str:
    return f"{sentence(event_words(event))}, {place(event.source, view, view.folder)}"


def _counts(actions: Mapping[Action, int]) -> str:
    return ", ".join(f"{actions[action]:,} {verb}" for action, verb in _VERBS.items() if actions.get(action))


def _row(row: CoverageRow, entry: Entry, labels: SkillLabels) -> str:
    name = labels.of(row.skill)
    label = code(f"{name}, from {row.min_proficiency} on" if row.min_proficiency else name)
    after = f"**{row.after:,}**" if row.after < row.before else f"{row.after:,}"
    return f"{label} {row.before:,} → {after}{_floor(row, entry)}"


def _floor(row: CoverageRow, entry: Entry) -> str:
    if row.is_below:
        waived = ", which is waived" if row.skill.id in entry.waived else ""
        refused = ": the apply would be refused" if row.skill.id in entry.blocked else ""
        return f", **below its floor of {row.floor:,}**{refused or waived}"
    if row.is_left:
        return ", **nobody left**"
    return "" if row.floor is None else f", floor {row.floor:,}"


def coming_agents(plan: Plan, labels: SkillLabels, room: int) -> str:
    """Fold away who changes at each moment, as far as there is room, the nearest first; counts what does not fit."""
    folds: list[str] = []
    for entry in plan.coming[:_MOST_SHOWN]:
        fold = _fold(entry, plan, labels, room - 2) if entry.agents else ""
        if length(fold) + 2 > room:
            break
        if fold:
            room -= length(fold) + 2
            folds.append(fold)
    return "\n\n".join(folds)


def _fold(entry: Entry, plan: Plan, labels: SkillLabels, room: int) -> str:
    blocks = [_agent(each, labels) for each in entry.agents]
    when = html_code(moment(entry.at, plan.today))

    def text(lines: list[str]) -> str:
        return f"<details>\n<summary>{when}: who changes</summary>\n\n{fence(lines)}\n</details>"

    left = room - length(text([])) - total([_more(entry, 0)])
    lines: list[str] = []
    kept = ticks = 0
    for block in blocks:
        ticks = max(ticks, *map(longest_run, block))
        left -= total(block)
        if left - 2 * ticks < 0:
            break
        lines += block
        kept += 1
    return text([*lines, *([_more(entry, kept)] if kept < entry.agents_changed else [])]) if kept else ""


def _more(entry: Entry, kept: int) -> str:
    return f"@@ and {many(entry.agents_changed - kept, 'more agent')}: reconcile plan --at {entry.at.isoformat()} @@"


def _agent(each: AgentTurn, labels: SkillLabels) -> list[str]:
    team = "" if each.team is None else f", {in_fence(each.team)}"
    rows = aligned([(f"{MARKS[line.action]} {in_fence(labels.of(line.skill))}", value(line)) for line in each.skills])
    return [f"@@ {in_fence(agent_label(each.agent))}{team} @@", *rows]
