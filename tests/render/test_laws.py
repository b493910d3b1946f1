"""What holds for every text: nothing foreign reaches a terminal or a CI log unescaped, and a saved plan comes back."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.position import SourcePosition
from reconciler.plan.calendar import Calendar
from reconciler.plan.change import Plan
from reconciler.plan.digest import digest_of
from reconciler.plan.scope import Filters
from reconciler.render.calendar import calendar_as_text
from reconciler.render.escape import terminal
from reconciler.render.messages import messages_as_github, messages_as_text
from reconciler.render.plan_json import plan_as_json, read_plan
from reconciler.render.plan_text import duration, plan_as_text
from tests.conftest import VirtualClock
from tests.render.hand_made import NOW, plans
from tests.world import World, agent


@given(st.text())
def test_escaped_text_is_one_visible_line(text: str) -> None:
    escaped = terminal(text)
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs"} for char in escaped)


@given(st.text())
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Nobody's name is mangled: José, 山田, Ängström."""
    if all(unicodedata.category(char)[0] in "LMNPS" or char == " " for char in text):
        assert terminal(text) == text


@given(st.text(), st.text(min_size=1), st.text())
def test_a_message_is_one_annotation_whatever_it_says(message: str, file: str, hint: str) -> None:
    """No text can end the command, start another, or add a property to it."""
    written = messages_as_github([Diagnostic("code", message, hint, SourcePosition(file, 1, 2))])
    assert written.count("\n") == 1
    head, _, _ = written.removeprefix("::error ").partition("::")
    assert [each.split("=")[0] for each in head.split(",")] == ["file", "line", "col", "title"]


@given(st.text(), st.one_of(st.none(), st.text()))
def test_a_message_is_at_most_two_lines(message: str, hint: str | None) -> None:
    text = messages_as_text([Diagnostic("code", message, hint)])
    assert text.count("\n") == (1 if hint is None else 2)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (3.0, "3 s"), (119, "119 s"), (120, "2 min"), (5999, "100 min"), (7200, "2 h 0 min")],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.fixture
def plan(tmp_path: Path, clock: VirtualClock) -> Plan:
    """A plan with an add, a change, a removal and a finding."""
    world = World(tmp_path, clock, (agent("ana", Billing=40, Chat=30),))
    world.write_agents(ana="{Billing: 60, Email: {proficiency: 5, available: false}}", zoe="{}")
    return world.plan()


def test_a_saved_plan_comes_back_whole(plan: Plan) -> None:
    """All that is shown survives; what only an apply needs does not, for an apply plans afresh."""
    saved = read_plan(plan_as_json(plan, "2026-11-22T14:00:00Z").encode(), "plan.json")
    assert saved.created_at == "2026-11-22T14:00:00Z"
    assert plan_as_json(saved.plan, saved.created_at) == plan_as_json(plan, saved.created_at)


@settings(max_examples=50)
@given(plans(st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)))
def test_whatever_a_plan_says_of_time_comes_back(plan: Plan) -> None:
    """Every moment with its events, counts, agents and coverage, and all that is held; whatever it is called."""
    made = replace(plan, changes=(), digest=digest_of(plan.tenant, ()))
    text = plan_as_json(made, "2026-11-22T14:00:00Z")
    again = read_plan(text.encode(), "plan.json").plan
    assert plan_as_json(again, "2026-11-22T14:00:00Z") == text
    assert plan_as_text(replace(again, now=plan.now)) == plan_as_text(made)
    assert [(entry.at, entry.events, entry.skills) for entry in again.coming] == [
        (entry.at, entry.events, entry.skills) for entry in made.coming
    ]


@settings(max_examples=50)
@given(plans())
def test_a_plan_in_a_terminal_holds_nothing_that_is_not_seen(plan: Plan) -> None:
    """Nor does the calendar of what it says is coming."""
    coming = Calendar(plan.tenant, NOW, NOW, plan.coming)
    for text in (plan_as_text(plan, "desired-state"), calendar_as_text(coming, "desired-state")):
        assert all(terminal(line) == line for line in text.split("\n"))


def _edits(value: object) -> Iterator[object]:
    """Every copy of a document with one of its changes' values edited."""
    text = json.dumps(value)
    for old, new in (
        ('"proficiency": 60', '"proficiency": 61'),
        ('"action": "remove"', '"action": "add"'),
        ("id-ana", "id-bo"),
    ):
        assert old in text
        yield json.loads(text.replace(old, new, 1))


def test_an_edited_plan_is_refused(plan: Plan) -> None:
    """A plan is a claim: what it lists must be what its digest names."""
    for edited in _edits(json.loads(plan_as_json(plan, "2026-11-22T14:00:00Z"))):
        with pytest.raises(InvalidInput):
            read_plan(json.dumps(edited).encode(), "plan.json")


def test_a_saved_plan_knows_its_scope_and_its_unions(tmp_path: Path, clock: VirtualClock) -> None:
    """An apply of it is narrowed in the same way, and shown with the same number of writes."""
    world = World(tmp_path, clock, (agent("ana", Billing=1), agent("bo", Chat=1)))
    world.write_agents(ana="{Chat: 1}", bo="{Billing: 1}")
    filters = Filters(("ana@example.com", "id-bo"), ("Testers",), ("Billing", "Chat"))
    plan = world.plan(filters)
    saved = read_plan(plan_as_json(plan, "2026-11-22T14:00:00Z").encode(), "plan.json").plan
    assert saved.filters == filters
    assert [change.has_union for change in saved.changes] == [change.has_union for change in plan.changes]
    assert plan_as_text(saved) == plan_as_text(plan)
    for narrowed in (Filters(no_removals=True), Filters(timed=True)):
        kept = read_plan(plan_as_json(world.plan(narrowed), "").encode(), "plan.json").plan
        assert kept.filters == narrowed


def test_a_plan_saved_by_an_older_version_is_read(plan: Plan) -> None:
    """It has neither scope nor writes: the whole tenant, one write for each agent. Nor does it know what comes."""
    document = json.loads(plan_as_json(plan, "2026-11-22T14:00:00Z"))
    for key in ("scope", "held", "coming", "coming_later"):
        del document[key]
    for change in document["changes"]:
        del change["writes"]
    saved = read_plan(json.dumps(document).encode(), "plan.json").plan
    assert saved.filters == Filters()
    assert not any(change.has_union for change in saved.changes)
    assert (saved.held, saved.coming, saved.coming_later) == ((), (), 0)


@pytest.mark.parametrize(("key", "value"), [("scope", None), ("scope", {"agents": [1]}), ("scope", [])])
def test_a_scope_of_another_shape_is_refused(plan: Plan, key: str, value: object) -> None:
    document = json.loads(plan_as_json(plan, "2026-11-22T14:00:00Z")) | {key: value}
    with pytest.raises(InvalidInput):
        read_plan(json.dumps(document).encode(), "plan.json")


@pytest.mark.parametrize("writes", [0, 3, -1, True, "2", None])
def test_a_number_of_writes_that_cannot_be_is_refused(plan: Plan, writes: object) -> None:
    document = json.loads(plan_as_json(plan, "2026-11-22T14:00:00Z"))
    document["changes"][0]["writes"] = writes
    with pytest.raises(InvalidInput):
        read_plan(json.dumps(document).encode(), "plan.json")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff", b'{"format_version": 2}', b"[" * 100_000, b'{"format_version": 1}']
)
def test_whatever_is_no_plan_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_plan(data, "plan.json")
    assert caught.value.diagnostics[0].message.startswith("plan.json")
