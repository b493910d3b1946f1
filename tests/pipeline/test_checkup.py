"""A checkup asks little, changes nothing, goes on past what fails, and names the first thing to mend."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random

import pytest

from reconciler.clock import Clock
from reconciler.live import Connection, Tenant, open_tenant
from reconciler.pipeline.checkup import check_up
from reconciler.plan.checkup.facts import Machine
from reconciler.plan.checkup.verdict import Check, Checkup, Fault, State
from reconciler.simulator import Behaviour, Client, Kind, Skill, make_app
from reconciler.simulator import Fault as Wrong
from tests.conftest import VirtualClock
from tests.world import SKILLS, TENANT_YAML, World, agent

MACHINE = Machine("1.2.3", "3.11.7", "Linux x86_64", "utf-8", "stdout is no terminal", is_ci=True)
ASK = ["POST /oauth/token", "GET /api/v2/skills", "GET /api/v2/agents"]


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    """Three agents, two of them managed, on a tenant whose clock is ours."""
    made = World(tmp_path, clock, (agent("ana", Billing=60, Chat=40), agent("bo", Sales=10), agent("cy")))
    made.write_agents(ana="{Billing: 60}", bo="{Sales: 10}")
    set_clock(made, 0)
    return made


def set_clock(world: World, ahead_s: float) -> None:
    world.tenant.clock = lambda: world.clock.now().timestamp() + ahead_s


def examine(world: World, try_write: Callable[[str], bool] | None = None) -> Checkup:
    ask = None if try_write is None else lambda agent: "" if try_write(agent) else "nobody said yes"
    return asyncio.run(check_up(world.context, None, MACHINE, ask))


def by_name(checkup: Checkup) -> dict[str, Check]:
    return {check.name: check for check in checkup.checks}


def states(checkup: Checkup, state: State) -> set[str]:
    return {check.name for check in checkup.checks if check.state is state}


def holding(world: World) -> dict[str, object]:
    return {name: live.skills for name, live in world.tenant.agents.items()}


def test_a_checkup_costs_three_requests(world: World) -> None:
    """A token, the skills, a page of one agent; every check that needs no more than that is made."""
    checkup = examine(world)
    assert world.app.requests[-1].query == "page=1&pageSize=1"
    assert world.sent() == ASK
    assert checkup.requests == 3
    assert (states(checkup, State.FAIL), states(checkup, State.WARN)) == (set(), set())
    assert states(checkup, State.SKIPPED) == {"writing", "git"}
    assert by_name(checkup)["reading agents"].message == "granted; the tenant has 3 agents"


@pytest.mark.parametrize(("versioned", "sent"), [(True, ASK), (False, [*ASK, "GET /api/v2/agents/id-ana"])])
def test_where_a_page_names_no_version_one_agent_is_asked_for(
    tmp_path: Path, clock: VirtualClock, *, versioned: bool, sent: list[str]
) -> None:
    """Its ETag may; that is the fourth request and the last."""
    world = World(tmp_path, clock, (agent("ana"),), behaviour=Behaviour(versioned=versioned))
    world.write_agents(ana="{}")
    found = by_name(examine(world))["versions"]
    assert world.sent() == sent
    assert found.state is State.OK
    assert ("If-Match" in found.message) is versioned


def test_without_write_nothing_but_get_can_be_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by good manners: the client refuses everything else."""
    asked: list[bool] = []

    def watched(
        connection: Connection, *, clock: Clock, random: Random, writable: bool
    ) -> AbstractAsyncContextManager[Tenant]:
        asked.append(writable)
        return open_tenant(connection, clock=clock, random=random, writable=writable)

    monkeypatch.setattr("reconciler.pipeline.context.open_tenant", watched)
    before = holding(world)
    examine(world)
    examine(world, lambda _agent: False)
    assert asked == [False, True]
    assert not [line for line in world.sent() if line.startswith("PATCH")]
    assert (holding(world), world.committed_by_api()) == (before, 0)


@pytest.mark.parametrize("versioned", [True, False])
def test_the_write_changes_nothing(tmp_path: Path, clock: VirtualClock, *, versioned: bool) -> None:
    """One PATCH of one managed agent, of those with the fewest skills, named before it leaves; no run is recorded."""
    live = (agent("ana", Billing=60, Chat=40), agent("bo", Sales=(10, False), WFI_Break=1), agent("cy"))
    world = World(tmp_path, clock, (*live, agent("di", Chat=7)), behaviour=Behaviour(versioned=versioned))
    world.write_agents(ana="{}", bo="{Sales: 99}", di="{}")
    before, named = holding(world), list[str]()

    def try_write(who: str) -> bool:
        assert not [each for each in world.app.requests if each.method == "PATCH"]
        named.append(who)
        return True

    found = by_name(examine(world, try_write))
    assert (found["writing"].state, named) == (State.OK, ["di@example.com"])
    assert ("under its version" in found["writing"].message) is versioned
    single = "GET /api/v2/agents/id-di"
    assert world.sent() == [*ASK, single, "PATCH /api/v2/agents/id-di", *([] if versioned else [single])]
    assert holding(world) == before
    assert world.committed_by_api() == 1
    assert [commit.if_match for commit in world.tenant.commits] == ['"1"' if versioned else None]
    assert not list((tmp_path / "state").glob("runs/*"))


def test_an_agent_who_holds_a_skill_twice_is_not_written(world: World) -> None:
    """It could not be written as it stands."""

    def double(document: dict[str, object]) -> None:
        for each in document["agents"]:  # type: ignore[attr-defined] # a page of agents
            each["skills"] += each["skills"][:1]

    world.app.faults.add(Wrong(Kind.CHANGED_JSON, "GET", "/api/v2/agents", times=None, change=double))
    found = by_name(examine(world, lambda _agent: True))["writing"]
    assert found.state is State.SKIPPED
    assert not [line for line in world.sent() if line.startswith("PATCH")]


def test_a_write_that_changes_something_is_the_worst_news(world: World) -> None:
    """Whatever the tenant answered."""
    spoil = Wrong(
        Kind.ACT_BEFORE,
        "GET",
        "/api/v2/agents/id-bo",
        nth=2,
        act=lambda: world.tenant.edit_skills("id-bo", {"skill-sales": None}),
    )
    world.app.faults.add(Wrong(Kind.EMPTY_BODY, "PATCH"))
    world.app.faults.add(spoil)
    found = by_name(examine(world, lambda _agent: True))["writing"]
    assert (found.state, found.fault) == (State.FAIL, Fault.TENANT)
    assert "holds other skills than before" in found.message


ANSWERS = {
    "a scope is missing": (Wrong(Kind.STATUS, "PATCH", status=403), State.FAIL, "admin:agent:write"),
    "the tenant refuses it": (Wrong(Kind.STATUS, "PATCH", status=400), State.FAIL, "simulated fault"),
    "nobody knows": (Wrong(Kind.STATUS, "PATCH", status=500), State.FAIL, "answered 500"),
    "no body": (Wrong(Kind.EMPTY_BODY, "PATCH"), State.WARN, "the agent is as before"),
    "somebody else is at it": (Wrong(Kind.STATUS, "PATCH", status=409), State.SKIPPED, "right now"),
    "gone": (Wrong(Kind.STATUS, "PATCH", status=404), State.SKIPPED, "gone"),
}


@pytest.mark.parametrize(("wrong", "state", "words"), ANSWERS.values(), ids=ANSWERS.keys())
def test_every_answer_to_the_write_has_its_verdict(world: World, wrong: Wrong, state: State, words: str) -> None:
    before = holding(world)
    world.app.faults.add(wrong)
    found = by_name(examine(world, lambda _agent: True))["writing"]
    assert (found.state, words in found.message) == (state, True)
    assert sum(line.startswith("PATCH") for line in world.sent()) == 1
    assert holding(world) == before


@pytest.mark.parametrize(("versioned", "writes"), [(True, 2), (False, 1)])
def test_a_write_that_had_to_wait_goes_only_under_a_version(
    tmp_path: Path, clock: VirtualClock, *, versioned: bool, writes: int
) -> None:
    """Refused unseen by the rate limit: who knows what the agent holds five seconds later."""
    world = World(tmp_path, clock, (agent("ana", Chat=1),), behaviour=Behaviour(versioned=versioned))
    world.write_agents(ana="{}")
    world.app.faults.add(Wrong(Kind.STATUS, "PATCH", status=429, headers=(("Retry-After", "5"),)))
    found = by_name(examine(world, lambda _agent: True))
    assert found["writing"].state is (State.OK if versioned else State.SKIPPED)
    assert found["rate limit"].state is State.WARN
    assert sum(line.startswith("PATCH") for line in world.sent()) == writes
    assert world.committed_by_api() == writes - 1


def test_nobody_is_written_while_an_apply_is_under_way(world: World) -> None:
    """It is skipped, and says who is at work."""

    def meanwhile() -> None:
        found = by_name(examine(world, lambda _agent: True))
        assert found["writing"].state is State.SKIPPED
        assert "is being applied by" in found["writing"].message
        assert found["state folder"].state is State.WARN
        assert "is being applied by" in found["state folder"].message

    world.write_agents(ana="{Billing: 61}")
    world.apply(while_asked=lambda: _in_a_thread(meanwhile))
    assert by_name(examine(world))["state folder"].state is State.OK


def _in_a_thread(work: Callable[[], None]) -> None:
    """Run what needs an event loop of its own while another one runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def test_one_list_refused_does_not_hide_the_other(world: World) -> None:
    """Each scope by itself: the first failure is the skills', and agents are asked for all the same."""
    world.app.faults.add(Wrong(Kind.STATUS, "GET", "/api/v2/skills", status=403, body=b'{"message": "no"}', times=None))
    checkup = examine(world)
    found = by_name(checkup)
    assert states(checkup, State.FAIL) == {"reading skills"}
    assert found["reading agents"].state is State.OK
    assert (found["reading skills"].fault, "admin:agent:read" in str(found["reading skills"].hint)) == (
        Fault.ACCESS,
        True,
    )
    world.app.faults.clear()
    world.app.faults.add(Wrong(Kind.STATUS, "GET", "/api/v2/agents", status=403, times=None))
    assert states(examine(world), State.FAIL) == {"reading agents"}


def test_a_credential_that_is_refused_is_asked_with_once(world: World) -> None:
    """Knocking again could lock the client out; what needs a token is skipped and no failure."""
    world.app = make_app(world.tenant, clients=(Client("demo", "another"),), sleep=world.clock.sleep, random=Random(1))
    checkup = examine(world, lambda _agent: True)
    assert world.sent() == ["POST /oauth/token"]
    assert states(checkup, State.FAIL) == {"credential"}
    assert checkup.first_failure
    assert checkup.first_failure.fault is Fault.ACCESS
    assert by_name(checkup)["connection"].state is State.OK
    assert by_name(checkup)["clock"].state is State.OK


def test_a_tenant_that_breaks_off_after_the_token_fails_where_it_did(world: World) -> None:
    world.app.faults.add(Wrong(Kind.DROP_BEFORE, "GET", times=None))
    checkup = examine(world)
    assert states(checkup, State.FAIL) == {"reading skills"}
    assert by_name(checkup)["credential"].state is State.OK
    assert {line for line in world.sent() if "agents" in line} == set()


@pytest.mark.parametrize(
    ("ahead_s", "state", "words"),
    [
        (0, State.OK, "agree"),
        (59, State.OK, "agree"),
        (-59, State.OK, "agree"),
        (600, State.WARN, "10 min behind"),
        (-600, State.WARN, "10 min ahead of"),
        (90, State.WARN, "90 s behind"),
    ],
)
def test_a_clock_that_is_a_minute_off_is_a_warning(world: World, ahead_s: float, state: State, words: str) -> None:
    set_clock(world, ahead_s)
    found = by_name(examine(world))["clock"]
    assert (found.state, words in found.message) == (state, True)


@pytest.mark.parametrize(
    ("limit", "configured", "state"), [(50, 100, State.WARN), (100, 100, State.OK), (100, 20, State.OK)]
)
def test_a_limit_below_the_configured_one_is_a_warning(
    tmp_path: Path, clock: VirtualClock, limit: int, configured: int, state: State
) -> None:
    world = World(tmp_path, clock, (agent("ana"),), behaviour=Behaviour(limit=limit, rate_headers=True))
    world.write("tenant.yaml", TENANT_YAML.replace("requests: 100", f"requests: {configured}"))
    world.write_agents(ana="{}")
    found = by_name(examine(world))["rate limit"]
    assert found.state is state
    assert f"announces {limit} requests, {limit - 3} left" in found.message
    assert found.hint is None or f"rate_limit: {{requests: {limit}, per_seconds: 60}}" in found.hint


@pytest.mark.parametrize(("lifetime_s", "state"), [(3600, State.OK), (60, State.OK), (59, State.WARN)])
def test_a_token_that_hardly_lasts_is_a_warning(
    tmp_path: Path, clock: VirtualClock, lifetime_s: int, state: State
) -> None:
    world = World(tmp_path, clock, (agent("ana"),), behaviour=Behaviour(token_lifetime_s=lifetime_s))
    world.write_agents(ana="{}")
    found = by_name(examine(world))["credential"]
    assert (found.state, f"{lifetime_s} s" in found.message) == (state, True)


@pytest.mark.parametrize("odd", [b'"soon"', b"null", b"true"])
def test_an_odd_lifetime_is_a_warning(world: World, odd: bytes) -> None:
    body = b'{"access_token": "t0ken-of-the-test", "expires_in": ' + odd + b"}"
    world.app.faults.add(Wrong(Kind.BODY, "POST", body=body, times=None))
    found = by_name(examine(world))["credential"]
    assert (found.state, "no number" in found.message) == (State.WARN, True)


def test_skills_of_one_name_are_a_warning(tmp_path: Path, clock: VirtualClock) -> None:
    more = (Skill("skill-a", "Twice"), Skill("skill-b", "Twice"), Skill("skill-c", "Old", active=False))
    world = World(tmp_path, clock, (agent("ana"),), (*SKILLS, *more))
    world.write_agents(ana="{}")
    found = by_name(examine(world))["skills"]
    assert (found.state, found.message) == (State.WARN, "8 skills, 1 inactive; more than one skill is called `Twice`")


def test_faulty_files_of_agents_do_not_hide_the_rest(world: World) -> None:
    """The credential is tried, nobody is written, and the first failure is the files'."""
    world.write("agents.yaml", "agents:\n  ana@example.com:\n    skills: {Billing: 600}\n")
    checkup = examine(world, lambda _agent: True)
    assert states(checkup, State.FAIL) == {"files"}
    assert by_name(checkup)["files"].message.endswith("has 1 error in 1 file")
    assert by_name(checkup)["writing"].state is State.SKIPPED
    assert world.app.requests[-1].query == "page=1&pageSize=1"
    assert world.sent() == ASK


@pytest.mark.parametrize("file", ["tenant.yaml", None])
def test_without_a_tenant_nothing_is_asked(world: World, file: str | None) -> None:
    """A file that is faulty, or a folder that is not there."""
    folder = world.folder / "desired-state"
    if file:
        world.write(file, "version: 1\ntenant: {name: acme, realm: 1}\n")
    else:
        folder.rename(world.folder / "elsewhere")
    checkup = examine(world)
    assert (world.sent(), checkup.requests) == ([], 0)
    assert checkup.first_failure
    assert (checkup.first_failure.name, checkup.first_failure.fault) == ("files", Fault.INPUT)
    assert states(checkup, State.OK) >= {"state folder", "tool", "terminal"}


def test_nobody_declared_yet_is_a_warning(world: World) -> None:
    (world.folder / "desired-state" / "agents.yaml").unlink()
    checkup = examine(world, lambda _agent: True)
    assert states(checkup, State.WARN) == {"files"}
    assert by_name(checkup)["writing"].state is State.SKIPPED


def test_a_run_that_was_killed_is_told(world: World) -> None:
    world.write_agents(ana="{Billing: 61}")
    world.apply()
    (journal,) = (world.folder / "state" / "runs").glob("*")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:2]))
    found = by_name(examine(world))["state folder"]
    assert (found.state, journal.stem in found.message) == (State.WARN, True)


def test_a_state_folder_that_is_a_file_fails(world: World) -> None:
    """Whoever may write everything may write no folder where a file is."""
    (world.folder / "state").write_text("")
    checkup = examine(world)
    found = by_name(checkup)["state folder"]
    assert (found.state, found.fault, states(checkup, State.FAIL)) == (State.FAIL, Fault.INPUT, {"state folder"})
