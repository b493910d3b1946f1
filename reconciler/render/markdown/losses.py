"""Who loses which skill, by skill: the one part of a plan that is never left out, only said in fewer words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from reconciler.plan.change import Action, AssignmentChange, Plan
from reconciler.render.escape import fence, in_fence
from reconciler.render.markdown.fit import fitted, length, shares, total
from reconciler.render.markdown.words import MARKS, SkillLabels, agent_label, aligned, loses, many, value

# A longer list is folded; its summary still says how long it is.
_FOLDED_FROM = 30
_WIDTH = 100


class Detail(StrEnum):
    """How much is said of a loss."""

    VALUES = "values"  # skill, agent, and what the agent had
    NAMES = "names"  # skill and agents
    COUNTS = "counts"  # skill and number of agents


class Loss(NamedTuple):
    """One skill that one agent loses; `skill` and `agent` are labels, foreign as they are."""

    skill: str
    agent: str
    change: AssignmentChange


def losses_of(plan: Plan, labels: SkillLabels) -> list[Loss]:
    """Find what is removed or made unavailable: by skill, removals first; then in the order of the plan."""
    found = (
        Loss(labels.of(each.skill), agent_label(change.agent), each)
        for change in plan.changes
        for each in change.skills
        if loses(each)
    )
    return sorted(found, key=_group)


def _group(loss: Loss) -> tuple[str, str, bool]:
    return (loss.skill.casefold(), loss.change.skill.id, loss.change.action is not Action.REMOVE)


def loss_section(losses: Sequence[Loss], detail: Detail, room: int | None = None) -> str:
    """Write the section; empty when nobody loses anything. Lines that do not fit into `room` are summed up in one."""
    if not losses:
        return ""
    lines = _LINES[detail](losses)
    section = _section(losses, lines)
    if room is None or length(section) <= room:
        return section
    overhead = length(section) - total(lines) + 1
    groups = [list(group) for _, group in groupby(losses, _group)]
    return _section(losses, fitted(lines, room - overhead, lambda kept: _rest(groups[kept:])))


def named_section(losses: Sequence[Loss], room: int) -> tuple[str, int]:
    """Write the section with as many names as there is room for, some of each skill; say how many losses have none."""
    groups = [list(group) for _, group in groupby(losses, _group)]
    heads, names = [_head(group) for group in groups], [_named(group) for group in groups]
    whole = _with_names(losses)
    left = room - (length(_section(losses, whole)) - total(whole) + 1) - total(heads)
    if left < 0:
        return loss_section(losses, Detail.COUNTS, room), len(losses)
    lines: list[str] = []
    unnamed = 0
    given = shares([total(each) for each, _ in names], left)
    for group, head, (each, counts), share in zip(groups, heads, names, given, strict=True):
        shown, missing = _as_many(group, each, counts, share)
        lines += [head, *shown]
        unnamed += missing
    return _section(losses, lines), unnamed


def _as_many(group: Sequence[Loss], lines: list[str], counts: Sequence[int], room: int) -> tuple[list[str], int]:
    """Give the lines of names that fit, and how many agents they leave out; `counts` are the names of each line."""

    def rest(kept: int) -> int:
        return len(group) - sum(counts[:kept])

    mark = MARKS[group[0].change.action]
    shown = fitted(lines, room - 1, lambda kept: f"{mark}     and {many(rest(kept), 'more agent')}")
    if shown == lines:
        return shown, 0
    # Where not even one line fits, the head has said how many there are.
    return (shown, rest(len(shown) - 1)) if len(shown) > 1 else ([], len(group))


def _section(losses: Sequence[Loss], lines: Sequence[str]) -> str:
    removed = sum(loss.change.action is Action.REMOVE for loss in losses)
    title = "#### Removals" if removed else "#### Made unavailable"
    if len(losses) < _FOLDED_FROM:
        return f"{title}\n\n{fence(lines)}".rstrip("\n")
    return f"{title}\n\n<details>\n<summary>{_counted(losses)}</summary>\n\n{fence(lines)}\n</details>"


def _counted(losses: Sequence[Loss]) -> str:
    removed = sum(loss.change.action is Action.REMOVE for loss in losses)
    made = len(losses) - removed
    words = [many(removed, "removal")] if removed else []
    return " and ".join([*words, f"{made:,} made unavailable"] if made else words)


def _rest(groups: Sequence[Sequence[Loss]]) -> str:
    skills = {group[0].change.skill.id for group in groups}
    return f"- and {many(len(skills), 'more skill')}: {_counted([loss for group in groups for loss in group])}"


def _with_values(losses: Sequence[Loss]) -> list[str]:
    return aligned(
        [
            (f"{MARKS[loss.change.action]} {in_fence(loss.skill)}", in_fence(loss.agent), _was(loss.change))
            for loss in losses
        ]
    )


def _was(change: AssignmentChange) -> str:
    return f"was {value(change)}" if change.action is Action.REMOVE else value(change)


def _with_names(losses: Sequence[Loss]) -> list[str]:
    lines: list[str] = []
    for _, group in groupby(losses, _group):
        members = list(group)
        lines += [_head(members), *_named(members)[0]]
    return lines


def _named(members: Sequence[Loss]) -> tuple[list[str], list[int]]:
    """Give lines with the names of the agents, and how many stand in each."""
    mark = MARKS[members[0].change.action]
    rows = list(_wrapped([in_fence(loss.agent) for loss in members]))
    lines = [f"{mark}     {', '.join(row)}," for row in rows]
    lines[-1] = lines[-1].removesuffix(",")
    return lines, [len(row) for row in rows]


def _with_counts(losses: Sequence[Loss]) -> list[str]:
    return [_head(list(group)) for _, group in groupby(losses, _group)]


def _head(members: Sequence[Loss]) -> str:
    change = members[0].change
    what = "" if change.action is Action.REMOVE else " made unavailable"
    return f"{MARKS[change.action]} {in_fence(members[0].skill)}: {many(len(members), 'agent')}{what}"


def _wrapped(names: Sequence[str]) -> Iterator[list[str]]:
    row: list[str] = []
    width = 0
    for name in names:
        if row and width + len(name) > _WIDTH:
            yield row
            row, width = [], 0
        width += len(name) + (2 if row else 0)
        row.append(name)
    yield row


_LINES: Mapping[Detail, Callable[[Sequence[Loss]], list[str]]] = MappingProxyType(
    {Detail.VALUES: _with_values, Detail.NAMES: _with_names, Detail.COUNTS: _with_counts}
)
