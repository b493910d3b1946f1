"""Where the values of an agent come from, as a person reads it: all of its skills, or one with every layer."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from reconciler.model.assignments import Assignment
from reconciler.model.commits import NO_HISTORY, Commit, History
from reconciler.model.position import SourcePosition
from reconciler.plan.change import value_words
from reconciler.plan.explanation import Chain, Explanation, Reading, Verdict
from reconciler.plan.provenance import Link, LinkKind, Phase
from reconciler.render.columns import columns, cut, padded
from reconciler.render.escape import terminal
from reconciler.render.moments import distance, moment
from reconciler.render.style import PLAIN, Style

_WIDTH = 80
_INDENT = "    "
_SHORT_ID = 7
_LONGEST_AUTHOR = 30
_SHORTEST_SUBJECT = 20
# So that the longest value still stands within the width.
_WIDEST_LABEL = 56
_MOST_THROUGH = 3
# As a plan marks them; what is left alone has a mark of its own.
_MARKS = {
    Verdict.SAME: " ",
    Verdict.ADD: "+",
    Verdict.CHANGE: "~",
    Verdict.REMOVE: "-",
    Verdict.HELD: "=",
    Verdict.IGNORED: " ",
    Verdict.UNKNOWN: " ",
}


def why_as_text(explanation: Explanation, folder: str = "", history: History = NO_HISTORY, style: Style = PLAIN) -> str:
    """Write the explanation; `folder` goes before every place, so that a terminal can open it."""
    writer = _Writer(explanation, folder, history, style)
    return "".join(f"{line}\n" for line in (writer.all_skills() if explanation.is_all else writer.one_skill()))


class _Writer:
    """One explanation with what it takes to write it."""

    def __init__(self, explanation: Explanation, folder: str, history: History, style: Style) -> None:
        self._explanation = explanation
        self._folder = folder
        self._history = history
        self._style = style

    def all_skills(self) -> Iterator[str]:
        """Write each skill: its value and origin, what a plan does, where that stands, and what is yet to begin."""
        chains = self._explanation.chains
        yield from self._head()
        labels = _labels(chains)
        values = [value_words(_shown(chain)) for chain in chains]
        widths = max(map(columns, labels), default=0), max(map(columns, values), default=0)
        for chain, label, value in zip(chains, labels, values, strict=True):
            words = f"{padded(value, widths[1])}  {self._origin(chain)}"
            yield f"{self._mark(chain)} {padded(label, widths[0])}  {words}".rstrip()
            if verdict := self._verdict(chain):
                yield f"{_INDENT}{self._paint(chain, verdict)}"
            if chain.winner is not None:
                yield f"{_INDENT}{self._written(chain.winner)}"
            for link in _coming(chain):
                yield f"{_INDENT}{self._begins(link)}"
                yield f"{_INDENT}  {self._written(link)}"
        if not chains:
            yield "No file gives this agent a skill."

    def one_skill(self) -> Iterator[str]:
        """Write every layer of one skill, the lowest first, then what is live and what a plan does."""
        (chain,) = self._explanation.chains
        yield from self._head()
        names = [cut(self._link(link), _WIDEST_LABEL) for link in chain.links]
        width = max(map(columns, [*names, "live"]))
        yield self._style.bold(_labels([chain])[0])
        for link, name in zip(chain.links, names, strict=True):
            yield from self._layer(link, name, width)
        if self._explanation.reading is Reading.READ:
            yield f"{_INDENT}{padded('live', width)}  {value_words(chain.live)}"
        yield ""
        yield self._paint(chain, self._sentence(chain))

    def _head(self) -> Iterator[str]:
        agent, team = self._explanation.agent, self._explanation.team
        also = "" if not agent.email or agent.ref.casefold() == agent.label.casefold() else f" ({terminal(agent.ref)})"
        of = "" if team is None else f", {terminal(team)}"
        place = self._style.dim(self._place(self._explanation.source))
        yield f"{self._style.bold(terminal(agent.label or agent.ref))}{also}{of}  {place}"
        if not self._explanation.is_now:
            yield f"As the files have it at {moment(self._explanation.now, None)}."
        if about := self._about():
            yield about
        yield ""

    def _about(self) -> str:
        match self._explanation.reading:
            case Reading.READ:
                return ""
            case Reading.OFFLINE:
                return "What the tenant holds was not read."
            case Reading.MISSING:
                return "The agent is not on the tenant."
            case Reading.UNREADABLE:
                return f"What the tenant holds makes no sense: {terminal(self._explanation.unreadable)}"
            case _:
                assert_never(self._explanation.reading)

    def _layer(self, link: Link, name: str, width: int) -> Iterator[str]:
        mark = ">" if link.is_winner else " "
        value = value_words(link.value) if link.kind is not LinkKind.HOLD else _held_words(link)
        words = f"  {mark} {padded(name, width)}  {value}"
        is_covered = not link.is_winner and link.kind is not LinkKind.HOLD
        fades = is_covered or link.phase in {Phase.COMING, Phase.ENDED}
        words = words.rstrip()
        yield self._style.dim(words) if fades else self._style.bold(words) if link.is_winner else words
        if span := self._span(link):
            yield f"{_INDENT}  {self._style.dim(span)}"
        yield f"{_INDENT}  {self._style.dim(self._place(link.position))}"
        if commit := self._commit(link.position):
            yield f"{_INDENT}  {self._style.dim(commit)}"

    def _link(self, link: Link) -> str:
        """Name a link: `profile everyone (through billing-tier-1)`, `own line`, `override "Black Friday surge"`."""
        match link.kind:
            case LinkKind.PROFILE:
                shown = [*link.through[:_MOST_THROUGH], "…"] if len(link.through) > _MOST_THROUGH else link.through
                through = f" (through {', '.join(map(terminal, shown))})" if link.through else ""
                return f"profile {terminal(link.name)}{through}"
            case LinkKind.AGENT:
                return "own line"
            case LinkKind.OVERRIDE | LinkKind.HOLD:
                ticket = f" ({terminal(link.ticket)})" if link.ticket else ""
                reason = f' "{terminal(link.name)}"' if link.name else ""
                return f"{link.kind.value}{reason}{ticket}"
            case _:
                assert_never(link.kind)

    def _span(self, link: Link) -> str:
        """Say from when until when, where that is not always."""
        window = link.window
        if window is None:
            return ""
        if link.phase is Phase.ENDED:
            return f"ended {self._moment(window.until)}"
        if link.phase is Phase.IN_FORCE or window.start is None:
            return f"until {self._moment(window.until)}"
        return f"from {self._moment(window.start)}, until {moment(window.until, self._explanation.now)}"

    def _moment(self, when: datetime) -> str:
        """Write a moment, and how far away it is unless that would be counted from another one than now."""
        words = moment(when, self._explanation.now)
        return f"{words}, {distance(when, self._explanation.now)}" if self._explanation.is_now else words

    def _origin(self, chain: Chain) -> str:
        """Name what decides, and for how long."""
        if chain.winner is None:
            return ""
        window = chain.winner.window
        span = "" if window is None else f" until {moment(window.until, self._explanation.now)}"
        return f"{self._link(chain.winner)}{span}"

    def _begins(self, link: Link) -> str:
        """Say what an override gives that is yet to come: `from 27 Nov 06:00 −05:00: 70, override "Surge"`."""
        start = None if link.window is None else link.window.start
        since = "" if start is None else f"from {moment(start, self._explanation.now)}: "
        return f"{since}{value_words(link.value)}, {self._link(link)}"

    def _written(self, link: Link) -> str:
        """Say where a link stands, and who wrote it."""
        return self._style.dim(self._place(link.position) + self._by(link.position))

    def _mark(self, chain: Chain) -> str:
        return self._paint(chain, _MARKS[chain.verdict])

    def _paint(self, chain: Chain, text: str) -> str:
        paint = {
            Verdict.ADD: self._style.green,
            Verdict.CHANGE: self._style.yellow,
            Verdict.REMOVE: self._style.red,
        }.get(chain.verdict, str)
        return paint(text)

    def _verdict(self, chain: Chain) -> str:
        """Say in a few words how live differs, and what a plan does about it."""
        change = _change_words(chain)
        match chain.verdict:
            case Verdict.SAME | Verdict.UNKNOWN:
                return ""
            case Verdict.ADD:
                return "live absent: the plan adds it"
            case Verdict.CHANGE:
                return f"live {value_words(chain.live)}, plan: {change}"
            case Verdict.REMOVE:
                return f"live {value_words(chain.live)}, {self._whose(chain)}: the plan removes it"
            case Verdict.HELD:
                return f"live {value_words(chain.live)} is left alone {self._until(chain)}; without the hold: {change}"
            case Verdict.IGNORED:
                return f"`ignore_skills` leaves it to others (`{terminal(chain.ignored_by or '')}`)"
            case _:
                assert_never(chain.verdict)

    def _sentence(self, chain: Chain) -> str:
        if verdict := self._verdict(chain):
            return f"{verdict[0].upper()}{verdict[1:]}."
        if chain.desired is not None:
            wanted, live = f"The files say {value_words(chain.desired)}", "live is the same"
        else:
            whose = self._whose(chain)
            wanted, live = f"{whose[0].upper()}{whose[1:]}", "live does not hold it"
        return f"{wanted}." if chain.verdict is Verdict.UNKNOWN else f"{wanted}, and {live}."

    def _whose(self, chain: Chain) -> str:
        """Say why a skill is not desired; that no file gives it `now`, where a line of one does at another time."""
        if chain.winner is not None:
            return "the files drop it"
        if not any(link.value is not None for link in chain.links):
            return "no file gives it"
        return f"no file gives it {'now' if self._explanation.is_now else 'then'}"

    def _until(self, chain: Chain) -> str:
        hold = chain.hold
        return self._span(hold) if hold is not None else ""

    def _place(self, position: SourcePosition) -> str:
        file = f"{self._folder}/{position.file}" if self._folder else position.file
        return f"{terminal(file)}:{position.line}"

    def _by(self, position: SourcePosition) -> str:
        """Say in short who wrote a line, and when."""
        if not self._is_known(position):
            return ""
        commit = self._history.commits[position.file, position.line]
        return f"  {_commit_words(commit)}"

    def _commit(self, position: SourcePosition) -> str:
        """Say who wrote a line, when, and why."""
        if not self._is_known(position):
            return ""
        commit = self._history.commits[position.file, position.line]
        words = _commit_words(commit)
        if commit is None or not commit.subject:
            return words
        room = max(_WIDTH - len(_INDENT) - 2 - columns(words) - len(' ""'), _SHORTEST_SUBJECT)
        return f'{words} "{cut(terminal(commit.subject), room)}"'

    def _is_known(self, position: SourcePosition) -> bool:
        return (position.file, position.line) in self._history.commits


def _coming(chain: Chain) -> list[Link]:
    """Give the overrides that are yet to begin, the earliest first."""
    coming = [
        (link.window.start, at, link)
        for at, link in enumerate(chain.links)
        if link.kind is LinkKind.OVERRIDE
        and link.phase is Phase.COMING
        and link.window is not None
        and link.window.start is not None
    ]
    return [link for _, _, link in sorted(coming, key=lambda each: each[:2])]


def _change_words(chain: Chain) -> str:
    """Say what would be written in the words of a plan: `40 -> 60`, `available -> not available`, or both."""
    before, after = chain.live, chain.desired
    if before is None or after is None or before.available == after.available:
        return f"{value_words(before)} -> {value_words(after)}"
    words = ("not available", "available")
    availability = f"{words[before.available]} -> {words[after.available]}"
    if before.proficiency == after.proficiency:
        return availability
    return f"{before.proficiency} -> {after.proficiency}, {availability}"


def _held_words(link: Link) -> str:
    return "live is left alone" if link.phase is Phase.IN_FORCE else ""


def _commit_words(commit: Commit | None) -> str:
    if commit is None:
        return "not committed"
    author = cut(terminal(commit.author), _LONGEST_AUTHOR)
    earlier = " or earlier" if commit.may_be_earlier else ""
    facts = [
        f"commit {terminal(commit.id[:_SHORT_ID])}{earlier}",
        author,
        "" if commit.date is None else f"{commit.date}",
    ]
    return ", ".join(filter(None, facts))


def _shown(chain: Chain) -> Assignment | None:
    """Give the value that a line shows: what is desired, or what others left there."""
    return chain.live if chain.verdict is Verdict.IGNORED else chain.desired


def _labels(chains: Sequence[Chain]) -> list[str]:
    """Name the skills; where two share a name, their ids tell them apart."""
    uses = Counter(chain.skill.name for chain in chains)
    return [
        terminal(chain.skill.name if uses[chain.skill.name] == 1 else f"{chain.skill.name} ({chain.skill.id})")
        for chain in chains
    ]
