"""The changes of every agent, by team, as far as there is room: losses first, then gains, proficiencies last."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from reconciler.plan.change import AgentChange, AssignmentChange, Plan
from reconciler.render.escape import fence, html_code, in_fence, longest_run
from reconciler.render.markdown.fit import length, total
from reconciler.render.markdown.left_out import Shown
from reconciler.render.markdown.words import (
    MARKS,
    SkillLabels,
    agent_label,
    aligned,
    counted,
    is_proficiency_only,
    loses,
    many,
    value,
)
from reconciler.render.moments import until_words
from reconciler.render.view import View

# With so few agents their teams are shown unfolded.
_MOST_UNFOLDED = 6
_TITLE = "#### By team\n\n"
_TWO_WRITES = "  (two writes: first what is added, at the end what is removed, lest a skill be short of agents)"


class _Team:
    """One team: which lines of which agents are shown, and how long that is."""

    def __init__(self, name: str | None, changes: list[AgentChange], *, is_open: bool) -> None:
        words = f"{many(len(changes), 'agent')}; {counted(each for change in changes for each in change.skills)}"
        self._head = f"{'no team' if name is None else html_code(name)}: {words}"
        self._count = len(changes)
        self._tag = "<details open>" if is_open else "<details>"
        self._blocks: dict[int, list[str]] = {}
        # What stands around the lines at most: with a note on how many are shown.
        self._wrapping = length(self._text()) + len(f" ({many(self._count, 'agent')} shown)")
        self._lines = self._ticks = 0

    def show(self, number: int, block: list[str], room: int) -> int | None:
        """Show an agent by these lines instead of those before, if there is room; gives what that took."""
        lines = self._lines + total(block) - total(self._blocks.get(number, []))
        ticks = max(self._ticks, *map(longest_run, block))
        taken = lines - self._lines + 2 * (ticks - self._ticks) + (0 if self._blocks else self._wrapping)
        if taken > room:
            return None
        self._lines, self._ticks = lines, ticks
        self._blocks[number] = block
        return taken

    def text(self) -> str:
        """Write the team; empty while no agent is shown."""
        return self._text() if self._blocks else ""

    def _text(self) -> str:
        lines = [line for number in sorted(self._blocks) for line in self._blocks[number]]
        shown = len(self._blocks)
        part = "" if shown in {0, self._count} else f" ({many(shown, 'agent')} shown)"
        return f"{self._tag}\n<summary>{self._head}{part}</summary>\n\n{fence(lines)}\n</details>\n\n"


def team_section(plan: Plan, view: View, labels: SkillLabels, room: int) -> tuple[str, list[Shown]]:
    """Write the teams as far as there is room; also gives how much of each change of the plan is shown.

    In three rounds, each in the order of the plan: what is lost, then all of those who also gain, then those of whom
    only proficiencies change. The first that does not fit ends it: nothing stands where what weighs more is left out.
    """
    teams, team_of = _teams(plan)
    shown = [Shown.NOTHING] * len(plan.changes)
    left = room - len(_TITLE)
    for number, way in _rounds(plan):
        block = _block(plan.changes[number], way, view, labels, plan.today)
        taken = team_of[number].show(number, block, left)
        if taken is None:
            break
        left -= taken
        shown[number] = way
    text = "".join(team.text() for team in teams)
    return (f"{_TITLE}{text}".rstrip("\n") if text else ""), shown


def _teams(plan: Plan) -> tuple[list[_Team], list[_Team]]:
    """Give the teams by name, nobody's last; and the team of each change."""
    members: defaultdict[str | None, list[int]] = defaultdict(list)
    for number, change in enumerate(plan.changes):
        members[change.team].append(number)
    is_open = len(plan.changes) <= _MOST_UNFOLDED
    names = sorted(members, key=lambda name: (name is None, (name or "").casefold(), name or ""))
    teams = {name: _Team(name, [plan.changes[number] for number in members[name]], is_open=is_open) for name in names}
    return list(teams.values()), [teams[change.team] for change in plan.changes]


def _rounds(plan: Plan) -> Iterator[tuple[int, Shown]]:
    for is_of_round, way in _ROUNDS:
        for number, change in enumerate(plan.changes):
            if is_of_round(change):
                yield number, way


def _is_gaining(change: AgentChange) -> bool:
    return not is_proficiency_only(change) and not all(map(loses, change.skills))


_ROUNDS: tuple[tuple[Callable[[AgentChange], bool], Shown], ...] = (
    (lambda change: all(map(loses, change.skills)), Shown.ALL),
    (lambda change: any(map(loses, change.skills)) and not all(map(loses, change.skills)), Shown.LOSSES),
    (_is_gaining, Shown.ALL),
    (is_proficiency_only, Shown.ALL),
)


def _timed(change: AssignmentChange, now: datetime | None) -> str:
    until = "" if change.override is None else f", {until_words(change.override, now)}"
    return f"{value(change)}{until}"


def _block(change: AgentChange, way: Shown, view: View, labels: SkillLabels, now: datetime | None) -> list[str]:
    file = f"{view.folder}/{change.source.file}" if view.folder else change.source.file
    head = f"@@ {in_fence(agent_label(change.agent))}, {in_fence(f'{file}:{change.source.line}')} @@"
    skills = [each for each in change.skills if way is Shown.ALL or loses(each)]
    rows = aligned([(f"{MARKS[each.action]} {in_fence(labels.of(each.skill))}", _timed(each, now)) for each in skills])
    return [head, _TWO_WRITES, *rows] if change.has_union else [head, *rows]
