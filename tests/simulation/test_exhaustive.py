"""Each single fault at each request of a small apply, a death at each moment, a disk that fails at each fsync."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from reconciler.simulator import Behaviour, Fault, Kind
from tests.simulation.evidence import Evidence
from tests.simulation.run import play
from tests.simulation.schedule import Schedule, Trouble
from tests.simulation.troubles import ODD_BODIES, SPOILS

_STATUSES = (204, 400, 401, 403, 404, 409, 429, 503)
_DONE_ALL_THE_SAME = (202, 408, 503)
_RETRY_AFTER = ("0.5", "soon", "999999", "Sun, 22 Nov 2026 14:00:20 GMT")
_FAULTS = {
    **{f"status {status}": Fault(Kind.STATUS, status=status) for status in _STATUSES},
    **{f"done, {status}": Fault(Kind.COMMIT_THEN_STATUS, "PATCH", status=status) for status in _DONE_ALL_THE_SAME},
    **{f"429, {text}": Fault(Kind.STATUS, status=429, headers=(("Retry-After", text),)) for text in _RETRY_AFTER},
    **{f"body {number}": Fault(Kind.BODY, body=body) for number, body in enumerate(ODD_BODIES)},
    **{f"record {number}": Fault(Kind.CHANGED_JSON, "GET", change=spoil) for number, spoil in enumerate(SPOILS)},
    **{
        f"{kind} {s:g} s": Fault(kind, seconds=s)
        for kind in (Kind.DELAY_BEFORE, Kind.DELAY_AFTER)
        for s in (20.0, 90.0)
    },
    "late commit": Fault(Kind.LATE_COMMIT, "PATCH", seconds=5.0),
    "stale read": Fault(Kind.STALE_READ, "GET", seconds=60.0),
    "total moves": Fault(Kind.TOTAL_MOVES, "GET"),
    "total shrinks": Fault(Kind.TOTAL_MOVES, "GET", count=-1),
    "page shifted": Fault(Kind.SHIFTED_PAGE, "GET"),
    "page shifted back": Fault(Kind.SHIFTED_PAGE, "GET", count=-1),
    "drip": Fault(Kind.DRIP, seconds=0.1),
    "endless drip": Fault(Kind.DRIP, seconds=5.0),
    **{
        str(kind): Fault(kind)
        for kind in (
            *(Kind.DROP_BEFORE, Kind.DROP_AFTER, Kind.NO_CHANGE, Kind.ECHO_ONLY, Kind.TRUNCATED, Kind.HTML),
            *(Kind.CONTENT_TYPE, Kind.EMPTY_BODY, Kind.REDIRECT, Kind.EXPIRED_TOKEN, Kind.ID_TWICE, Kind.GZIP_BOMB),
            *(Kind.ACT_BEFORE, Kind.ACT_AFTER),
        )
    },
}
_TENANTS = {
    "versioned": Behaviour(),
    "without versions": Behaviour(versioned=False),
}
# Its plan has an agent in two steps, one that only gains, and others that gain and lose.
_SEED = 25


_SMALL = Schedule(_SEED, agents=5, unmanaged=1, skills=3, max_concurrency=3)


def _assert_kept(schedule: Schedule) -> Evidence:
    evidence, violations = play(schedule)
    assert not violations, f"{schedule}\n" + "\n".join(map(str, violations))
    return evidence


def test_every_kind_of_fault_is_tried() -> None:
    assert {fault.kind for fault in _FAULTS.values()} == set(Kind)


@pytest.mark.parametrize("behaviour", _TENANTS.values(), ids=_TENANTS.keys())
def test_the_small_apply_has_all_kinds_of_writes(behaviour: Behaviour) -> None:
    """One agent in two steps, others in one: else most of what is tried here would be nothing."""
    first = _assert_kept(replace(_SMALL, behaviour=behaviour)).runs[0]
    assert first.outcome is not None
    assert first.outcome.is_complete
    assert any(change.has_union for change in first.change_of.values())
    assert len(first.change_of) >= 4


@pytest.mark.parametrize("name", _FAULTS)
@pytest.mark.parametrize("behaviour", _TENANTS.values(), ids=_TENANTS.keys())
def test_one_fault_at_each_request(behaviour: Behaviour, name: str) -> None:
    """Wherever it strikes, every promise holds; it strikes the first request, then the second, until there is none."""
    for place, schedule in _at_each_request(behaviour, name):
        if not _assert_kept(schedule).met[name]:
            assert place > 3
            return


def _at_each_request(behaviour: Behaviour, name: str) -> Iterator[tuple[int, Schedule]]:
    fault = _FAULTS[name]
    for place in count(1):
        yield place, replace(_SMALL, behaviour=behaviour, troubles=(Trouble(name, replace(fault, nth=place)),))


_MACHINES = {
    "a process": replace(_SMALL, pause_s=0.0, canary="2"),
    "a machine": replace(_SMALL, pause_s=0.0, behaviour=Behaviour(versioned=False), is_shared=True, is_power_cut=True),
}


@pytest.mark.parametrize("small", _MACHINES.values(), ids=_MACHINES.keys())
def test_a_death_at_each_moment(small: Schedule) -> None:
    """Before and after each fsync, and whenever a request leaves, arrives or is answered: the next run finds out."""
    killed = 0
    for moment in count(1):
        evidence = _assert_kept(replace(small, dies_at=moment))
        if not evidence.runs[0].was_killed:
            break
        killed += 1
    assert killed > 30


@pytest.mark.parametrize("behaviour", _TENANTS.values(), ids=_TENANTS.keys())
def test_a_disk_that_fails_at_each_fsync(behaviour: Behaviour) -> None:
    """From then on no write leaves; what was not recorded is told."""
    for place in count(1):
        run = _assert_kept(replace(_SMALL, behaviour=behaviour, disk_breaks_at=place)).runs[0]
        if run.outcome is not None and run.outcome.is_complete:
            assert place > 4
            break


@pytest.mark.parametrize("behaviour", _TENANTS.values(), ids=_TENANTS.keys())
def test_a_signal_at_each_write(behaviour: Behaviour) -> None:
    """What is in flight is finished, nothing else is begun."""
    for place in count(1):
        run = _assert_kept(replace(_SMALL, behaviour=behaviour, stop_at_write=place)).runs[0]
        if run.stopped_at is None:
            assert place > 4
            break
