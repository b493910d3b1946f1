"""What begins and ends by itself after a plan, for the page: moment by moment, with bars of who can take what."""

from dataclasses import dataclass

from reconciler.plan.change import Entry, Kind, Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.coming_words import actions_words, calendar_command, event_words
from reconciler.render.html.bars import Bars, bars_of
from reconciler.render.html.cards import Card, card_of, place_of
from reconciler.render.html.sentence import Piece, pieces
from reconciler.render.markdown.words import SkillLabels, many
from reconciler.render.moments import distance, moment


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that begins or ends."""

    tone: str
    words: tuple[Piece, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment; `tone` is `low` where a skill falls too low, `left_out` counts agents without a card."""

    when: str
    away: str
    tone: str
    happenings: tuple[Happening, ...]
    effect: str
    waived: str
    bars: Bars
    cards: tuple[Card, ...]
    left_out: str
    command: str


@dataclass(frozen=True, slots=True)
class Coming:
    """All moments that are shown, and what is said of the rest."""

    moments: tuple[Moment, ...]
    left_out: str
    command: str


def coming_of(plan: Plan, labels: SkillLabels, folder: str) -> Coming:
    """Give every moment that the plan lists."""
    later = f"and {many(plan.coming_later, 'more moment')}" if plan.coming_later else ""
    return Coming(tuple(_moment(entry, plan, labels, folder) for entry in plan.coming), later, calendar_command(plan))


def _moment(entry: Entry, plan: Plan, labels: SkillLabels, folder: str) -> Moment:
    rows = worst_first(entry.coverage)
    below = [row for row in rows if row.is_left or row.is_below]
    waived = [labels.of(row.skill) for row in rows if row.is_below and row.skill.id in entry.waived]
    blocked = [labels.of(row.skill) for row in rows if row.skill.id in entry.blocked]
    left = entry.agents_changed - len(entry.agents)
    return Moment(
        when=moment(entry.at, plan.today),
        away="" if plan.today is None else distance(entry.at, plan.today),
        tone="low" if below else "plain",
        happenings=tuple(
            Happening(
                "waiver" if each.kind is Kind.WAIVER else str(each.turn),
                pieces(event_words(each)),
                place_of(each.source, folder),
            )
            for each in entry.events
        ),
        effect=_effect(entry),
        waived=f"the apply would be refused, by the floor of {', '.join(blocked)}"
        if blocked
        else f"waived: {', '.join(waived)}"
        if waived
        else "",
        bars=bars_of(rows, labels),
        cards=tuple(card_of(each, labels, folder) for each in entry.agents),
        left_out=f"and {many(left, 'more agent')}" if left > 0 else "",
        command=f"reconcile plan --at {entry.at.isoformat()}",
    )


def _effect(entry: Entry) -> str:
    if not entry.agents_changed:
        return "no agent changes"
    agents = f"{many(entry.agents_changed, 'agent')} {'changes' if entry.agents_changed == 1 else 'change'}"
    words = actions_words(entry)
    return f"{agents}; skills: {words}" if words else agents
