"""The journal: what it says was said before the write left, and after a fault of the disk nothing leaves any more."""

import errno
import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.apply import chain
from reconciler.apply.journal import Journal, JournalBroken
from reconciler.apply.runs import read_run
from reconciler.errors import Refused
from reconciler.plan.outcome import Status
from reconciler.plan.record import RunHead, RunKind, RunState
from tests.apply.journals import STEPS, Disk, begin, change, create, head, intend, outcome
from tests.conftest import VirtualClock


def _lines(journal: Journal) -> list[dict[str, object]]:
    return [json.loads(line) for line in journal.path.read_bytes().splitlines()]


def test_an_intent_is_on_the_disk_when_the_call_returns(tmp_path: Path) -> None:
    """Written and fsynced, in this order, on every attempt; so is the first line before there is a journal at all."""
    disk = Disk()
    journal = begin(tmp_path / "runs", disk)
    way = len((tmp_path / "runs").parents)
    assert disk.calls[:way] == ["fsync"] * way  # the way to the folder
    assert disk.calls[way:] == ["write", "fsync", "fsync"]  # the head, then its name in the folder
    for attempt in (1, 2):
        disk.calls.clear()
        intend(journal, attempt=attempt)
        assert disk.calls == ["write", "fsync"]


def test_the_end_is_on_the_disk_and_an_outcome_is_handed_to_it(tmp_path: Path) -> None:
    """An outcome that is lost makes a doubtful write, which is looked after: it need not be waited for."""
    disk = Disk()
    journal = begin(tmp_path, disk)
    disk.calls.clear()
    journal.outcome(outcome())
    journal.end(RunState.COMPLETE)
    assert disk.calls == ["write", "write", "fsync"]


def test_a_line_holds_what_a_person_and_a_rollback_need(tmp_path: Path) -> None:
    journal = create(tmp_path)
    journal.intent(change(), "union", change().after, None, 3)
    journal.outcome(outcome(status=Status.UNKNOWN, message="no answer"))
    journal.end(RunState.PARTLY)
    first, intent, ended, end = _lines(journal)
    assert first["format_version"] == 1
    assert first["tenant"] == "acme"
    assert first["at"] == "2026-11-22T14:00:00.000Z"
    assert intent["agent"] == {
        "id": "id-ana",
        "email": "ana@example.com",
        "user_name": "user.ana",
        "ref": "ana@example.com",
    }
    assert (intent["team"], intent["part"], intent["attempt"], intent["version"]) == ("Testers", "union", 3, None)
    assert intent["skills"] == [
        {
            "skill": {"id": "billing", "name": "Billing"},
            "before": {"proficiency": 50, "available": True},
            "after": {"proficiency": 60, "available": True},
        },
        {
            "skill": {"id": "chat", "name": "Chat"},
            "before": {"proficiency": 40, "available": False},
            "after": None,
        },
        {
            "skill": {"id": "email", "name": "Email"},
            "before": None,
            "after": {"proficiency": 30, "available": True},
        },
    ]
    assert intent["before"] == {"billing": [50, True], "chat": [40, False], "wfi": [1, True]}
    assert intent["after"] == {"billing": [60, True], "email": [30, True], "wfi": [1, True]}
    assert (ended["status"], ended["message"]) == ("unknown", "no answer")
    assert (end["state"], end["counts"], end["doubtful"]) == ("partly", {"unknown": 1}, 1)


def test_everything_of_the_head_is_kept(tmp_path: Path) -> None:
    started = head().started_at
    whole = RunHead("r", RunKind.ROLLBACK, "t/1", "sha256:1", started, "ana", "abc-dirty", ("coverage-floor",), "r0")
    Journal.create(tmp_path, whole, clock=VirtualClock()).close()
    assert read_run(tmp_path / "r.jsonl").head == whole


def test_a_journal_is_for_its_owner_only(tmp_path: Path) -> None:
    """Names of people stand in it."""
    journal = create(tmp_path / "state" / "runs")
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_journal_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    """Neither a file nor what a link points to."""
    journal = create(tmp_path)
    before = journal.path.read_bytes()
    with pytest.raises(Refused, match="File exists"):
        create(tmp_path)
    assert journal.path.read_bytes() == before
    (tmp_path / "20261122T140000Z-00000b.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        create(tmp_path, "20261122T140000Z-00000b")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_journal_that_cannot_be_begun_refuses_the_run(tmp_path: Path, call: str, number: int, fails_at: int) -> None:
    """And leaves no file that would look like a run."""
    disk = Disk(call, fails_at, number)
    if call == "write" and fails_at > 1:
        disk.fails_at, disk.bite = fails_at, 64  # the head does not fit
    with pytest.raises(Refused) as caught:
        begin(tmp_path / "runs", disk)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "journal-unwritable"
    assert "RECONCILE_STATE_DIR" in (diagnostic.hint or "")
    assert not list((tmp_path / "runs").glob("*"))


def test_a_file_where_the_folder_should_be_refuses_the_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(Refused, match="File exists"):
        create(tmp_path / "state" / "runs")


def test_a_file_system_without_fsync_of_folders_will_do(tmp_path: Path) -> None:
    disk = Disk("fsync", 1, errno.EINVAL, heals=True)
    assert not begin(tmp_path / "runs", disk).is_broken


@pytest.mark.parametrize("heals", [False, True])
@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("after", range(1, 8))
def test_after_a_fault_nothing_may_leave_any_more(tmp_path: Path, call: str, after: int, heals: bool) -> None:
    """Whichever call fails, intents that succeeded are on the disk, and no intent succeeds after the fault.

    Also where the disk works again: an fsync that failed may have dropped what it was asked to keep. Every outcome is
    on the disk or in `unrecorded`, and telling outcomes never raises.
    """
    disk = Disk(heals=heals)
    journal = begin(tmp_path, disk)
    disk.call, disk.fails_at, disk.number = call, disk.calls.count(call) + after, errno.ENOSPC
    intended, broken = 0, False
    for step in STEPS:
        try:
            step(journal)
        except JournalBroken:
            broken = True
        else:
            intended += step in {STEPS[0], STEPS[2], STEPS[3], STEPS[6]} and not broken
            assert step in {STEPS[1], STEPS[4], STEPS[5]} or not broken
    calls = len(disk.calls)
    journal.end(RunState.PARTLY)
    assert journal.is_broken == (disk.calls.count(call) >= disk.fails_at)
    if journal.is_broken and broken:
        assert len(disk.calls) == calls, "nothing is tried on a disk that failed"
    recorded = [line["type"] for line in _whole_lines(journal)]
    assert recorded.count("intent") >= intended
    told = {line["agent"]["id"] for line in _whole_lines(journal) if line["type"] == "outcome"}  # type: ignore[index]
    assert told | {each.agent.id for each in journal.unrecorded} == {"id-ana", "id-bo", "id-cy"}


def _whole_lines(journal: Journal) -> list[dict[str, object]]:
    lines = []
    for raw in journal.path.read_bytes().splitlines():
        with suppress(ValueError):
            lines.append(json.loads(raw))
    return lines


def test_what_an_fsync_failed_to_keep_is_unrecorded(tmp_path: Path) -> None:
    """The outcomes since the last fsync that worked may be gone, though each write said that it was done."""
    disk = Disk()
    journal = begin(tmp_path, disk)
    intend(journal)
    journal.outcome(outcome())
    intend(journal, "bo")
    journal.outcome(outcome("bo"))
    journal.outcome(outcome("cy"))
    assert not journal.unrecorded
    disk.call, disk.fails_at = "fsync", disk.calls.count("fsync") + 1
    journal.end(RunState.COMPLETE)
    assert [each.agent.id for each in journal.unrecorded] == ["id-bo", "id-cy"]


@pytest.mark.parametrize("bite", [1, 7, 64])
def test_a_disk_that_takes_a_bite_at_a_time_gets_it_all(tmp_path: Path, bite: int) -> None:
    files = []
    for name, most in (("a", bite), ("b", 1 << 20)):
        journal = begin(tmp_path / name, Disk(bite=most))
        for step in STEPS:
            step(journal)
        files.append(journal.path.read_bytes())
    assert files[0] == files[1]


def test_a_disk_that_takes_nothing_is_a_fault_and_no_endless_loop(tmp_path: Path) -> None:
    disk = Disk()
    journal = begin(tmp_path, disk)
    disk.bite = 0
    with pytest.raises(JournalBroken, match="No space left"):
        intend(journal)


def test_a_journal_that_is_removed_meanwhile_is_broken(tmp_path: Path) -> None:
    """Writing goes on without a fault after a file's last name is gone, but nobody will ever read it."""
    journal = create(tmp_path / "runs")
    intend(journal)
    journal.path.unlink()
    journal.path.parent.rmdir()
    with pytest.raises(JournalBroken, match="removed"):
        intend(journal, "bo")


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    journal = create(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalBroken):
        intend(journal)


def test_the_chain_can_be_checked_with_a_shell(tmp_path: Path) -> None:
    """By the very words of the module's docstring; an edit is then named."""
    journal = create(tmp_path)
    for step in STEPS:
        step(journal)
    recipe = [line[4:] for line in (chain.__doc__ or "").splitlines() if line.startswith("    ")]
    script = "\n".join(recipe).replace("run.jsonl", f"'{journal.path}'")
    assert subprocess.run(["bash", "-c", script], check=True, capture_output=True).stdout == b""
    journal.path.write_bytes(journal.path.read_bytes().replace(b"no answer", b"no ansver"))
    assert b"edited" in subprocess.run(["bash", "-c", script], check=True, capture_output=True).stdout


def test_a_killed_journal_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    """Wherever it was torn: what follows is chained to what is whole."""
    journal = create(tmp_path)
    intend(journal)
    whole = journal.path.read_bytes()
    intend(journal, "bo")
    journal.close()
    longer = journal.path.read_bytes()
    for size in range(len(whole), len(longer), 97):
        journal.path.write_bytes(longer[:size])
        again = Journal.reopen(journal.path, clock=VirtualClock(), fsync=lambda _file: None)
        again.resolved("id-ana", Status.APPLIED, "it was written", "later")
        again.close()
        record = read_run(journal.path)
        assert journal.path.read_bytes().startswith(whole)
        assert not record.damage
        assert [(each.status, each.resolved_by) for each in record.agents] == [(Status.APPLIED, "later")]


def test_an_edited_or_missing_journal_is_not_gone_on_with(tmp_path: Path) -> None:
    journal = create(tmp_path)
    intend(journal)
    journal.close()
    edited = journal.path.read_bytes().replace(b"acme", b"acmf")
    journal.path.write_bytes(edited)
    with pytest.raises(JournalBroken, match="line 1 was edited"):
        Journal.reopen(journal.path, clock=VirtualClock())
    assert journal.path.read_bytes() == edited
    with pytest.raises(JournalBroken, match="No such file"):
        Journal.reopen(tmp_path / "other.jsonl", clock=VirtualClock())
