"""Plans made by hand, hostile names, and a judge of Markdown: what GitHub's own parser makes of it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html  # type: ignore[import-untyped] # it has no types
from cmarkgfm.cmark import Options  # type: ignore[import-untyped] # as above
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.model.tenant import RateLimit
from reconciler.plan.change import (
    Action,
    AgentChange,
    AgentHeld,
    AgentName,
    AgentTurn,
    AssignmentChange,
    CoverageRow,
    Entry,
    Event,
    Kind,
    Plan,
    SkillName,
    SkillTurn,
    Summary,
    Turn,
    Until,
)
from reconciler.plan.digest import digest_of
from reconciler.render.view import View

VIEW = View(
    "",
    "desired-state",
    RateLimit(),
    run_url="https://github.com/acme/centre/actions/runs/4711",
    commit="8f3c2a1b9d0e",
    next_step="merge this pull request",
    whole_plan="the artifact `plan` of this run",
    blob_url="https://github.com/acme/centre/blob/8f3c2a1b9d0e/",
)
Value = int | tuple[int, bool] | None

HOSTILE = (
    "`", "``", "```", "~~~", "|", "\\|", "\\", "@ana", "@acme/team", "ana@example.com", "#12", "!12", "GH-12", "~label",
    "%1", "$x$", "$`a`$", ":tada:", "/close", "[[_TOC_]]", "8f3c2a1b9d0e", " defaced ", "acme/centre#1", "https://evil.example",
    "www.evil.example", "www.", "<b>", "</details>", "</summary>", "</code>", "<!--", "-->", "<script>", "<img src=x>",
    "&lt;", "&#64;", "&", "![x](http://e)", "[x](http://e)", "[x]: http://e", "# h", "- x", "1. x", "> x", "***", "---",
    "::error::x", "##[error]", "##[", "#", "[", "\u202e", "\u200d", "\x1b[31m", "\n", "\r", "\n\n", "\t", " ", "\x00",
    "\u2028", "é", "山田", "😀", "\ud800", "", "x",
)  # fmt: skip
# What GitHub or GitLab makes a link, a person or a picture of, in words that are not code.
REFERENCE = re.compile(
    r"[@$<`\\{}*_]|[#!~%&]\w|:[\w+-]+:|//|\bwww\.|\b[0-9a-f]{7,40}\b|\b[A-Z]+-\d|\[\[|\w/\w|^\s*/", re.IGNORECASE
)
names = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=3)), min_size=1, max_size=4).map("".join)


def assignment(value: Value) -> Assignment | None:
    """Make `40` or `(40, False)` an assignment; None is absent."""
    if value is None:
        return None
    return Assignment(value, available=True) if isinstance(value, int) else Assignment(*value)


def change(
    agent: str,
    team: str | None,
    *rows: tuple[str, Value, Value],
    has_union: bool = False,
    file: str = "agents/billing.yaml",
    line: int = 7,
) -> AgentChange:
    """Make an agent's change of rows `(skill, before, after)`."""
    source = SourcePosition(file, line, 3)
    skills = tuple(
        AssignmentChange(
            Action.ADD if before is None else Action.REMOVE if after is None else Action.CHANGE,
            SkillName(f"id-{name}", name),
            assignment(before),
            assignment(after),
            source,
        )
        for name, before, after in rows
    )
    named = AgentName(f"id-{agent}", agent, "", agent)
    return AgentChange(named, team, source, skills, {}, {}, "1", has_union=has_union)


def plan_of(
    changes: Iterable[AgentChange],
    coverage: Iterable[tuple[str, int, int, int | None]] = (),
    findings: Sequence[Diagnostic] = (),
    tenant: str = "acme-prod",
) -> Plan:
    """Make a plan whose counts are those of its changes."""
    made = tuple(changes)
    actions = [each.action for one in made for each in one.skills]
    writes = len(made) + sum(one.has_union for one in made)
    summary = Summary(
        agents_managed=max(42, len(made)),
        agents_changed=len(made),
        agents_unmanaged=1162,
        agents_missing=0,
        agents_unreadable=0,
        assignments_added=actions.count(Action.ADD),
        assignments_changed=actions.count(Action.CHANGE),
        assignments_removed=actions.count(Action.REMOVE),
        writes=writes,
        requests=writes + 2,
        eta_seconds=writes * 0.6,
    )
    rows = tuple(
        CoverageRow(SkillName(f"id-{name}", name), before, after, floor) for name, before, after, floor in coverage
    )
    return Plan(tenant, digest_of(tenant, made), summary, made, rows, tuple(findings))


NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
_MOMENTS = st.builds(
    lambda seconds, minutes: (NOW + timedelta(seconds=seconds)).astimezone(timezone(timedelta(minutes=minutes))),
    st.integers(1, 10**8),
    st.integers(-14 * 60, 14 * 60),
)


@st.composite
def plans(draw: st.DrawFn, names: st.SearchStrategy[str] = names, most: int = 5) -> Plan:
    """Any plan, with these names in all places; some with what holds for a time, and with what comes."""
    changes = draw(st.lists(agents(names), max_size=most, unique_by=lambda each: each.agent.id))
    coverage = st.tuples(names, st.integers(0, 9), st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9)))
    plan = plan_of(
        changes,
        draw(st.lists(coverage, max_size=most)),
        draw(st.lists(findings(names), max_size=most)),
        draw(names),
    )
    if not draw(st.booleans()):
        return plan
    held = draw(st.lists(agents(names), max_size=2))
    return replace(
        plan,
        held=tuple(_held(each, draw(untils(names))) for each in held),
        changes=tuple(_overridden(each, draw(st.one_of(st.none(), untils(names)))) for each in changes),
        now=draw(st.sampled_from((NOW, None))),
        at=draw(st.sampled_from((NOW, None))),
        valid_until=draw(st.one_of(st.none(), _MOMENTS)),
        coming=tuple(sorted(draw(st.lists(entries(names), max_size=most * 2)), key=lambda entry: entry.at)),
        coming_later=draw(st.integers(0, 9)),
    )


def agents(names: st.SearchStrategy[str]) -> st.SearchStrategy[AgentChange]:
    """Any change of an agent."""
    values = st.one_of(st.none(), st.integers(0, 100), st.tuples(st.integers(0, 100), st.booleans()))
    rows = st.tuples(names, values, values).filter(lambda row: assignment(row[1]) != assignment(row[2]))
    sets = st.lists(rows, min_size=1, max_size=3, unique_by=lambda row: row[0])
    return st.builds(
        lambda agent, team, rows, union, file: change(agent, team, *rows, has_union=union, file=file),
        names, st.one_of(st.none(), names), sets, st.booleans(), names,
    )  # fmt: skip


def untils(names: st.SearchStrategy[str]) -> st.SearchStrategy[Until]:
    """Any end, and what its author wrote beside."""
    return st.builds(Until, _MOMENTS, st.builds(SourcePosition, names, st.just(3), st.just(1)), names, names)


def _held(each: AgentChange, hold: Until) -> AgentHeld:
    return AgentHeld(each.agent, each.team, each.source, tuple(replace(line, hold=hold) for line in each.skills))


def _overridden(each: AgentChange, override: Until | None) -> AgentChange:
    return replace(each, skills=tuple(replace(line, override=override) for line in each.skills))


def entry_of(
    at: datetime,
    events: Iterable[Event],
    changes: Iterable[AgentChange] = (),
    coverage: Iterable[tuple[str, int, int, int | None]] = (),
    *,
    unlisted: int = 0,
) -> Entry:
    """Make a coming moment whose counts are those of its agents; `unlisted` more change."""
    made = tuple(changes)
    counts = {each.skill: Counter[Action]() for one in made for each in one.skills}
    for each in (each for one in made for each in one.skills):
        counts[each.skill][each.action] += 1
    rows = (CoverageRow(SkillName(f"id-{name}", name), before, after, floor) for name, before, after, floor in coverage)
    return Entry(
        at=at,
        events=tuple(events),
        agents_changed=len(made) + unlisted,
        skills=tuple(SkillTurn(skill, actions) for skill, actions in counts.items()),
        coverage=tuple(rows),
        agents=tuple(AgentTurn(each.agent, each.team, each.source, each.skills) for each in made),
    )


def entries(names: st.SearchStrategy[str]) -> st.SearchStrategy[Entry]:
    """Any coming moment."""
    place = st.builds(SourcePosition, names, st.just(3), st.just(1))
    event = st.builds(Event, st.sampled_from(Kind), st.sampled_from(Turn), names, place, names, names)
    coverage = st.tuples(names, st.integers(0, 9), st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9)))
    return st.builds(
        lambda at, events, agents, coverage, unlisted, is_waived: replace(
            made := entry_of(at, events, agents, coverage, unlisted=unlisted),
            waived=frozenset(row.skill.id for row in made.coverage if is_waived),
        ),
        _MOMENTS, st.lists(event, max_size=3), st.lists(agents(names), max_size=3), st.lists(coverage, max_size=3),
        st.integers(0, 2000), st.booleans(),
    )  # fmt: skip


def findings(names: st.SearchStrategy[str] = names) -> st.SearchStrategy[Diagnostic]:
    """Any finding."""
    position = st.one_of(st.none(), st.builds(SourcePosition, names, st.just(3), st.just(1)))
    message = st.builds("`{}` {} {}".format, names, names, names)
    return st.builds(Diagnostic, names, message, st.one_of(st.none(), names), position, st.sampled_from(Severity))


@dataclass
class Html(HTMLParser):
    """What a browser is given: the tags in order, the words outside of code, and all words."""

    tags: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nest; remember where a link goes."""
        self.tags.append(tag)
        self.stack.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        allowed = {"href", "align", "lang", "open"}
        assert {name for name, _ in attrs} <= allowed, attrs

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last, and nothing else."""
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        """Sort words by whether a host looks for references in them."""
        self.words.append(data)
        self.prose.append("\0" if "code" in self.stack or "pre" in self.stack else data)

    def handle_comment(self, data: str) -> None:
        """Remember that there was one."""
        self.comments.append(data)

    @property
    def text(self) -> str:
        """All words."""
        return "".join(self.words)


def html_of(markdown: str) -> Html:
    """Render as GitHub does, but with raw HTML let through, so that it would show."""
    judged = Html()
    judged.feed(github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))
    judged.close()
    assert not judged.stack
    return judged
