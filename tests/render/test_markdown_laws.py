"""What holds for every plan in Markdown: nothing foreign is obeyed, it always fits, and what is left out is counted."""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.plan.change import AgentName, Event, Plan, SkillName
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.render import PLAN_FORMATS
from reconciler.render.escape import in_fence, runner, terminal
from reconciler.render.markdown import (
    applied_comment,
    applying_comment,
    drift_issue,
    failed_comment,
    in_sync_comment,
    outdated_comment,
    plan_as_markdown,
    plan_comment,
    refused_comment,
    stopped_comment,
    valid_comment,
)
from reconciler.render.marker import Marker, read_marker
from reconciler.render.view import View
from tests.render.hand_made import REFERENCE, VIEW, Html, change, findings, html_of, names, plan_of, plans

TAGS = {"h3", "h4", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
TAGS |= {"pre", "code", "a"}
few = settings(max_examples=50)
tame = st.integers(0, 10**9).map("name{}".format)


def outcomes() -> st.SearchStrategy[Outcome]:
    """Any end of a run, with hostile words in all places."""
    agent = st.builds(
        AgentOutcome, st.builds(lambda name: change(name, None).agent, names), st.sampled_from(Status), names
    )
    messages = st.lists(findings(), max_size=2).map(tuple)
    return st.builds(
        Outcome, names, names, names, st.lists(agent, max_size=4).map(tuple), st.just(12), st.just(1), st.just(3.2),
        st.booleans(), messages, messages, unrecorded=st.lists(agent, max_size=1).map(tuple),
    )  # fmt: skip


@st.composite
def comments(draw: st.DrawFn) -> str:
    """Any of the texts that are sent to a host."""
    plan, tenant = draw(plans()), draw(names)
    # The run's address comes from CI, not from a name: where it is an address of the web, it is meant to be a link.
    odd_urls = names.filter(lambda name: not name.casefold().startswith("http"))
    words = st.builds(
        replace, st.just(VIEW), folder=names, commit=names, next_step=names, whole_plan=names, run_url=odd_urls
    )
    view = draw(st.one_of(words, st.just(VIEW)))
    marker, messages = Marker(tenant, "0123abc"), draw(st.lists(findings(), max_size=4))
    texts: tuple[Callable[[], str], ...] = (
        lambda: plan_comment(marker, plan, view),
        lambda: failed_comment(marker, messages, view, exit_code=3),
        lambda: valid_comment(marker, view, is_fork=draw(st.booleans())),
        lambda: applying_comment(marker, draw(st.sampled_from((plan, None))), view),
        lambda: applied_comment(marker, draw(outcomes()), draw(st.sampled_from((plan, None))), view),
        lambda: refused_comment(marker, messages, plan, draw(st.one_of(st.none(), plans())), view),
        lambda: stopped_comment(marker, messages, view, exit_code=draw(st.sampled_from((-1, 4)))),
        lambda: outdated_comment(marker),
        lambda: drift_issue(plan, view, marker)[1],
        lambda: in_sync_comment(view),
    )
    return draw(st.sampled_from(texts))()


def judge(text: str) -> Html:
    """Hold a text against every rule about foreign names."""
    html = html_of(text)
    assert set(html.tags) <= TAGS
    assert all(address.startswith("https://github.com/acme/centre/") for address in html.addresses)
    assert not REFERENCE.search("".join(html.prose))
    assert len(html.comments) == (read_marker(text) is not None)
    lines = text.split("\n")
    assert lines.count("</details>") == sum(line.startswith("<details") for line in lines) == html.tags.count("details")
    assert runner(text) == text
    assert all(terminal(line) == line for line in lines)
    return html


@few
@given(comments())
def test_nothing_foreign_is_obeyed(text: str) -> None:
    """No tag, link, mention, reference, heading, comment or CI command; no end of a fence, a cell or a fold.

    And every comment fits.
    """
    judge(text)
    assert len(text) <= VIEW.limit


def _renamed(value: Any, name: Callable[[str], str]) -> Any:  # noqa: ANN401 - any part of a plan
    """The same with other names; those of skills keep their ids, so that they stay apart."""
    if isinstance(value, SkillName):
        return replace(value, name=name(value.name))
    if isinstance(value, AgentName):
        return replace(value, email=name(value.email), ref=name(value.ref))
    if type(value) is tuple:
        return tuple(_renamed(each, name) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    parts = {each.name: _renamed(getattr(value, each.name), name) for each in fields(value)}
    if parts.get("team"):
        parts["team"] = name(parts["team"])
    if isinstance(value, Event):
        parts |= {"subject": name(value.subject), "reason": name(value.reason), "ticket": name(value.ticket)}
    return replace(value, **parts)


@few
@given(plans(tame), names)
def test_names_do_not_change_the_shape(plan: Plan, hostile: str) -> None:
    """The tags are those of the same plan with tame names, but for spans that a name is shown in."""

    def tags(each: Plan) -> list[str]:
        return [tag for tag in judge(plan_as_markdown(each, VIEW)).tags if tag != "code"]

    assert tags(_renamed(plan, lambda name: f"{name}{hostile}")) == tags(plan)


@few
@given(plans())
def test_every_name_can_be_read(plan: Plan) -> None:
    """As a terminal would show it; only `##[`, which a runner obeys, is shown as an escape within a fence."""
    text = judge(plan_as_markdown(plan, replace(VIEW, limit=10**6))).text
    for each in plan.changes:
        assert in_fence(each.agent.label).strip() in text
        assert each.team is None or terminal(each.team).strip() in text
        assert all(in_fence(row.skill.name).strip() in text for row in each.skills)
    for entry in plan.coming[:8]:
        assert all(in_fence(each.agent.label).strip() in text for each in entry.agents)


LIMIT = 6_000


@few
@given(plans(most=25), st.integers(LIMIT, 60_000))
def test_a_plan_always_fits(plan: Plan, limit: int) -> None:
    text = plan_as_markdown(plan, replace(VIEW, limit=limit))
    judge(text)
    assert len(text.encode("utf-16-le")) // 2 <= limit


def large(gaining: int, losing: int = 0, proficiency_only: int = 0, mixed: int = 0, skills: int = 12) -> Plan:
    """Agents who gain a skill, lose one, only change, or do all of that; forty to a team."""

    def skill(number: int) -> str:
        return f"Skill {number % skills}"

    lost, gained, changed = (50, None), (None, 70), (40, 60)
    kinds: list[tuple[tuple[int | None, int | None], ...]] = [(lost, gained, changed)] * mixed + [(lost,)] * losing
    kinds += [(changed,)] * proficiency_only + [(gained,)] * gaining
    changes = [
        change(
            f"agent.number{number:06}@example.com",
            f"Team {number // 40:04}",
            *((skill(number + index), before, after) for index, (before, after) in enumerate(kind)),
        )
        for number, kind in enumerate(kinds)
    ]
    coverage = [(f"Skill {number}", 100 + number, 100, 90) for number in range(skills)]
    warning = Diagnostic("agent-missing", "`zoe` is not on the tenant", "remove it", severity=Severity.WARN)
    notes = [Diagnostic("note", "by the way", severity=Severity.INFO)] * 20
    return plan_of(changes, coverage, [warning, *notes])


def _left_out(text: str) -> str:
    found = re.search(r"\*\*Left out to fit\*\*: (.*?)\. The whole plan", text)
    return found[1] if found else ""


def test_what_is_shed_first_weighs_least() -> None:
    """Notes, then who only changes in proficiency, then gains, then details of losses; never who loses what."""
    plan = large(100, losing=100, proficiency_only=100)
    seen = []
    for limit in range(41_000, 3_000, -300):
        text = plan_as_markdown(plan, replace(VIEW, limit=limit))
        assert len(text) <= limit
        seen.append(_left_out(text))
        assert "**Ready**" in text
        assert "agent-missing" in text
        # The values of the losses are details too: none is shown while details of others are left out.
        assert "was 50" not in text or "removals" not in seen[-1]
        assert "| `Skill 11` | 111 | **100** |" in text
    order = ["", "20 notes", "proficiency changes", "adds", "details of", "the agents of"]
    stages = [max(index for index, words in enumerate(order) if words in text) for text in seen]
    assert stages == sorted(stages)
    assert set(stages) == set(range(len(order))), sorted(set(stages))


@few
@given(st.integers(LIMIT, 40_000), *[st.integers(0, 150)] * 4)
def test_what_is_left_out_is_counted(limit: int, losing: int, proficiency_only: int, gaining: int, mixed: int) -> None:
    """What is shown and what is said to be left out are all there is."""
    text = plan_as_markdown(large(gaining, losing, proficiency_only, mixed), replace(VIEW, limit=limit))
    left = _left_out(text)
    heads, agents = text.partition("#### Removals")[2].partition("#### By team")[0], text.partition("#### By team")[2]

    def number(pattern: str) -> int:
        found = re.search(pattern, left)
        return int(found[1].replace(",", "")) if found else 0

    def shown(mark: str) -> int:
        return len(re.findall(rf"^{re.escape(mark)} Skill", agents, re.MULTILINE))

    changes = number(r"proficiency changes of ([\d,]+) agent") + number(r"([\d,]+) changes? of [\d,]+ agents?\b")
    assert shown("!") + changes == proficiency_only + mixed
    assert shown("+") + number(r"([\d,]+) adds?\b") == gaining + mixed
    unnamed = number(r"the agents of ([\d,]+) removal")
    assert len(set(re.findall(r"agent\.number\d+", heads))) + unnamed == losing + mixed
    assert shown("-") + number(r"details of ([\d,]+) removal") + unnamed == losing + mixed
    assert sum(int(each) for each in re.findall(r"^-     and (\d+) more agents?$", heads, re.MULTILINE)) <= unnamed


def test_long_fences_are_reckoned_with() -> None:
    """A name of back-ticks makes its fence longer than it is itself."""
    plan = plan_of([change(f"{number}{'`' * 200}", f"Team {number}", ("Chat", None, 1)) for number in range(60)])
    for limit in range(3_000, 60_000, 777):
        assert len(plan_as_markdown(plan, replace(VIEW, limit=limit))) <= limit


@pytest.mark.parametrize("skills", [12, 5_000])
def test_even_very_many_losses_fit(skills: int) -> None:
    """Losses are then counted by skill, and their counts add up to all of them; the room that is left is for names."""
    plan = large(0, losing=20_000, skills=skills)
    text = plan_as_markdown(plan, VIEW)
    assert len(text) <= VIEW.limit
    named = len(set(re.findall(r"agent\.number\d+", text)))
    details = f", the details of {named:,} removals" if named else ""
    assert f"**Left out to fit**: 20 notes{details} and the agents of {20_000 - named:,} removals." in text
    assert (len(text) > 0.97 * VIEW.limit) if skills == 12 else not named
    counts = [int(each.replace(",", "")) for each in re.findall(r"^- Skill \d+: ([\d,]+) agents?$", text, re.MULTILINE)]
    rest = re.search(r"^- and [\d,]+ more skills: ([\d,]+) removals$", text, re.MULTILINE)
    assert sum(counts) + (int(rest[1].replace(",", "")) if rest else 0) == 20_000
    judge(text)


def test_gitlab_is_told_the_counts() -> None:
    plan = plan_of([change("ana", None, ("a", 1, 2), ("b", None, 1), ("c", None, 1), ("d", 1, None))])
    assert PLAN_FORMATS["gitlab"](plan, View("")) == '{"create": 2, "update": 1, "delete": 1}\n'
