"""An apply against a tenant that misbehaves: judged by the tenant's own log, never by the tool's report alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from reconciler import pipeline
from reconciler.errors import Refused
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.plan.scope import Filters
from reconciler.simulator import READ_SCOPE, Assignment, Behaviour, Client, Fault, Kind, make_app
from tests.conftest import VirtualClock
from tests.world import World, agent


def _on_ana(
    kind: Kind,
    *,
    status: int = 500,
    times: int | None = 1,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"{}",
) -> Fault:
    """Let the writes of ana go wrong; `times` None is for ever."""
    path = "/api/v2/agents/id-ana"
    return Fault(kind, "PATCH", path, status=status, times=times, headers=headers, body=body)


def _world(tmp_path: Path, clock: VirtualClock, *, versioned: bool = True) -> World:
    live = (agent("ana", Billing=50), agent("bo", Billing=50))
    world = World(tmp_path, clock, live, behaviour=Behaviour(versioned=versioned))
    world.write_agents(ana="{Billing: 60}", bo="{Billing: 60}")
    return world


def _statuses(outcome: Outcome) -> dict[str, Status]:
    return {each.agent.user_name.removeprefix("user."): each.status for each in outcome.agents}


def test_nobody_confirmed_means_nothing_written(tmp_path: Path, clock: VirtualClock) -> None:
    world = _world(tmp_path, clock)
    with pytest.raises(Refused):
        world.apply(answer=False)
    assert world.committed_by_api() == 0


def test_every_body_is_complete_and_conditional(tmp_path: Path, clock: VirtualClock) -> None:
    """What was not to change is still there afterwards, and each commit names the version it replaced."""
    world = World(tmp_path, clock, (agent("ana", Billing=50, Chat=(30, False)),))
    world.write_agents(ana="{Billing: 60, Chat: {proficiency: 30, available: false}}")
    assert world.apply().is_complete
    assert world.live("ana") == {"skill-billing": (60, True), "skill-chat": (30, False)}
    assert [commit.if_match for commit in world.tenant.commits] == ['"1"']


@pytest.mark.parametrize("versioned", [True, False])
def test_an_edit_between_plan_and_write_is_a_conflict(tmp_path: Path, clock: VirtualClock, versioned: bool) -> None:
    """Nobody's edit is overwritten unseen, with versions or without; the other agents go on."""
    world = _world(tmp_path, clock, versioned=versioned)

    def edit() -> None:
        world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(99), "skill-sales": Assignment(1)})

    outcome = world.apply(while_asked=edit)
    assert _statuses(outcome) == {"ana": Status.CONFLICT, "bo": Status.APPLIED}
    # By their names, also the one that the plan does not touch.
    assert "`Billing`, `Sales`" in outcome.agents[0].message
    assert world.live("ana") == {"skill-billing": (99, True), "skill-sales": (1, True)}


@pytest.mark.parametrize("versioned", [True, False])
def test_an_edit_that_did_what_was_planned_is_already_done(
    tmp_path: Path, clock: VirtualClock, versioned: bool
) -> None:
    world = _world(tmp_path, clock, versioned=versioned)
    outcome = world.apply(while_asked=lambda: world.tenant.edit_skills("id-ana", {"skill-billing": Assignment(60)}))
    assert _statuses(outcome) == {"ana": Status.ALREADY_DONE, "bo": Status.APPLIED}
    assert outcome.is_complete


def test_an_edit_of_an_ignored_skill_is_carried_over(tmp_path: Path, clock: VirtualClock) -> None:
    """Who owns `WFI *` may change it at any moment: that is no conflict, and it is not undone."""
    world = _world(tmp_path, clock)
    edited = {"skill-billing": Assignment(50), "skill-wfi break": Assignment(9)}
    outcome = world.apply(while_asked=lambda: world.tenant.edit_skills("id-ana", edited))
    assert outcome.is_complete
    assert world.live("ana") == {"skill-billing": (60, True), "skill-wfi break": (9, True)}


DOUBTFUL = {
    "500 before the commit": _on_ana(Kind.STATUS, status=500),
    "503 after the commit": _on_ana(Kind.COMMIT_THEN_STATUS, status=503),
    "reset before the commit": _on_ana(Kind.DROP_BEFORE),
    "reset after the commit": _on_ana(Kind.DROP_AFTER),
    "409 without a reason": _on_ana(Kind.STATUS, status=409),
    "half an answer": _on_ana(Kind.TRUNCATED),
    "a page for people": _on_ana(Kind.HTML),
    "nothing": _on_ana(Kind.EMPTY_BODY),
}


@pytest.mark.parametrize("versioned", [True, False])
@pytest.mark.parametrize("fault", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_one_doubtful_answer_is_resolved_by_reading(
    tmp_path: Path, clock: VirtualClock, fault: Fault, versioned: bool
) -> None:
    """Committed once, never twice, and reported as it is."""
    world = _world(tmp_path, clock, versioned=versioned)
    world.app.faults.add(fault)
    outcome = world.apply()
    assert _statuses(outcome) == {"ana": Status.APPLIED, "bo": Status.APPLIED}
    assert world.committed_by_api() == 2
    assert outcome.is_verified


def test_a_write_that_never_stops_failing_is_unknown(tmp_path: Path, clock: VirtualClock) -> None:
    """Bounded tries; after a doubtful one nobody claims that nothing was written."""
    world = _world(tmp_path, clock)
    world.app.faults.add(_on_ana(Kind.STATUS, times=None))
    outcome = world.apply()
    assert _statuses(outcome) == {"ana": Status.UNKNOWN, "bo": Status.APPLIED}
    assert sum(line.startswith("PATCH") and line.endswith("ana") for line in world.sent()) == 5


def test_a_second_try_is_as_conditional_as_the_first(tmp_path: Path, clock: VirtualClock) -> None:
    """The version that the reading gave goes with the retry, not none."""
    world = _world(tmp_path, clock)
    world.app.faults.add(_on_ana(Kind.STATUS, status=409))
    assert world.apply().is_complete
    assert {commit.agent_id: commit.if_match for commit in world.tenant.commits} == {"id-ana": '"1"', "id-bo": '"1"'}


def test_a_storm_of_conflicts_on_one_agent_is_bounded(tmp_path: Path, clock: VirtualClock) -> None:
    world = _world(tmp_path, clock)
    world.app.faults.add(_on_ana(Kind.STATUS, status=409, times=None))
    assert _statuses(world.apply()) == {"ana": Status.CONFLICT, "bo": Status.APPLIED}


@pytest.mark.parametrize(("status", "words"), [(400, "Invalid skill ID"), (404, "gone"), (422, "odd")])
def test_a_refused_agent_fails_alone_and_is_not_asked_again(
    tmp_path: Path, clock: VirtualClock, status: int, words: str
) -> None:
    world = _world(tmp_path, clock)
    body = f'{{"message": "{words}"}}'.encode()
    world.app.faults.add(_on_ana(Kind.STATUS, status=status, body=body, times=None))
    outcome = world.apply()
    assert _statuses(outcome) == {"ana": Status.FAILED, "bo": Status.APPLIED}
    assert words in outcome.agents[0].message
    assert sum(line == "PATCH /api/v2/agents/id-ana" for line in world.sent()) == 1


@pytest.mark.parametrize("kind", [Kind.NO_CHANGE, Kind.ECHO_ONLY])
def test_a_200_that_changed_nothing_is_not_success(tmp_path: Path, clock: VirtualClock, kind: Kind) -> None:
    """Neither the answer that shows it nor the one that lies is believed."""
    world = _world(tmp_path, clock)
    world.app.faults.add(_on_ana(kind, times=None))
    outcome = world.apply()
    # One shows that nothing happened; the other claims that it did, under the version that was to be replaced.
    assert _statuses(outcome)["ana"] is Status.FAILED
    assert _statuses(outcome)["bo"] is Status.APPLIED
    assert not outcome.is_complete


def test_a_missing_scope_stops_every_further_write(tmp_path: Path, clock: VirtualClock) -> None:
    """403 on the first PATCH: the rest is not tried, and the message names the scope."""
    live = tuple(agent(f"a{number}") for number in range(30))
    world = World(tmp_path, clock, live)
    world.app = make_app(world.tenant, clients=[Client("demo", "demo-secret", frozenset({READ_SCOPE}))])
    world.write_agents(**{f"a{number}": "{Billing: 60}" for number in range(30)})
    outcome = world.apply(max_concurrency=1)
    assert sum(line.startswith("PATCH") for line in world.sent()) == 1
    assert outcome.counts[Status.NOT_TRIED] == 29
    assert "admin:agent:write" in outcome.stopped_by[0].message + f"{outcome.stopped_by[0].hint}"


def test_a_token_that_expires_on_the_way_is_renewed_once(tmp_path: Path, clock: VirtualClock) -> None:
    world = _world(tmp_path, clock)
    world.app.faults.add(Fault(Kind.EXPIRED_TOKEN, method="PATCH", times=1))
    outcome = world.apply()
    assert outcome.is_complete
    assert world.sent().count("POST /oauth/token") == 2


def test_a_throttled_write_waits_and_succeeds(tmp_path: Path, clock: VirtualClock) -> None:
    """A 429 wrote nothing: it is sent again after `Retry-After`, once."""
    world = _world(tmp_path, clock)
    world.app.faults.add(_on_ana(Kind.STATUS, status=429, headers=(("retry-after", "7"),)))
    outcome = world.apply()
    assert outcome.is_complete
    assert outcome.throttled == 1
    assert clock.monotonic() >= 7


def test_more_writes_than_the_limit_are_spread_and_never_throttled(tmp_path: Path, clock: VirtualClock) -> None:
    """The tenant counts on arrival; a limit that is told right is never exceeded."""
    live = tuple(agent(f"a{number}") for number in range(250))
    world = World(tmp_path, clock, live)
    world.write_agents(**{f"a{number}": "{Billing: 60}" for number in range(250)})
    outcome = world.apply()
    assert outcome.is_complete
    assert outcome.throttled == 0
    assert world.committed_by_api() == 250


def test_an_interrupted_run_starts_nothing_new(tmp_path: Path, clock: VirtualClock) -> None:
    """What was in flight is recorded, the rest is not tried, and the next apply does it."""
    live = tuple(agent(f"a{number}") for number in range(20))
    world = World(tmp_path, clock, live)
    world.write_agents(**{f"a{number}": "{Billing: 60}" for number in range(20)})
    stop = asyncio.Event()

    def stop_after_three(_: AgentOutcome) -> None:
        if world.committed_by_api() >= 3:
            stop.set()

    async def run() -> Outcome:
        how = pipeline.Apply(lambda _: True, stop, stop_after_three, max_concurrency=2)
        return await pipeline.apply(world.context, chosen.desired, Filters(), how)

    chosen = pipeline.load_one(world.context, None)
    outcome = asyncio.run(run())
    assert outcome.is_interrupted
    assert outcome.counts[Status.APPLIED] == world.committed_by_api() < 8
    assert outcome.counts[Status.APPLIED] + outcome.counts[Status.NOT_TRIED] == 20
    assert world.apply().is_complete
    assert world.committed_by_api() == 20


def test_an_agent_that_cannot_be_read_is_left_alone_and_reported(tmp_path: Path, clock: VirtualClock) -> None:
    """A proficiency out of range spoils its own agent, nobody else's write, and the run is not called complete."""
    world = _world(tmp_path, clock)

    def spoil(document: dict[str, Any]) -> None:
        for each in document["agents"]:
            if each["id"] == "id-ana":
                each["skills"][0]["proficiency"] = 850

    world.app.faults.add(Fault(Kind.CHANGED_JSON, "GET", "/api/v2/agents", change=spoil, times=None))
    outcome = world.apply()
    assert _statuses(outcome) == {"bo": Status.APPLIED, "ana": Status.FAILED}
    assert world.live("ana") == {"skill-billing": (50, True)}
