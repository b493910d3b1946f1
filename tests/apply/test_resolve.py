"""What a killed run left in doubt is found out by reading the agents, said, and noted so that it is asked only once."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.apply.journal import Journal
from reconciler.apply.resolve import judge, resolve_doubts
from reconciler.apply.runs import doubtful, list_runs, read_run
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import AccessDenied, TenantError
from reconciler.model.answers import AgentState
from reconciler.model.assignments import Assignment
from reconciler.plan.change import Part
from reconciler.plan.outcome import Status
from reconciler.plan.record import RunState
from tests.apply.journals import AFTER, BEFORE, UNION, change, create, intend, outcome
from tests.conftest import VirtualClock

OLD = "20261121T140000Z-00000a"
NEW = "20261122T140000Z-00000b"
OURS = "20261122T150000Z-00000c"
OTHERS = {"wfi": Assignment(99, False), "more": Assignment(3, True)}


class Tenant:
    """A tenant that knows some agents; an error in place of a set is raised, None is an agent that is gone."""

    def __init__(self, **held: Mapping[str, Assignment] | Exception | None) -> None:
        self.held = held
        self.version: str | None = "7"  # as when it was about to be written
        self.asked: list[str] = []

    async def read_agent(self, agent_id: str) -> AgentState | None:
        """Read one agent."""
        self.asked.append(agent_id)
        held = self.held[agent_id.removeprefix("id-")]
        if isinstance(held, Exception):
            raise held
        return None if held is None else AgentState(agent_id, self.version, held)


def _resolve(runs: Path, tenant: Tenant, after_s: float = 600.0) -> list[Diagnostic]:
    """Resolve, so long after everything was written."""
    clock = VirtualClock()
    asyncio.run(clock.sleep(after_s))
    return asyncio.run(resolve_doubts(runs, "acme", tenant, this_run=OURS, clock=clock, fsync=lambda _file: None))


def _killed(runs: Path, *names: str, run: str = NEW, tenant: str = "acme") -> Journal:
    journal = create(runs, run, tenant)
    for name in names:
        intend(journal, name)
    journal.close()
    return journal


def _cases() -> dict[str, tuple[Mapping[str, Assignment] | None, Status, str]]:
    return {
        "written": (AFTER, Status.APPLIED, "it was written"),
        "not-written": (BEFORE, Status.FAILED, "it was not written"),
        "gone": (None, Status.UNKNOWN, "gone from the tenant"),
        "changed-since": (AFTER | {"billing": Assignment(77, True)}, Status.UNKNOWN, "changed since"),
        "partly-taken-back": (AFTER | {"chat": BEFORE["chat"]}, Status.UNKNOWN, "changed since"),
        "written-and-others-moved": (AFTER | OTHERS, Status.APPLIED, "it was written"),
        "not-written-and-others-moved": (BEFORE | OTHERS, Status.FAILED, "it was not written"),
    }


@pytest.mark.parametrize("case", _cases())
def test_a_doubtful_write_is_judged_by_the_skills_that_it_changed(tmp_path: Path, case: str) -> None:
    """`failed` only where nothing of ours can be seen, `applied` only where all is; said, noted, asked only once."""
    live, status, words = _cases()[case]
    path = _killed(tmp_path, "ana").path
    tenant = Tenant(ana=live)
    (said,) = _resolve(tmp_path, tenant)
    assert (said.code, said.severity) == ("write-resolved", Severity.INFO)
    assert said.message.startswith(f"run {NEW} ended while it wrote `ana@example.com`: ")
    assert words in said.message
    (record,) = read_run(path).agents
    assert (record.status, record.resolved_by) == (status, OURS)
    assert words in record.message
    assert not record.is_doubtful
    assert _resolve(tmp_path, tenant) == []
    assert tenant.asked == ["id-ana"]


def test_a_write_that_may_still_land_is_not_called_failed(tmp_path: Path) -> None:
    """What left a moment before the kill may be committed a minute later."""
    path = _killed(tmp_path, "ana").path
    (said,) = _resolve(tmp_path, Tenant(ana=BEFORE), after_s=60.0)
    assert "it was not written so far" in said.message
    (record,) = read_run(path).agents
    assert record.status is Status.UNKNOWN
    assert not record.is_doubtful


@pytest.mark.parametrize("version", ["9", None])
def test_what_may_have_been_set_back_is_not_called_failed(tmp_path: Path, version: str | None) -> None:
    """The agent is as before, but its version moved, or there is none: it may have been written in between."""
    path = _killed(tmp_path, "ana").path
    tenant = Tenant(ana=BEFORE)
    tenant.version = version
    (said,) = _resolve(tmp_path, tenant)
    assert "it was not written, or somebody set it back" in said.message
    (record,) = read_run(path).agents
    assert record.status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("parts", "live", "status", "words"),
    [
        ((UNION,), UNION, Status.APPLIED, "the first of its two writes was written"),
        ((UNION,), BEFORE, Status.FAILED, "not written"),
        ((UNION, AFTER), UNION, Status.UNKNOWN, "the second was not"),
        ((UNION, AFTER), AFTER, Status.APPLIED, "it was written"),
        ((UNION, AFTER), BEFORE, Status.FAILED, "not written"),
    ],
)
def test_of_two_writes_each_may_have_happened(
    tmp_path: Path,
    parts: tuple[Mapping[str, Assignment], ...],
    live: Mapping[str, Assignment],
    status: Status,
    words: str,
) -> None:
    """Nothing is called written, or not written, of which the other half is true."""
    journal = create(tmp_path)
    for body, part in zip(parts, (Part.UNION, Part.FINAL), strict=False):
        journal.intent(change(), part, body, "7", 1)
    (record,) = read_run(journal.path).agents
    found, said = judge(record, AgentState("id-ana", "7", live), datetime(2030, 1, 1, tzinfo=UTC))
    assert found is status
    assert words in said


def test_a_write_whose_outcome_stayed_unknown_is_looked_after_too(tmp_path: Path) -> None:
    journal = create(tmp_path, NEW)
    intend(journal)
    journal.outcome(outcome(status=Status.UNKNOWN))
    journal.end(RunState.PARTLY)
    (said,) = _resolve(tmp_path, Tenant(ana=AFTER))
    assert said.message == f"run {NEW} left in doubt `ana@example.com`: it was written"
    assert not doubtful(read_run(journal.path))
    assert read_run(journal.path).state is RunState.PARTLY


def test_runs_without_doubt_of_others_and_our_own_are_left_alone(tmp_path: Path) -> None:
    _killed(tmp_path, "ana", run=OURS)
    _killed(tmp_path, "ana", run=OLD, tenant="other")
    done = create(tmp_path, NEW)
    intend(done)
    done.outcome(outcome())
    contents = {path: path.read_bytes() for path in tmp_path.iterdir()}
    tenant = Tenant()
    assert _resolve(tmp_path, tenant) == []
    assert tenant.asked == []
    changed = {path for path in tmp_path.iterdir() if path.read_bytes() != contents[path]}
    assert changed == {done.path}, "noted as settled, so that nobody reads it again"


def test_newest_runs_come_first_and_an_agent_is_read_once(tmp_path: Path) -> None:
    _killed(tmp_path, "ana", "bo", run=OLD)
    _killed(tmp_path, "bo", run=NEW)
    tenant = Tenant(ana=AFTER, bo=BEFORE)
    said = [each.message.split(": ")[0] for each in _resolve(tmp_path, tenant)]
    assert said == [
        f"run {NEW} ended while it wrote `bo@example.com`",
        f"run {OLD} ended while it wrote `ana@example.com`",
        f"run {OLD} ended while it wrote `bo@example.com`",
    ]
    assert tenant.asked == ["id-bo", "id-ana"]


def test_an_agent_that_cannot_be_read_stays_in_doubt_and_the_others_go_on(tmp_path: Path) -> None:
    path = _killed(tmp_path, "ana", "bo").path
    tenant = Tenant(ana=TenantError(Diagnostic("http", "GET failed (HTTP 500)")), bo=AFTER)
    warning, said = _resolve(tmp_path, tenant)
    assert (warning.code, warning.severity) == ("write-doubtful", Severity.WARN)
    assert "GET failed (HTTP 500)" in warning.message
    assert said.code == "write-resolved"
    assert [each.agent.id for each in doubtful(read_run(path))] == ["id-ana"]
    tenant.held["ana"] = AFTER
    assert [each.code for each in _resolve(tmp_path, tenant)] == ["write-resolved"]
    assert not doubtful(read_run(path))


def test_a_tenant_that_keeps_failing_is_left_alone(tmp_path: Path) -> None:
    names = [f"a{number}" for number in range(10)]
    _killed(tmp_path, *names)
    tenant = Tenant(**dict.fromkeys(names, TenantError(Diagnostic("http", "down"))))
    said = _resolve(tmp_path, tenant)
    assert len(tenant.asked) == 3
    assert "7 doubtful writes" in said[-1].message


def test_a_refused_credential_ends_it(tmp_path: Path) -> None:
    _killed(tmp_path, "ana")
    with pytest.raises(AccessDenied):
        _resolve(tmp_path, Tenant(ana=AccessDenied(Diagnostic("denied", "no"))))


def test_at_most_two_hundred_agents_are_read_and_the_rest_is_said(tmp_path: Path) -> None:
    names = [f"a{number}" for number in range(203)]
    path = _killed(tmp_path, *names).path
    tenant = Tenant(**dict.fromkeys(names, AFTER))
    said = _resolve(tmp_path, tenant)
    assert len(tenant.asked) == 200
    assert (said[-1].code, said[-1].severity) == ("write-doubtful", Severity.WARN)
    assert "3 doubtful writes" in said[-1].message
    assert len(doubtful(read_run(path))) == 3
    assert len(_resolve(tmp_path, tenant)) == 3
    assert not doubtful(read_run(path))


def test_an_edited_journal_is_not_resolved_but_named(tmp_path: Path) -> None:
    """What it says of before and after cannot be relied upon; the others are looked after all the same."""
    edited = _killed(tmp_path, "ana", "bo", run=NEW).path
    edited.write_bytes(edited.read_bytes().replace(b"[60,true]", b"[61,true]", 1))
    content = edited.read_bytes()
    _killed(tmp_path, "bo", run=OLD)
    tenant = Tenant(bo=AFTER)
    warning, said = _resolve(tmp_path, tenant)
    assert (warning.code, warning.severity) == ("journal-damaged", Severity.WARN)
    assert f"line 2 of `{edited}`" in warning.message
    assert f"mv {edited} " in (warning.hint or "")
    assert said.code == "write-resolved"
    assert edited.read_bytes() == content


def test_a_journal_that_cannot_be_noted_in_costs_a_warning(tmp_path: Path) -> None:
    path = _killed(tmp_path, "ana").path

    def fail(_file: int) -> None:
        raise OSError(5, "Input/output error")

    async def run() -> list[Diagnostic]:
        return await resolve_doubts(
            tmp_path, "acme", Tenant(ana=AFTER), this_run=OURS, clock=VirtualClock(), fsync=fail
        )

    said, warning = asyncio.run(run())
    assert (said.code, warning.code, warning.severity) == ("write-resolved", "write-doubtful", Severity.WARN)
    assert "Input/output error" in warning.message
    assert path.exists()


def test_a_run_killed_at_any_byte_is_resolved(tmp_path: Path) -> None:
    """Wherever the journal was torn: what had an intent gets an answer, what had none was never sent."""
    whole = _killed(tmp_path / "whole", "ana", "bo").path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(0, len(whole) + 1, 13):
        runs = tmp_path / f"{size}"
        runs.mkdir()
        (runs / f"{NEW}.jsonl").write_bytes(whole[:size])
        tenant = Tenant(ana=AFTER, bo=BEFORE)
        said = _resolve(runs, tenant)
        intents = sum(end <= size for end in ends[1:])
        assert [each.code for each in said] == ["write-resolved"] * intents
        assert tenant.asked == ["id-ana", "id-bo"][:intents]
        assert all(not doubtful(record) and not record.damage for record in list_runs(runs, None))
