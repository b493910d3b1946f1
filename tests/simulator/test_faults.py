"""Every kind of fault does what its line says, to the requests that its rule names, and to no other."""

import asyncio
import gzip
import json
from random import Random

import httpx
import pytest

from reconciler.simulator import Assignment, Author, Behaviour, ConnectionDropped, Fault, Kind, demo_tenant, make_app
from reconciler.simulator.effects import EFFECTS
from reconciler.simulator.wire import JsonObject

from .door import ANA, Door, body_of, open_door

_BILLING_ONLY = {"Billing": 7}


def _patch(door: Door) -> httpx.Response:
    """Ask for Billing 7 and nothing else."""
    return door.patch(door.tenant.agent_named(ANA).id, body_of(door.tenant, **_BILLING_ONLY))


def _levels(answer: httpx.Response) -> dict[str, int]:
    return {item["skill"]["id"]: item["proficiency"] for item in answer.json()["skills"]}


def _with(fault: Fault) -> Door:
    return open_door(faults=[fault])


def test_every_kind_has_its_effect() -> None:
    """The table and the list of kinds name the same."""
    assert EFFECTS.keys() == set(Kind)


@pytest.mark.parametrize(
    ("kind", "status", "is_committed"),
    [
        (Kind.STATUS, 503, False),
        (Kind.COMMIT_THEN_STATUS, 503, True),
        (Kind.NO_CHANGE, 200, False),
        (Kind.ECHO_ONLY, 200, False),
        (Kind.TRUNCATED, 200, True),
        (Kind.HTML, 200, True),
        (Kind.CONTENT_TYPE, 200, True),
        (Kind.BODY, 200, True),
        (Kind.EMPTY_BODY, 200, True),
        (Kind.CHANGED_JSON, 200, True),
        (Kind.REDIRECT, 302, False),
        (Kind.EXPIRED_TOKEN, 401, False),
        (Kind.DELAY_BEFORE, 200, True),
        (Kind.DELAY_AFTER, 200, True),
        (Kind.DRIP, 200, True),
        (Kind.GZIP_BOMB, 200, True),
        (Kind.ACT_BEFORE, 200, True),
        (Kind.ACT_AFTER, 200, True),
    ],
)
def test_the_log_knows_what_the_answer_hides(kind: Kind, status: int, *, is_committed: bool) -> None:
    """Whether the write happened stands in the log, whatever the client was told."""
    door = _with(Fault(kind, "PATCH", status=503))
    answer = _patch(door)
    assert (answer.status_code, len(door.tenant.commits)) == (status, is_committed)
    assert door.app.requests[-1].status == status


@pytest.mark.parametrize(("kind", "is_committed"), [(Kind.DROP_BEFORE, False), (Kind.DROP_AFTER, True)])
def test_a_dropped_connection_has_no_status(kind: Kind, *, is_committed: bool) -> None:
    """In process it is an OSError, as a reset is on a socket."""
    door = _with(Fault(kind, "PATCH"))
    with pytest.raises(ConnectionDropped) as caught:
        _patch(door)
    assert isinstance(caught.value, OSError)
    assert len(door.tenant.commits) == is_committed
    assert door.app.requests[-1].status is None
    assert _patch(door).status_code == 200


def test_a_late_commit_lands_in_its_own_time() -> None:
    """Nothing shows until then; its precondition is judged when it lands, and its token when it was sent."""
    door = open_door(Behaviour(limit=None, token_lifetime_s=10), faults=[Fault(Kind.LATE_COMMIT, "PATCH", seconds=60)])
    sent_at = door.clock.now
    with pytest.raises(ConnectionDropped):
        _patch(door)
    assert door.tenant.commits == []
    door.clock.now += 3600
    door.enter()
    assert [(commit.at - sent_at, commit.request) for commit in door.tenant.commits] == [(60, 2)]


def test_a_late_commit_that_is_overtaken_changes_nothing() -> None:
    """With `If-Match` the write that arrives late meets another version."""
    door = _with(Fault(Kind.LATE_COMMIT, "PATCH", seconds=60))
    ana = door.tenant.agent_named(ANA)
    with pytest.raises(ConnectionDropped):
        door.patch(ana.id, body_of(door.tenant, Billing=7), **{"If-Match": '"1"'})
    assert door.patch(ana.id, body_of(door.tenant, Billing=8), **{"If-Match": '"1"'}).status_code == 200
    door.clock.now += 61
    door.tenant.catch_up()
    assert [set(commit.skills_after.values()) for commit in door.tenant.commits] == [{Assignment(8)}]


def test_a_write_that_changes_nothing_looks_well() -> None:
    """It answers with the agent as it stands: who compares sees it."""
    door = _with(Fault(Kind.NO_CHANGE, "PATCH"))
    before = _levels(door.call("GET", f"/api/v2/agents/{door.tenant.agent_named(ANA).id}"))
    assert _levels(_patch(door)) == before


def test_a_write_that_only_echoes_looks_even_better() -> None:
    """It answers with what was asked for: only reading again shows that nothing was stored."""
    door = _with(Fault(Kind.ECHO_ONLY, "PATCH"))
    asked = {door.tenant.skill_named("Billing").id: 7}
    assert _levels(_patch(door)) == asked
    assert _levels(door.call("GET", f"/api/v2/agents/{door.tenant.agent_named(ANA).id}")) != asked


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        (Kind.TRUNCATED, "application/json"),
        (Kind.HTML, "text/html; charset=utf-8"),
        (Kind.EMPTY_BODY, "application/json"),
    ],
)
def test_a_spoilt_body_is_no_json(kind: Kind, content_type: str) -> None:
    answer = _with(Fault(kind)).call("GET", "/api/v2/agents")
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_body_may_stand_in_for_the_answers() -> None:
    assert _with(Fault(Kind.BODY, body=b"NaN")).call("GET", "/api/v2/agents").content == b"NaN"


def test_another_content_type_keeps_the_body() -> None:
    answer = _with(Fault(Kind.CONTENT_TYPE)).call("GET", "/api/v2/agents")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.json()["total"] == 44


def test_a_redirect_says_where_to() -> None:
    answer = _with(Fault(Kind.REDIRECT, location="http://evil.example/")).call("GET", "/api/v2/agents")
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, "http://evil.example/", b"")


def test_any_answer_may_be_changed() -> None:
    """The token's `expires_in` as well: an error stays one, and what is no JSON object stays as it is."""

    def change(document: JsonObject) -> None:
        document["expires_in"] = "soon"

    door = _with(Fault(Kind.CHANGED_JSON, path="/oauth/token", times=None, change=change))
    assert door.ask_token().json()["expires_in"] == "soon"
    assert door.ask_token(client_secret="wrong").status_code == 401
    door.app.faults.clear()
    door.app.faults.add(Fault(Kind.CHANGED_JSON, change=change))
    door.app.faults.add(Fault(Kind.BODY, body=b"[]"))
    assert door.call("GET", "/api/v2/agents").json() == []


def test_an_expired_token_is_followed_by_a_good_one() -> None:
    """Every token given so far is lost; one asked for afterwards holds."""
    door = _with(Fault(Kind.EXPIRED_TOKEN, "GET"))
    assert [door.call("GET", "/api/v2/skills").status_code for _ in range(2)] == [401, 401]
    assert door.enter().call("GET", "/api/v2/skills").status_code == 200


def test_a_listing_that_moves() -> None:
    """The total that is answered, the place where a page begins, the id that stands twice."""
    plain = open_door().call("GET", "/api/v2/agents?page=2&pageSize=10").json()

    def ask(fault: Fault) -> tuple[list[str], int]:
        document = _with(fault).call("GET", "/api/v2/agents?page=2&pageSize=10").json()
        return [agent["id"] for agent in document["agents"]], document["total"]

    ids, order = [agent["id"] for agent in plain["agents"]], list(demo_tenant().agents)
    assert ask(Fault(Kind.TOTAL_MOVES, count=-2)) == (ids, 42)
    assert ask(Fault(Kind.SHIFTED_PAGE, count=1)) == (order[11:21], 44)
    assert ask(Fault(Kind.SHIFTED_PAGE, count=-1)) == (order[9:19], 44)
    assert ask(Fault(Kind.ID_TWICE)) == ([*ids, ids[-1]], 44)
    first = _with(Fault(Kind.SHIFTED_PAGE, count=-1)).call("GET", "/api/v2/agents?pageSize=3").json()
    assert [agent["id"] for agent in first["agents"]] == order[:2]


def test_a_listing_of_skills_moves_too() -> None:
    plain = open_door().call("GET", "/api/v2/skills").json()["skills"]
    assert _with(Fault(Kind.ID_TWICE)).call("GET", "/api/v2/skills").json()["skills"] == [*plain, plain[-1]]
    assert _with(Fault(Kind.SHIFTED_PAGE)).call("GET", "/api/v2/skills").json()["skills"] == plain[1:]
    two = _with(Fault(Kind.SHIFTED_PAGE, count=-1)).call("GET", "/api/v2/skills?pageSize=3").json()["skills"]
    assert two == plain[:2]


def test_a_stale_read_lags_behind_the_write() -> None:
    """The agent alone and in the list; without the fault both are up to date."""
    door = open_door()
    ana = door.tenant.agent_named(ANA)
    door.clock.now += 10
    _patch(door)
    for path in (f"/api/v2/agents/{ana.id}", "/api/v2/agents"):
        door.app.faults.add(Fault(Kind.STALE_READ, "GET", seconds=5))
        stale, fresh = door.call("GET", path).json(), door.call("GET", path).json()
        door.app.faults.clear()
        versions = [(document.get("agents") or [document])[0]["version"] for document in (stale, fresh)]
        assert versions == [1, 2]


def test_time_passes_where_the_rule_says() -> None:
    """Before the commit, or between it and the answer."""
    for kind, waited in ((Kind.DELAY_BEFORE, 30), (Kind.DELAY_AFTER, 0)):
        door = _with(Fault(kind, "PATCH", seconds=30))
        start = door.clock.now
        _patch(door)
        assert (door.tenant.commits[0].at - start, door.clock.now - start) == (waited, 30)
        arrival = door.app.requests[-1]
        assert (arrival.at, arrival.answered_at) == (start, start + 30)


def test_a_client_that_goes_away_before_the_commit_undoes_it() -> None:
    """In process, giving up cancels the request: a write still to come never happens, one that was done stays."""
    for kind, commits in ((Kind.DELAY_BEFORE, 0), (Kind.DELAY_AFTER, 1)):
        door = _with(Fault(kind, "PATCH"))
        door.app = make_app(door.tenant, faults=[Fault(kind, "PATCH", seconds=10)])
        door.enter()
        with pytest.raises(TimeoutError):
            asyncio.run(asyncio.wait_for(_patch_once(door), 0.01))
        assert len(door.tenant.commits) == commits
        assert door.app.requests[-1].status is None


async def _patch_once(door: Door) -> httpx.Response:
    path = f"http://tenant.example/api/v2/agents/{door.tenant.agent_named(ANA).id}"
    headers = {"authorization": f"Bearer {door.token}"}
    request = httpx.Request("PATCH", path, headers=headers, json=body_of(door.tenant, **_BILLING_ONLY))
    return await httpx.ASGITransport(app=door.app).handle_async_request(request)


def test_a_body_may_drip() -> None:
    """All of it comes, in its time."""
    door = _with(Fault(Kind.DRIP, seconds=2))
    start = door.clock.now
    assert door.call("GET", "/api/v2/agents").json()["total"] == 44
    assert door.clock.now - start > 100


def test_a_bomb_is_small_until_it_is_opened() -> None:
    async def ask() -> tuple[bytes, str]:
        app = make_app(demo_tenant(), faults=[Fault(Kind.GZIP_BOMB, count=3)])
        request = httpx.Request("GET", "http://tenant.example/")
        response = await httpx.ASGITransport(app=app).handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return b"".join([part async for part in response.stream]), response.headers["content-encoding"]

    packed, encoding = asyncio.run(ask())
    assert encoding == "gzip"
    assert len(packed) < 10_000
    assert len(gzip.decompress(packed)) == 3 << 20


@pytest.mark.parametrize(("kind", "status", "place"), [(Kind.ACT_BEFORE, 409, 0), (Kind.ACT_AFTER, 200, 1)])
def test_an_outsider_may_get_in_between(kind: Kind, status: int, place: int) -> None:
    """Right before the write, which then meets another version, or right after it."""
    door = open_door()
    ana, edit = door.tenant.agent_named(ANA), {door.tenant.skill_named("Voice").id: Assignment(1)}
    door.app.faults.add(Fault(kind, "PATCH", act=lambda: door.tenant.edit_skills(ana.id, edit)))
    assert door.patch(ana.id, body_of(door.tenant, Billing=7), **{"If-Match": '"1"'}).status_code == status
    assert [commit.author for commit in door.tenant.commits].index(Author.OUTSIDER) == place


def _statuses(fault: Fault, count: int = 6) -> list[int]:
    door = _with(fault)
    return [door.call("GET", "/api/v2/skills").status_code for _ in range(count)]


def test_a_rule_hits_what_it_names() -> None:
    """The nth that matches and those after it, as many as `times` says; what does not match is not counted either."""
    assert _statuses(Fault(Kind.STATUS)) == [500, 200, 200, 200, 200, 200]
    assert _statuses(Fault(Kind.STATUS, nth=3, times=2)) == [200, 200, 500, 500, 200, 200]
    assert _statuses(Fault(Kind.STATUS, nth=4, times=None)) == [200, 200, 200, 500, 500, 500]
    assert _statuses(Fault(Kind.STATUS, "PATCH", times=None), 2) == [200, 200]
    assert _statuses(Fault(Kind.STATUS, path="/api/v2/agents*", times=None), 2) == [200, 200]
    assert _statuses(Fault(Kind.STATUS, "GET", "*/skills"), 2) == [500, 200]


def test_chance_is_drawn_from_what_was_given() -> None:
    """The same numbers, the same faults; a rule that leaves nothing to chance draws none."""

    def ask(seed: int) -> list[int]:
        door = open_door()
        app = make_app(door.tenant, faults=[Fault(Kind.STATUS, times=None, chance=0.5)], random=Random(seed))
        door.app = app
        return [door.call("GET", "/api/v2/skills").status_code for _ in range(30)]

    assert ask(1) == ask(1)
    assert ask(1) != ask(2)
    assert set(ask(1)) == {500, 401}


def test_rules_add_up() -> None:
    """Several may hit one request, the first outermost; none is left when they are cleared."""
    slow = Fault(Kind.DELAY_BEFORE, times=None, seconds=5)
    door = open_door(faults=[slow, Fault(Kind.COMMIT_THEN_STATUS, "PATCH", times=None), slow])
    start = door.clock.now
    assert _patch(door).status_code == 500
    assert door.clock.now - start == 10
    assert len(door.tenant.commits) == 1
    door.app.faults.clear()
    assert _patch(door).status_code == 200
    assert door.clock.now - start == 10
