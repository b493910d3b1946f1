"""Reading journals: whole lines are believed, torn ones forgiven, edited ones named; and no file whatever is fatal."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.chain import START, seal
from reconciler.apply.journal import Journal
from reconciler.apply.runs import doubtful, find_run, list_runs, read_run, unsettled_runs
from reconciler.errors import InvalidInput
from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange, AgentName, Part, SkillName
from reconciler.plan.outcome import AgentOutcome, Status
from reconciler.plan.record import RunRecord, RunState
from tests.apply.journals import AFTER, BEFORE, SOURCE, STEPS, UNION, agent, change, create, head, intend, outcome
from tests.conftest import VirtualClock


def _whole(runs: Path) -> Path:
    journal = create(runs)
    for step in STEPS:
        step(journal)
    journal.end(RunState.PARTLY)
    journal.close()
    return journal.path


def test_a_run_reads_back_as_it_was_written(tmp_path: Path) -> None:
    record = read_run(_whole(tmp_path))
    assert record.head == head()
    assert (record.state, record.damage) == (RunState.PARTLY, "")
    assert [(each.agent.id, each.status, each.has_intent, each.source.line) for each in record.agents] == [
        ("id-ana", Status.APPLIED, True, 2),
        ("id-bo", Status.UNKNOWN, True, 4),
        ("id-cy", Status.HELD_BACK, False, 7),
        ("id-dee", None, True, 8),
    ]
    ana = record.agents[0]
    assert (ana.before, ana.after, ana.team) == (BEFORE, AFTER, "Testers")
    assert [(each.skill.name, each.before, each.after) for each in ana.skills] == [
        ("Billing", Assignment(50, True), Assignment(60, True)),
        ("Chat", Assignment(40, False), None),
        ("Email", None, Assignment(30, True)),
    ]
    assert [each.agent.id for each in doubtful(record)] == ["id-bo", "id-dee"]


def test_killed_at_any_byte_the_whole_lines_read_back(tmp_path: Path) -> None:
    """Every prefix reads as the journal did when its last whole line had just been written, and is no damage."""
    journal = create(tmp_path)
    stages: list[tuple[int, RunRecord]] = [(journal.path.stat().st_size, read_run(journal.path))]
    ends: tuple[Callable[[Journal], None], ...] = (*STEPS, lambda journal: journal.end(RunState.PARTLY))
    for step in ends:
        step(journal)
        stages.append((journal.path.stat().st_size, read_run(journal.path)))
    journal.close()
    assert len({size for size, _ in stages}) == len(stages)
    file = tmp_path / "cut" / journal.path.name
    file.parent.mkdir()
    content = journal.path.read_bytes()
    for size in range(len(content) + 1):
        file.write_bytes(content[:size])
        whole = [record for end, record in stages if end <= size]
        if whole:
            assert read_run(file) == whole[-1], f"cut after {size} bytes"
        else:
            assert not read_run(file).head.tenant
            assert not read_run(file).damage
            assert not list_runs(file.parent, None), "nothing was sent yet: no run"


@pytest.mark.parametrize("garbage", [b"\x00" * 40, b"\x00" * 40 + b"\n", b'{"type":"out', b"t\n"])
def test_what_a_power_cut_leaves_of_the_last_line_is_forgiven(tmp_path: Path, garbage: bytes) -> None:
    """Blocks of a file need not reach the disk in their order: zeros, or the end of a line without its beginning."""
    path = _whole(tmp_path)
    before = read_run(path)
    with path.open("ab") as file:
        file.write(garbage)
    assert read_run(path) == before
    with path.open("ab") as file:
        file.write(b"\nmore\n")
    assert "line 10 " in read_run(path).damage


@given(line=st.integers(0, 8), at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_any_changed_byte_is_noticed(tmp_path_factory: pytest.TempPathFactory, line: int, at: float, byte: int) -> None:
    """By its line; only in the last one a byte may make it look torn, and then it is not believed either."""
    path = _whole(tmp_path_factory.mktemp("runs"))
    lines = path.read_bytes().splitlines(keepends=True)
    old = lines[line]
    place = int(at * len(old))
    lines[line] = old[:place] + bytes([byte]) + old[place + 1 :]
    path.write_bytes(b"".join(lines))
    record = read_run(path)
    if lines[line] == old:
        assert not record.damage
    elif record.damage:
        assert f"line {line + 1} " in record.damage
    else:
        # The last line, or the break before it.
        assert line >= len(lines) - 2
        assert record.state is RunState.KILLED


@given(line=st.integers(0, 7))
def test_any_removed_line_is_noticed(tmp_path_factory: pytest.TempPathFactory, line: int) -> None:
    path = _whole(tmp_path_factory.mktemp("runs"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    assert f"line {line + 1} " in read_run(path).damage


@given(first=st.integers(0, 8), second=st.integers(0, 8))
def test_any_two_swapped_lines_are_noticed(tmp_path_factory: pytest.TempPathFactory, first: int, second: int) -> None:
    path = _whole(tmp_path_factory.mktemp("runs"))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[first], lines[second] = lines[second], lines[first]
    path.write_bytes(b"".join(lines))
    damage = read_run(path).damage
    assert (f"line {min(first, second) + 1} " in damage) if first != second else not damage


def test_after_an_edited_line_nothing_is_believed(tmp_path: Path) -> None:
    """Neither that line nor what follows, the end included: the run counts as killed."""
    path = _whole(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"no answer", b"no ansver"))
    record = read_run(path)
    assert f"line 6 of `{path}`" in record.damage
    assert [each.agent.id for each in record.agents] == ["id-ana", "id-bo"]
    assert (record.state, record.ended_at) == (RunState.KILLED, None)


# Text as nobody hopes to meet it, halves of surrogate pairs included.
HOSTILE = st.text(st.characters(codec=None), max_size=30)


@given(name=HOSTILE, skill=HOSTILE, message=HOSTILE, team=st.none() | HOSTILE)
def test_hostile_names_survive_in_one_line_of_ascii(
    tmp_path_factory: pytest.TempPathFactory, name: str, skill: str, message: str, team: str | None
) -> None:
    journal = create(tmp_path_factory.mktemp("runs"))
    who = AgentName(name, name, name, name)
    one = change().skills[0]
    named = type(one)(one.action, SkillName(f"s{skill}", skill), None, Assignment(1, True), SOURCE)
    body = {f"s{skill}": Assignment(1, True)}
    journal.intent(AgentChange(who, team, SOURCE, (named,), {}, body, None), "whole", body, None, 1)
    journal.outcome(AgentOutcome(who, Status.FAILED, message))
    journal.close()
    raw = journal.path.read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == len(raw.splitlines()) == 3
    (record,) = read_run(journal.path).agents
    assert (record.agent, record.team, record.message) == (who, team, message)
    assert [each.skill.name for each in record.skills] == [skill]
    assert record.after == body


def test_of_two_writes_the_first_before_and_the_last_after_count(tmp_path: Path) -> None:
    """Union, then final, then once more: one record, with what the run did to the agent as a whole."""
    journal = create(tmp_path)
    first = AgentChange(agent("ana"), None, SOURCE, change().skills[::2], BEFORE, UNION, "7", has_union=True)
    journal.intent(first, Part.UNION, UNION, "7", 1)
    (half,) = read_run(journal.path).agents
    assert (half.is_half, half.after) == (True, UNION)
    last = AgentChange(agent("ana"), None, SOURCE, change().skills[1:2], UNION, AFTER, None, has_union=True)
    journal.intent(last, Part.FINAL, AFTER, None, 1)
    journal.intent(last, Part.FINAL, AFTER, None, 2)
    (whole,) = read_run(journal.path).agents
    assert (whole.before, whole.after, whole.asked) == (BEFORE, AFTER, (UNION, AFTER, AFTER))
    assert [each.skill.name for each in whole.skills] == ["Billing", "Email", "Chat"]
    assert not whole.is_half
    assert whole.status is None


def test_an_agent_of_whom_a_write_follows_its_outcome_is_in_doubt_again(tmp_path: Path) -> None:
    journal = create(tmp_path)
    intend(journal)
    journal.outcome(outcome(status=Status.UNKNOWN))
    journal.outcome(outcome(status=Status.APPLIED))
    assert not doubtful(read_run(journal.path))
    intend(journal)
    assert len(doubtful(read_run(journal.path))) == 1


def test_runs_are_listed_newest_first_and_by_tenant(tmp_path: Path) -> None:
    names = ["20261122T140000Z-00000b", "20261122T140000Z-00000a", "20261021T140000Z-ffffff"]
    for name in reversed(names):
        create(tmp_path, name).close()
    create(tmp_path, "20261123T140000Z-000000", "other").close()
    (tmp_path / "notes.txt").write_text("not a journal")
    (tmp_path / "empty.jsonl").write_text("")
    assert [each.head.run for each in list_runs(tmp_path, "acme")] == names
    assert [each.head.run for each in list_runs(tmp_path, None)] == ["20261123T140000Z-000000", *names]
    assert [each.head.run for each in list_runs(tmp_path, "acme", 1)] == names[:1]
    assert list_runs(tmp_path / "missing", None) == []


def test_a_run_is_found_by_its_id_its_beginning_or_as_the_last(tmp_path: Path) -> None:
    create(tmp_path, "20261122T140000Z-00000a").close()
    create(tmp_path, "20261122T150000Z-00000b").close()
    create(tmp_path, "20261123T140000Z-00000c", "other").close()
    for ref in ("20261122T150000Z-00000b", "20261122T15", "last"):
        assert find_run(tmp_path, "acme", ref).head.run == "20261122T150000Z-00000b"


@pytest.mark.parametrize(
    ("ref", "message", "hint"),
    [
        ("20261122", "`20261122` is the beginning of 2 runs", "20261122T150000Z-00000b, 20261122T140000Z-00000a"),
        ("20261122T140000Z-00000x", "there is no run", "did you mean 20261122T140000Z-00000a"),
        ("yesterday", "there is no run `yesterday`", "did you mean 20261122T150000Z-00000b"),
        ("20261123T140000Z-00000c", "there is no run", "did you mean"),
        ("", "there is no run ``", "did you mean"),
        ("../secrets", "there is no run", "did you mean"),
    ],
)
def test_a_run_that_is_not_there_is_said_with_those_that_are(tmp_path: Path, ref: str, message: str, hint: str) -> None:
    create(tmp_path, "20261122T140000Z-00000a").close()
    create(tmp_path, "20261122T150000Z-00000b").close()
    create(tmp_path, "20261123T140000Z-00000c", "other").close()
    with pytest.raises(InvalidInput) as caught:
        find_run(tmp_path, "acme", ref)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "run-unknown"
    assert message in diagnostic.message
    assert hint in (diagnostic.hint or "")


def test_where_no_run_is_recorded_the_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no run of tenant `acme` is recorded"):
        find_run(tmp_path, "acme", "last")


def _sealed(*lines: dict[str, object]) -> bytes:
    """Make a journal whose chain holds, whatever its lines say."""
    raw, before = b"", START
    for fields in lines:
        line, before = seal(fields, before)
        raw += line
    return raw


HEAD = {
    "type": "head", "at": "2026-11-22T14:00:00Z", "format_version": 1, "run": "r", "kind": "apply", "tenant": "acme",
    "digest": "", "started_at": "2026-11-22T14:00:00Z", "who": "", "commit": "", "allowed": [], "reverts": "",
}  # fmt: skip
AGENT = {"id": "a", "email": "", "user_name": "", "ref": ""}
INTENT: dict[str, object] = {
    "type": "intent",
    "agent": AGENT,
    "team": None,
    "part": "",
    "skills": [],
    "before": {},
    "after": {},
}


@pytest.mark.parametrize(
    "content",
    [
        b"\n\n",
        b"[" * 100_000 + b"\n{}\n",
        b'{"a":' + b"9" * 10_000 + b"}\n{}\n",
        b"\x00" * 5000 + b"\n{}\n",
        b"\xff\xfe{}\n{}\n",
        _sealed({"type": "intent"}) + b"{}\n",
        _sealed(HEAD | {"format_version": 2}, {"type": "settled"}),
        _sealed(HEAD | {"started_at": "2026-11-22T14:00:00"}, {"type": "settled"}),
        _sealed(HEAD | {"tenant": 5}, {"type": "settled"}),
    ],
)
def test_a_file_that_says_nothing_of_its_run_is_listed_with_its_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.jsonl").write_bytes(content)
    (record,) = list_runs(tmp_path, "acme")
    assert record.head.run == "odd"
    assert "line 1 of" in record.damage
    assert find_run(tmp_path, "acme", "odd").damage


@pytest.mark.parametrize(
    "second",
    [
        {"type": "unheard-of"},
        {"type": ["intent"]},
        HEAD,
        {"type": "end", "state": "complete", "at": "yesterday"},
        {"type": "resolved", "agent_id": "nobody", "status": "applied", "message": "", "by_run": ""},
        INTENT | {"after": {"billing": [101, True]}},
        INTENT | {"after": {"billing": [True, True]}},
        INTENT | {"before": None},
        {"type": "outcome", "agent": AGENT, "status": "splendid", "message": ""},
    ],
)
def test_a_line_that_makes_no_sense_is_named_although_its_chain_holds(
    tmp_path: Path, second: dict[str, object]
) -> None:
    (tmp_path / "r.jsonl").write_bytes(_sealed(HEAD, second, {"type": "settled"}))
    record = read_run(tmp_path / "r.jsonl")
    assert record.head.tenant == "acme"
    assert f"line 2 of `{tmp_path}/r.jsonl` makes no sense" in record.damage


def test_what_is_no_ordinary_file_is_neither_opened_for_ever_nor_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "link.jsonl").symlink_to("/dev/zero")
    (tmp_path / "link-to-file.jsonl").symlink_to(_whole(tmp_path / "elsewhere"))
    with (tmp_path / "huge.jsonl").open("wb") as file:
        file.truncate(513 * 1024 * 1024)
    assert sorted(each.head.run for each in list_runs(tmp_path, None)) == [
        "fifo", "folder", "huge", "link", "link-to-file",
    ]  # fmt: skip
    assert all("cannot be read" in each.damage for each in list_runs(tmp_path, "acme"))


def test_an_endless_line_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "endless.jsonl").open("wb") as file:
        file.truncate(500 * 1024 * 1024)
    assert "line 1" in read_run(tmp_path / "endless.jsonl").damage


def test_only_runs_that_may_hold_doubts_are_read_whole(tmp_path: Path) -> None:
    """The next apply looks at the last line of each: hundreds of finished runs cost nothing."""
    finished = create(tmp_path, "20261122T140000Z-00000a")
    intend(finished)
    finished.outcome(outcome())
    finished.end(RunState.COMPLETE)
    unsure = create(tmp_path, "20261122T140000Z-00000b")
    intend(unsure)
    unsure.outcome(outcome(status=Status.UNKNOWN))
    unsure.end(RunState.PARTLY)
    left = create(tmp_path, "20261122T140000Z-00000c")
    intend(left)
    left.end(RunState.PARTLY)
    killed = create(tmp_path, "20261122T140000Z-00000d")
    looked_after = create(tmp_path, "20261122T140000Z-00000e")
    Journal.reopen(looked_after.path, clock=VirtualClock()).settled()
    found = [path for path, _ in unsettled_runs(tmp_path, "acme")]
    assert found == [killed.path, left.path, unsure.path]


def test_the_last_line_that_counts_is_the_last_whole_one(tmp_path: Path) -> None:
    """A torn line after the end means that the file is worth reading."""
    finished = create(tmp_path)
    finished.end(RunState.COMPLETE)
    assert json.loads(finished.path.read_bytes().splitlines()[-1])["doubtful"] == 0
    with finished.path.open("ab") as file:
        file.write(b'{"type":"res')
    assert [record.state for _, record in unsettled_runs(tmp_path, "acme")] == [RunState.COMPLETE]
