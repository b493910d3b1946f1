"""Past runs as a person and a script see them."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentName, SkillName
from reconciler.plan.outcome import Status
from reconciler.plan.record import AgentRecord, RunHead, RunKind, RunRecord, RunState, WrittenSkill
from reconciler.render.runs import run_as_text, runs_as_json, runs_as_text
from reconciler.render.style import Style

Golden = Callable[[str, str], None]
NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = RunHead("20261122T120005Z-00abcd", RunKind.APPLY, "acme-prod", "sha256:1f", NOON, "ana@example.com", COMMIT)
BILLING, CHAT, SPANISH = (SkillName(f"skill-{name.lower()}", name) for name in ("Billing", "Chat", "Spanish"))
GAINS = WrittenSkill(SPANISH, None, Assignment(70, True))
LOSES = WrittenSkill(CHAT, Assignment(50, False), None)
CHANGES = WrittenSkill(BILLING, Assignment(40, True), Assignment(60, True))


def _agent(name: str, status: Status | None, *skills: WrittenSkill, message: str = "") -> AgentRecord:
    return AgentRecord(
        agent=AgentName(f"id-{name}", f"{name}@example.com", f"user.{name}", f"{name}@example.com"),
        team="Billing EMEA",
        source=SourcePosition(f"{HEAD.run}.jsonl", 2, 1),
        skills=skills,
        before={},
        after={},
        has_intent=bool(skills),
        status=status,
        message=message,
    )


KILLED = RunRecord(
    HEAD,
    RunState.KILLED,
    None,
    (
        _agent("ed", None, CHANGES),
        _agent("ana", Status.APPLIED, CHANGES, LOSES, GAINS),
        _agent("bo", Status.CONFLICT, message="somebody else changed `Chat` meanwhile"),
        replace(
            _agent("di", Status.FAILED, GAINS, message="it was not written"), resolved_by="20261122T130000Z-00beef"
        ),
        _agent("cy", Status.UNKNOWN, LOSES, message="no answer within 30 s"),
    ),
)
DONE = RunRecord(
    replace(
        HEAD,
        run="20261122T140005Z-0000ff",
        kind=RunKind.ROLLBACK,
        started_at=NOON + timedelta(hours=2),
        who="a-service-account-with-a-very-long-name@ci.emea.contact-centre.example.com",
        allowed=("old-plan",),
        reverts=HEAD.run,
    ),
    RunState.COMPLETE,
    NOON + timedelta(hours=2, seconds=9),
    (_agent("ana", Status.APPLIED, CHANGES), _agent("bo", Status.ALREADY_DONE)),
)
DAMAGED = RunRecord(
    RunHead("20261121T090000Z-00cafe", RunKind.APPLY, "", "", NOON - timedelta(days=1)),
    RunState.KILLED,
    None,
    (),
    "line 1 of `.reconcile/runs/20261121T090000Z-00cafe.jsonl` was edited, or a line before it removed",
)
RECORDS = (DONE, KILLED, DAMAGED)


def test_the_list_of_runs(golden: Golden) -> None:
    golden("runs.txt", runs_as_text(RECORDS))


def test_one_run(golden: Golden) -> None:
    golden("run.txt", run_as_text(KILLED) + "\n" + run_as_text(DONE) + "\n" + run_as_text(DAMAGED))


def test_runs_as_json(golden: Golden) -> None:
    golden("runs.json", runs_as_json(RECORDS))


def test_colours_change_nothing_but_colours() -> None:
    painted = runs_as_text(RECORDS, Style(has_color=True)) + run_as_text(KILLED, Style(has_color=True))
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        assert code == "\x1b[2m" or code in painted
        painted = painted.replace(code, "")
    assert painted == runs_as_text(RECORDS) + run_as_text(KILLED)


def test_what_nobody_knows_is_marked_and_nothing_else() -> None:
    """Without an outcome, and with an unknown one; not once a later run has found out."""
    marked = [line.split()[1] for line in run_as_text(KILLED).splitlines() if line.startswith("  ? ")]
    assert marked == ["Chat", "Billing"]
    doubtful = {
        run["agent"]["ref"][:2]: run["doubtful"] for run in json.loads(runs_as_json([KILLED]))["runs"][0]["agents"]
    }
    assert doubtful == {"an": False, "bo": False, "cy": True, "di": False, "ed": True}


FOREIGN = st.text(max_size=90)


def _columns(line: str) -> int:
    """Count as a terminal does, in another way than the code: by the names of the characters."""
    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in line)
    return len([char for char in line if not unicodedata.combining(char)]) + wide


@given(FOREIGN, FOREIGN, FOREIGN, FOREIGN)
def test_a_list_fits_eighty_columns_whatever_the_names(run: str, tenant: str, who: str, commit: str) -> None:
    """Two lines a run, each visible, and no wider than a narrow terminal."""
    head = replace(HEAD, run=run, tenant=tenant, who=who, commit=commit, kind=RunKind.ROLLBACK)
    agents = KILLED.agents * 20
    lines = runs_as_text([RunRecord(head, RunState.INTERRUPTED, None, agents), KILLED]).splitlines()
    assert len(lines) == 5
    assert max(map(_columns, lines)) <= 80


@given(FOREIGN, FOREIGN, FOREIGN)
def test_nothing_foreign_reaches_a_terminal_unescaped(name: str, team: str, words: str) -> None:
    """Names of agents, teams and skills, messages, and what is wrong with a journal."""
    skill = SkillName(name, name)
    agent = replace(
        _agent("x", None, WrittenSkill(skill, None, Assignment(1, True))),
        agent=AgentName(name, name, name, name),
        team=team,
        message=words,
        resolved_by=words,
    )
    head = replace(HEAD, who=words, commit=team, allowed=(name,), reverts=words, digest=words)
    record = RunRecord(head, RunState.KILLED, None, (agent,), damage=words or "edited")
    for text in (run_as_text(record), runs_as_text([record])):
        unseen = {
            char for char in text.replace("\n", "") if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        }
        assert not unseen
    assert runs_as_json([record]).isascii()
    assert len(runs_as_text([record]).splitlines()) == 4
