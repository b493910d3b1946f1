"""The page of a plan: what it shows, what it leaves out, and that no name can be anything but text in it."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.plan.change import CoverageRow, Plan, SkillName
from reconciler.plan.scope import Filters
from reconciler.render.escape import runner, terminal
from reconciler.render.html import plan_as_html
from reconciler.render.html.page import shown
from tests.conftest import VirtualClock
from tests.render.crowd import crowd
from tests.render.hand_made import HOSTILE, VIEW, change, plan_of, plans
from tests.render.test_golden import CREATED_AT, blocked_plan, small_plan, timed_plan

_TEMPLATES = Path(__file__).parents[2] / "reconciler" / "render" / "html" / "templates"
_VOID = {"meta", "input", "rect", "line"}
_MORE_HOSTILE = (
    "</script>", "</style>", "<script>alert(1)</script>", '"', "'", '" onmouseover="alert(1)', "' x='",
    "javascript:alert(1)",
    "data:text/html,x", "{{ 7 * 7 }}", "{% raw %}", "{#", "]]>", "<![CDATA[", "<?x", "&quot;", "&#0;",
    "\u2066", "\u200f", "\x7f",
)  # fmt: skip
hostile_names = st.lists(
    st.one_of(st.sampled_from(HOSTILE + _MORE_HOSTILE), st.text(max_size=3)), min_size=1, max_size=4
).map("".join)
Golden = Callable[[str, str], None]


@dataclass
class Read(HTMLParser):
    """What a browser is given: every element with its attributes, and the text that stands in each kind of element."""

    elements: Counter[tuple[str, tuple[tuple[str, str | None], ...]]] = field(default_factory=Counter)
    stack: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element, and that its text begins."""
        self.elements[tag, tuple(attrs)] += 1
        if tag not in _VOID:
            self.stack.append(tag)
            self.texts.append((tag, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        self.elements[tag, tuple(attrs)] += 1

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last, and nothing else."""
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        """Add to the text of the element that was opened last, if it is open still."""
        if self.texts and self.stack and self.texts[-1][0] == self.stack[-1]:
            tag, before = self.texts[-1]
            self.texts[-1] = (tag, before + data)

    def handle_comment(self, data: str) -> None:
        """Refuse: the templates have none."""
        raise AssertionError(data)

    unknown_decl = handle_pi = handle_comment

    def all_in(self, tag: str) -> list[str]:
        """Give the texts of all elements of a kind."""
        return [text for name, text in self.texts if name == tag]


def read(page: str) -> Read:
    """Take a page apart."""
    judged = Read()
    judged.feed(page)
    judged.close()
    assert not judged.stack
    return judged


def test_a_plan_as_a_page(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    golden("plan.html", plan_as_html(small_plan(tmp_path, clock), replace(VIEW, created_at=CREATED_AT)))


def test_a_blocked_plan_as_a_page(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    golden("plan-blocked.html", plan_as_html(blocked_plan(tmp_path, clock), replace(VIEW, created_at=CREATED_AT)))


def test_a_plan_as_a_page_with_what_holds_for_a_time(tmp_path: Path, clock: VirtualClock, golden: Golden) -> None:
    golden("plan-timed.html", plan_as_html(timed_plan(tmp_path, clock), replace(VIEW, created_at=CREATED_AT)))


def _renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - any part of a plan
    """Give every text another name, the same for the same text; an empty one stays empty."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return names[value] if not value else names.setdefault(value, f"n{len(names)}")
    if type(value) is tuple:
        return tuple(_renamed(each, names) for each in value)
    if type(value) is frozenset:
        return frozenset(_renamed(each, names) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _renamed(getattr(value, each.name), names) for each in fields(value)})
    return value


def _structure(page: str) -> Counter[tuple[str, tuple[tuple[str, str | None], ...]]]:
    """Count the elements with all of their attributes; quotes within a sentence make more `code`, which has none."""
    elements = read(page).elements
    del elements["code", ()]
    return elements


@settings(max_examples=40)
@given(plans(hostile_names))
def test_no_name_makes_an_element_or_an_attribute(plan: Plan) -> None:
    """Whatever things are called, the page is built of exactly the same elements with the same attributes."""
    harmless = _renamed(plan, {"": ""})
    assert _structure(plan_as_html(plan, VIEW)) == _structure(plan_as_html(harmless, VIEW))


@settings(max_examples=40)
@given(plans(hostile_names))
def test_every_name_is_there_as_a_terminal_would_show_it(plan: Plan) -> None:
    page = plan_as_html(plan, VIEW)
    named = read(page).all_in("bdi")
    assert terminal(plan.tenant) in named
    for each in plan.changes:
        assert terminal(each.agent.label) in named
        assert terminal("No team" if each.team is None else each.team) in named
        assert all(any(text.startswith(terminal(skill.skill.name)) for text in named) for skill in each.skills)
    assert all(terminal(each.agent.label) in named for entry in plan.coming for each in entry.agents)
    assert all(terminal(each.agent.label) in named for each in plan.held)
    messages = "".join(text for _, text in read(page).texts)
    assert all(terminal(finding.code) in messages for finding in plan.findings)


@settings(max_examples=40)
@given(plans(hostile_names))
def test_a_page_holds_nothing_that_is_not_seen_and_nothing_that_a_runner_obeys(plan: Plan) -> None:
    """A script that was changed on its way to the file would not run: its fingerprint is in the policy."""
    page = plan_as_html(plan, VIEW)
    assert all(terminal(line) == line for line in page.split("\n"))
    assert runner(page) == page


@settings(max_examples=40)
@given(plans(hostile_names))
def test_what_runs_and_paints_is_ours_and_nothing_else_may(plan: Plan) -> None:
    page = plan_as_html(plan, VIEW)
    (style, script) = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    judged = read(page)
    assert judged.all_in("style") == [style]
    assert judged.all_in("script") == [script]
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    allowed = {
        name: b64encode(sha256(text.encode()).digest()).decode()
        for name, text in (("script", script), ("style", style))
    }
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'sha256-{allowed['script']}'",
        "style-src": f"'sha256-{allowed['style']}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    # The policy stands before whatever it is to guard.
    assert page.index("Content-Security-Policy") < min(page.index("<style"), page.index("<title"))


def test_nothing_leads_or_fetches_elsewhere() -> None:
    page = plan_as_html(crowd(40), VIEW)
    names = {name for _, attributes in read(page).elements for name, _ in attributes}
    assert not names & {"href", "src", "srcset", "style", "action", "data", "poster", "xlink:href"}
    assert not {name for name in names if name.startswith("on")}
    assert not re.search(r"url\(|@import|https?:|\bfetch\(|XMLHttp|innerHTML", page)


@pytest.mark.parametrize("value", [None, 1.5, True, ("a",), b"a"], ids=repr)
def test_a_template_shows_texts_and_numbers_and_nothing_else(value: object) -> None:
    with pytest.raises(TypeError):
        shown(value)


def test_the_worst_skill_comes_first_and_its_bar_says_so() -> None:
    rows = [("Chat", 10, 9, None), ("Fraud", 2, 0, 1), ("Sales", 8, 4, 5), ("Email", 1, 3, None), ("Same", 4, 4, None)]
    plan = plan_of([change("ana", "A", ("Chat", 1, None))], rows)
    page = plan_as_html(plan, VIEW)
    found = re.findall(r'<tr class="(\w+)"><th scope="row"><bdi>(\w+)</bdi>.*<td class="note">([^<]*)</td>', page)
    assert found == [
        ("bad", "Fraud", "nobody left"),
        ("bad", "Sales", "below its floor"),
        ("less", "Chat", "\u22121 (\u221210%)"),
        ("more", "Email", "+2 (+200%)"),
    ]
    assert "nobody is left to take <code>Fraud</code>; fewer agents than the floor for <code>Sales</code>" in page
    assert ">Same<" in plan_as_html(plan, replace(VIEW, shows_every_skill=True))


def test_a_bar_marks_floor_and_lowest_point_by_the_scale_of_its_row() -> None:
    row = CoverageRow(SkillName("id", "Sales"), before=8, after=4, floor=16, lowest=2)
    page = plan_as_html(replace(plan_of([]), coverage=(row,)), VIEW)
    assert re.findall(r'(before|after)" y="\d" width="([^"]*)"', page) == [("before", "50.0%"), ("after", "25.0%")]
    assert re.findall(r'class="(lowest|floor)" x1="([^"]*)"', page) == [("lowest", "12.5%"), ("floor", "100.0%")]
    assert 'class="is-lowest"' in page
    flat = plan_as_html(replace(plan_of([]), coverage=(replace(row, lowest=4),)), VIEW)
    assert 'class="lowest"' not in flat
    assert 'class="is-lowest"' not in flat


def test_the_verdict_says_what_the_plan_is() -> None:
    one = plan_of([change("ana", None, ("Chat", 1, 2))])
    stop = Diagnostic("max-agents-changed", "too many", None, None, Severity.BLOCK)
    cases = {
        "same": plan_of([]),
        "ready": one,
        "care": plan_of(one.changes, [("Chat", 1, 0, None)]),
        "blocked": replace(one, findings=(stop,)),
    }
    for tone, plan in cases.items():
        page = plan_as_html(plan, VIEW)
        assert f'<header class="top {tone}">' in page
        assert ("reconcile apply" in page) == (tone in {"ready", "care"})
    assert "42 agents are as the files say" in plan_as_html(cases["same"], VIEW)


def test_a_plan_of_a_part_says_of_which() -> None:
    plan = replace(plan_of([]), filters=Filters(agents=("ana",), teams=("A", "B"), no_removals=True, timed=True))
    page = plan_as_html(plan, VIEW)
    assert "only agents <code>ana</code>; only teams <code>A</code> and <code>B</code>; no removals; only what" in page
    assert "Narrowed" not in plan_as_html(plan_of([]), VIEW)


def test_a_thousand_agents_are_all_there() -> None:
    plan = crowd(1000)
    page = plan_as_html(plan, VIEW)
    named = set(read(page).all_in("bdi"))
    assert all(each.agent.label in named for each in plan.changes)
    assert "left out" not in page


def test_what_is_left_out_of_a_huge_plan_is_counted_and_losses_stay() -> None:
    """A browser cannot bear a hundred thousand agents: who loses a skill is shown first, the rest by numbers."""
    gains = [change(f"gain-{number}", "A", ("Chat", None, 1), ("Email", 1, 2)) for number in range(50)]
    losses = [change(f"loss-{number}", "B", ("Chat", 1, None)) for number in range(10)]
    page = plan_as_html(plan_of([*gains, *losses]), VIEW, most_lines=100)
    named = set(read(page).all_in("bdi"))
    assert all(each.agent.label in named for each in losses)
    assert sum(name.startswith("gain-") for name in named) == 45
    assert "5 agents left out, lest this page be too large to open: 5 added, 5 changed; none of these takes" in page
    assert "5 more agents of this team left out" in page
    assert "3 removed; 3 of these take a skill away" in plan_as_html(plan_of(losses), VIEW, most_lines=7)


def test_a_long_list_of_findings_and_of_skills_ends_in_a_count() -> None:
    findings = [Diagnostic("agent-missing", f"`{n}` is not there", None, None, Severity.WARN) for n in range(700)]
    rows = [(f"skill {n:03}", 9, 8, None) for n in range(640)]
    page = plan_as_html(plan_of([change("ana", "A", ("skill 001", 1, None))], rows, findings), VIEW)
    assert "and 200 more findings" in page
    assert "and 140 more skills, 140 with fewer agents" in page
    assert "<summary>488 more</summary>" in page


def test_who_is_written_twice_or_not_active_is_said() -> None:
    twice = change("ana", "A", ("Chat", None, 1), ("Email", 1, None), has_union=True)
    page = plan_as_html(plan_of([replace(twice, is_active=False)]), VIEW)
    assert re.findall(r'<p class="aside">(\w+ \w+)', page) == ["two writes", "not active"]


def test_a_line_names_its_place_only_where_the_agent_does_not() -> None:
    made = change("ana", "A", ("Chat", None, 1), ("Email", 1, 2), ("Sales", 3, None), line=7)
    places = [made.source, replace(made.source, line=9), replace(made.source, file="profiles.yaml", line=3)]
    skills = tuple(replace(each, source=at) for each, at in zip(made.skills, places, strict=True))
    page = plan_as_html(plan_of([replace(made, skills=skills)]), VIEW)
    assert re.findall(r'class="place">([^<]*)<', page) == [
        "desired-state/agents/billing.yaml:7",
        "line 9",
        "desired-state/profiles.yaml:3",
    ]
