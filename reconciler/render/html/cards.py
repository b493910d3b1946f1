"""The agents of a plan by team, each with what is added, changed and removed, and where the files ask for it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import (
    Action,
    AgentChange,
    AgentHeld,
    AgentTurn,
    AssignmentChange,
    Plan,
    Until,
    value_words,
)
from reconciler.render.markdown.words import SkillLabels, counted, loses, many
from reconciler.render.moments import until_words

# What a browser opens within a second or two, and searches within the blink of an eye: about 6,000 agents.
MOST_LINES = 20_000
# Teams are open at first where all of them are read in a few screens.
_MOST_OPEN = 40
_SIGNS = {Action.ADD: "+", Action.CHANGE: "~", Action.REMOVE: "\u2212"}
_VERBS = {Action.ADD: "added", Action.CHANGE: "changed", Action.REMOVE: "removed"}
_HELD = "held"


@dataclass(frozen=True, slots=True)
class Line:
    """One skill of one agent. `before` or `after` is empty where there is none; `notes` are said behind them."""

    action: str
    sign: str
    verb: str
    skill: str
    before: str
    after: str
    place: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One agent; `also` is what the files say instead of its name, `notes` are said under it."""

    name: str
    also: str
    place: str
    notes: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """The agents of one team, how many there are, and what is said of those that are left out."""

    name: str
    agents: int
    counts: str
    cards: tuple[Card, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class Cards:
    """All teams; `left_out` is empty where every agent is shown."""

    teams: tuple[Team, ...]
    agents: int
    shown: int
    left_out: str
    is_open: bool


def some_changes(changes: Sequence[AgentChange], most: int) -> frozenset[int]:
    """Choose the agents to show, by their places in the plan: who loses something first, up to `most` lines."""
    numbers = range(len(changes))
    losing = [number for number in numbers if any(map(loses, changes[number].skills))]
    chosen = set(losing)
    kept = set()
    for number in (*losing, *(number for number in numbers if number not in chosen)):
        most -= len(changes[number].skills)
        if most < 0:
            break
        kept.add(number)
    return frozenset(kept)


def cards_of(plan: Plan, shown: frozenset[int], labels: SkillLabels, folder: str) -> Cards:
    """Give the teams by name, nobody's last; within a team the order is the plan's."""
    members: defaultdict[str | None, list[int]] = defaultdict(list)
    for number, change in enumerate(plan.changes):
        members[change.team].append(number)
    teams = []
    for name in sorted(members, key=lambda name: (name is None, (name or "").casefold(), name or "")):
        its = [plan.changes[number] for number in members[name]]
        made = (plan.changes[number] for number in members[name] if number in shown)
        cards = tuple(card_of(change, labels, folder, _notes(change), plan.today) for change in made)
        skills = counted(each for change in its for each in change.skills)
        left = len(its) - len(cards)
        rest = f"{many(left, 'more agent')} of this team left out" if left else ""
        teams.append(Team("No team" if name is None else name, len(its), skills, cards, rest))
    return Cards(
        teams=tuple(teams),
        agents=len(plan.changes),
        shown=len(shown),
        left_out=_left_out([change for number, change in enumerate(plan.changes) if number not in shown]),
        is_open=len(plan.changes) <= _MOST_OPEN,
    )


def _left_out(changes: list[AgentChange]) -> str:
    if not changes:
        return ""
    losses = sum(loses(each) for change in changes for each in change.skills)
    words = f"{many(len(changes), 'agent')} left out, lest this page be too large to open: "
    return f"{words}{counted(each for change in changes for each in change.skills)}" + (
        f"; {losses:,} of these take a skill away" if losses else "; none of these takes a skill away"
    )


def card_of(
    each: AgentChange | AgentTurn | AgentHeld,
    labels: SkillLabels,
    folder: str,
    notes: Iterable[str] = (),
    now: datetime | None = None,
) -> Card:
    """Give the card of an agent; what ends by itself says when."""
    agent = each.agent
    return Card(
        name=agent.label,
        also="" if agent.ref.casefold() == agent.label.casefold() else agent.ref,
        place=place_of(each.source, folder),
        notes=tuple(notes),
        lines=tuple(_line(line, each.source, labels, folder, now) for line in each.skills),
    )


def held_cards(plan: Plan, labels: SkillLabels, folder: str, most: int) -> tuple[Card, ...]:
    """Give a card for each agent of whom something is left alone, up to `most`."""
    return tuple(card_of(each, labels, folder, now=plan.today) for each in plan.held[:most])


def _notes(change: AgentChange) -> Iterator[str]:
    if change.has_union:
        yield "two writes: what is added first, what is removed at the end, so that no skill is short of cover"
    if not change.is_active:
        yield "not active: counts for no skill"


def _line(
    each: AssignmentChange, beside: SourcePosition, labels: SkillLabels, folder: str, now: datetime | None
) -> Line:
    until = each.hold or each.override
    place = _place_beside((each.hold or each).source, beside, folder)
    notes = () if until is None else (_note(until, now),)
    if each.hold is not None:
        said = f"stays; in the files {value_words(each.after)}; {_note(each.hold, now)}"
        return Line(_HELD, "=", _HELD, labels.of(each.skill), value_words(each.before), "", place, (said,))
    return Line(
        action=str(each.action),
        sign=_SIGNS[each.action],
        verb=_VERBS[each.action],
        skill=labels.of(each.skill),
        before=_value(each.before),
        after=_value(each.after),
        place=place,
        notes=notes,
    )


def _note(until: Until, now: datetime | None) -> str:
    why = ", ".join(word for word in (until.reason, until.ticket) if word)
    return until_words(until, now) + (f" ({why})" if why else "")


def _value(assignment: Assignment | None) -> str:
    if assignment is None:
        return ""
    return f"{assignment.proficiency}" + ("" if assignment.available else ", not available")


def place_of(position: SourcePosition, folder: str) -> str:
    """Write a place as `file:line`, below the folder."""
    return f"{f'{folder}/' if folder else ''}{position.file}:{position.line}"


def _place_beside(position: SourcePosition, head: SourcePosition, folder: str) -> str:
    """Give only what the agent's head, which names its own place, does not say."""
    if position.file != head.file:
        return place_of(position, folder)
    return "" if position.line == head.line else f"line {position.line}"
