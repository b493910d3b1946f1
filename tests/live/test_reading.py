"""Reading: complete or an error, in no more requests than it takes."""

import json
import math
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import AccessDenied, TenantError
from reconciler.live import Tenant
from reconciler.model.agents import LiveState
from reconciler.model.assignments import encode, unpack

from .server import (
    Answer,
    Call,
    Handler,
    Server,
    agent,
    agent_id,
    by_id,
    listing,
    page_of,
    row,
    running,
    scripted,
    skill,
)


def read(server: Server, wanted: Collection[str], *, graded: bool = False) -> LiveState:
    async def work(tenant: Tenant) -> LiveState:
        return await tenant.read_agents(await tenant.read_skills(), wanted, graded=graded)

    state = running(server, work, writable=False)
    assert isinstance(state, LiveState)
    return state


def tenant_of(*agents: object, cap: int = 500) -> Server:
    return Server(listing("skills", [skill(n) for n in range(3)]), listing("agents", agents, cap))


def everybody(count: int) -> list[str]:
    return [f"user{n}@example.com" for n in range(count)]


@given(skills=st.integers(0, 12), agents=st.integers(0, 40), cap=st.integers(1, 12))
def test_a_calm_reading_costs_one_token_and_each_page_once(skills: int, agents: int, cap: int) -> None:
    """1 + ceil(skills / page) + ceil(agents / page) requests, and every agent is there."""
    records = [agent(n, row(0), row(1, 60, available=False)) for n in range(agents)]
    server = Server(listing("skills", [skill(n) for n in range(max(2, skills))], cap), listing("agents", records, cap))
    state = read(server, everybody(agents))
    pages = max(1, math.ceil(agents / cap))
    assert len(server.calls) == 1 + math.ceil(max(2, skills) / cap) + pages
    assert [found.email for found in state.agents] == [f"User{n}@example.com" for n in range(agents)]
    assert (state.total, state.pages, state.moved, state.known_refs) == (agents, pages, False, ())
    assert state.availability == ({0: agents} if agents else {})


def test_sets_are_packed_by_skill_number_and_only_the_wanted_are_kept() -> None:
    """Others are counted while they are active; equal sets share one object; refs match without regard to case."""
    server = tenant_of(
        agent(0, row(2, 0, available=False), row(0, 100)),
        agent(1, row(0, 100), row(2, 0, available=False)),
        agent(2, row(1)),
        agent(3, row(1), active=False),
        agent(4, row(1), active=False),
    )
    state = read(server, ["user0@example.com", "user1", "user4"])
    first, second, inactive = state.agents
    assert first.assignments is not None
    assert unpack(first.assignments) == {2: encode(0, available=False), 0: encode(100, available=True)}
    assert first.assignments is second.assignments
    assert state.availability == {0: 2, 1: 1}
    assert (first.version, first.user_name, state.total) == ("7", "User0", 5)
    assert not inactive.active


def test_everyone_is_counted_by_proficiency_where_that_is_asked_for() -> None:
    """Managed or not, while active and available; all else is as without."""
    agents = (
        agent(0, row(2, 0, available=False), row(0, 100)),
        agent(1, row(0, 100)),
        agent(2, row(0, 99), row(1, 0)),
        agent(3, row(0, 98), active=False),
    )
    plain, graded = (read(tenant_of(*agents), ["user0"], graded=each) for each in (False, True))
    assert plain.graded == {}
    assert graded.graded == {0 << 8 | encode(100, True): 2, 0 << 8 | encode(99, True): 1, 1 << 8 | encode(0, True): 1}
    assert (graded.availability, graded.agents) == (plain.availability, plain.agents) == ({0: 3, 1: 1}, plain.agents)


def test_an_id_that_comes_twice_counts_once() -> None:
    """Then the total is not reached, so the listing is read again, three times at most, and said to have moved."""
    server = tenant_of(agent(0, row(0)), agent(0, row(0)), agent(1, row(0)))
    state = read(server, everybody(2))
    assert (len(state.agents), state.availability, state.moved) == (2, {0: 2}, True)
    assert server.count("GET", "/agents") == 3


def moving(*rounds: Answer) -> Server:
    return Server(listing("skills", [skill(0)]), scripted("GET", "/api/v2/agents", *rounds))


def test_a_moved_listing_is_read_again_and_the_newest_counts() -> None:
    """The first reading lacks one of the two it announces; the second is whole."""
    first = Answer(body={"agents": [agent(0, row(0, 1))], "page": 1, "pageSize": 500, "total": 2})
    second = page_of("agents", [agent(0, row(0, 2)), agent(1)], 1, 500)
    state = read(moving(first, second), everybody(2))
    assert state.agents[0].assignments is not None
    assert (unpack(state.agents[0].assignments), state.moved) == ({0: encode(2, available=True)}, False)


def test_a_later_page_that_tells_another_total_has_the_listing_read_again() -> None:
    """Even when the ids add up: something moved between the pages."""
    calm = listing("agents", [agent(0), agent(1)], 1)
    changes = [{"total": 3}]

    def handler(call: Call) -> Answer | None:
        answer = calm(call)
        if answer and call.query["page"] == "2" and changes and isinstance(answer.body, dict):
            return Answer(body=answer.body | changes.pop())
        return answer

    server = Server(listing("skills", [skill(0)]), handler)
    assert not read(server, everybody(2)).moved
    assert server.count("GET", "/agents") == 4


def test_a_listing_that_never_holds_still_and_lacks_somebody_is_an_error() -> None:
    broken = Answer(body={"agents": [agent(0)], "page": 1, "pageSize": 500, "total": 2})
    with pytest.raises(TenantError) as caught:
        read(moving(broken), everybody(2))
    assert caught.value.diagnostics[0].code == "tenant-incomplete"


def test_a_name_that_is_missing_is_looked_for_in_a_second_listing() -> None:
    """Only then it counts as gone, and every name is kept for suggestions."""
    server = tenant_of(agent(0))
    state = read(server, ["user0", "usr0@example.com"])
    assert server.count("GET", "/agents") == 2
    assert state.known_refs == ("User0", "User0@example.com")
    assert len(state.agents) == 1


def test_an_id_that_is_missing_is_asked_for_by_id() -> None:
    """One GET for each, while that is cheaper than the listing: found, or gone for good."""
    hidden = agent(9, row(0))
    server = tenant_of(*(agent(n) for n in range(6)), cap=2)
    server.handlers.insert(0, by_id(hidden))
    state = read(server, [agent_id(9), agent_id(8)])
    assert [found.id for found in state.agents] == [agent_id(9)]
    assert server.count("GET", "/agents") == 3
    assert len(server.calls) == 1 + 1 + 3 + 2


def test_somebody_an_earlier_reading_showed_is_asked_for_before_being_called_gone() -> None:
    first = Answer(body={"agents": [agent(0), agent(1, row(0))], "page": 1, "pageSize": 500, "total": 3})
    server = moving(first, page_of("agents", [agent(0)], 1, 500))
    server.handlers.insert(0, by_id(agent(1, row(0, 9))))
    state = read(server, everybody(2))
    assert [found.id for found in state.agents] == [agent_id(0), agent_id(1)]
    assert state.agents[1].assignments is not None
    assert unpack(state.agents[1].assignments) == {0: encode(9, available=True)}


@pytest.mark.parametrize("skills", [..., None], ids=["missing", "null"])
def test_a_listing_without_skills_has_the_wanted_asked_one_by_one(skills: object) -> None:
    """A missing key is never an empty set; coverage is not known then; the ETag gives the version."""
    server = tenant_of(*(agent(n, skills=skills, version=...) for n in range(4)))
    server.handlers.insert(0, by_id(agent(1, row(0), version=...), agent(2, skills=...), etag='"12"'))
    state = read(server, ["user1", "user2"])
    one, two = state.agents
    assert (one.version, two.assignments, state.availability) == ("12", None, None)
    assert state.unreadable == {two.id: "it does not say which skills the agent has"}
    assert server.count("GET") == 1 + 1 + 2


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (agent(1, row(0, 101)), "Expected int <= 100 at $.skills[0].proficiency"),
        (agent(1, row(0, -1)), "Expected int >= 0 at $.skills[0].proficiency"),
        (agent(1, row(0, 85.0)), "Expected int, got float at $.skills[0].proficiency"),
        (agent(1, row(0, "85")), "Expected int, got str at $.skills[0].proficiency"),
        (agent(1, row(0, None)), "Expected int, got null at $.skills[0].proficiency"),
        (agent(1, row(0, proficiency=True)), "Expected int, got bool at $.skills[0].proficiency"),
        (agent(1, row(0, 10**200)), "Expected int <= 100 at $.skills[0].proficiency"),
        (agent(1, row(0, 5, "yes")), "Expected bool, got str at $.skills[0].available"),
        (agent(1, row(0, 5, 1)), "Expected bool, got int at $.skills[0].available"),
        (
            agent(1, {"skill": {}, "proficiency": 1, "available": True}),
            "Object missing required field id at $.skills[0].skill",
        ),
        (agent(1, version=[]), "Expected int | str | null, got array at $.version"),
    ],
)
def test_an_odd_agent_is_an_error_on_that_agent_only(record: dict[str, object], words: str) -> None:
    """Who is wanted is unreadable, with words; who is not is passed over; the neighbours are read."""
    state = read(tenant_of(agent(0, row(0)), record), everybody(2))
    assert state.agents[0].assignments is not None
    assert (state.agents[1].assignments, state.unreadable) == (None, {agent_id(1): words})
    assert read(tenant_of(agent(0, row(0)), record), everybody(1)).unreadable == {}


@pytest.mark.parametrize("bad_id", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_never_used(bad_id: str) -> None:
    state = read(tenant_of(agent(0, row(0), id=bad_id)), everybody(1))
    assert state.unreadable == {bad_id: "its id cannot stand in an address"}


def test_a_skill_held_twice_is_reported_and_its_last_row_counts() -> None:
    state = read(tenant_of(agent(0, row(1, 10), row(0), row(1, 20))), everybody(1))
    assert state.duplicates == ((agent_id(0), 1),)
    assert state.agents[0].assignments is not None
    assert unpack(state.agents[0].assignments)[1] == encode(20, available=True)


def test_a_skill_that_no_list_names_gets_a_number_and_the_name_it_came_with() -> None:
    named = {"skill": {"id": "zzz", "name": "Hidden"}, "proficiency": 1, "available": True}
    state = read(tenant_of(agent(0, named, row(0))), everybody(1))
    assert (state.catalog.listed, state.catalog[3].name) == (3, "Hidden")
    assert state.agents[0].assignments is not None
    assert set(unpack(state.agents[0].assignments)) == {0, 3}


def test_the_skills_must_be_complete() -> None:
    broken = Answer(body={"skills": [skill(0)], "page": 1, "pageSize": 500, "total": 2})
    server = Server(scripted("GET", "/skills", broken))
    with pytest.raises(TenantError, match="listing of skills is not complete"):
        running(server, lambda tenant: tenant.read_skills())
    assert server.count("GET", "/skills") == 3


def endless(call: Call) -> Answer | None:
    if call.path != "/api/v2/agents":
        return None
    return Answer(body={"agents": [agent(0)], "page": int(call.query["page"]), "pageSize": 1, "total": 10**9})


def test_a_listing_without_end_is_cut() -> None:
    with pytest.raises(TenantError, match="1000000000 pages"):
        read(Server(listing("skills", [skill(0)]), endless), everybody(1))


def test_an_announced_page_that_is_empty_ends_the_listing() -> None:
    """A total that lies does not cost thousands of requests."""

    def liar(call: Call) -> Answer | None:
        if call.path != "/api/v2/agents":
            return None
        page = int(call.query["page"])
        return Answer(body={"agents": [agent(0)] if page == 1 else [], "page": page, "pageSize": 1, "total": 5000})

    server = Server(listing("skills", [skill(0)]), liar)
    assert read(server, everybody(1)).moved
    assert server.count("GET", "/agents") < 30


DEEP = b'{"agents": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
PAGE = b'{"agents": [%s], "page": 1, "pageSize": 500, "total": 1}'
AGENT = json.dumps(agent(0, row(0))).encode()
MALFORMED: dict[str, Answer] = {
    "truncated": Answer(body=(PAGE % AGENT)[:-5]),
    "html": Answer(body=b"<html>Welcome</html>", content_type="text/html"),
    "html-as-json": Answer(body=b"<html>Welcome</html>"),
    "plain-type": Answer(body=PAGE % AGENT, content_type="text/plain"),
    "empty": Answer(body=b""),
    "blank": Answer(body=b"  \n"),
    "no-content": Answer(status=204, content_type=None),
    "nan": Answer(body=(PAGE % AGENT).replace(b'"total": 1', b'"total": NaN')),
    "long-number": Answer(body=(PAGE % AGENT).replace(b'"total": 1', b'"total": ' + b"9" * 5000)),
    "deep": Answer(body=DEEP),
    "deep-unread": Answer(body=(PAGE % AGENT).replace(b'"page"', b'"x": ' + b"[" * 10**5 + b"]" * 10**5 + b', "page"')),
    "not-utf8": Answer(body=(PAGE % AGENT).replace(b"Silva", b"Silv\xe3")),
    "two-proficiencies": Answer(
        body=PAGE % AGENT.replace(b'"proficiency": 50', b'"proficiency": 50, "proficiency": 1')
    ),
    "two-availables": Answer(body=PAGE % AGENT.replace(b'"available": true', b'"available": true, "available": false')),
    "two-skill-lists": Answer(
        body=PAGE % AGENT.replace(b'"version"', b'"skills": [%s], "version"' % json.dumps(row(0)).encode())
    ),
    "list": Answer(body=b"[]"),
    "null": Answer(body=b"null"),
    "no-agents": Answer(body=b'{"page": 1, "pageSize": 500, "total": 0}'),
    "other-page": Answer(body=(PAGE % AGENT).replace(b'"page": 1', b'"page": 2')),
    "no-page-size": Answer(body=(PAGE % AGENT).replace(b"500", b"0")),
    "negative-total": Answer(body=(PAGE % AGENT).replace(b'"total": 1', b'"total": -1')),
    "no-id": Answer(body=PAGE % b'{"active": true, "skills": []}'),
    "encoding": Answer(body=b"xx", headers={"content-encoding": "br"}),
    "not-gzip": Answer(body=b"xx", headers={"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
def test_nonsense_is_asked_for_three_times_and_then_an_error_that_says_where(answer: Answer) -> None:
    """Never a traceback, never an empty tenant."""
    server = Server(listing("skills", [skill(0)]), scripted("GET", "/agents", answer))
    with pytest.raises(TenantError) as caught:
        read(server, everybody(1))
    (diagnostic,) = caught.value.diagnostics
    assert "GET /api/v2/agents?page=1&pageSize=500" in diagnostic.message
    assert diagnostic.hint
    assert server.count("GET", "/agents") == 3
    if "encoding" not in answer.headers and "content-encoding" not in answer.headers:
        shown = f"status {answer.status}, content type {answer.content_type or 'none'}"
        assert shown in diagnostic.message


@pytest.mark.parametrize("answer", [MALFORMED["truncated"], Answer(500), Answer(503), Answer(drop=True)])
def test_what_passes_is_waited_for(answer: Answer) -> None:
    good = page_of("agents", [agent(0)], 1, 500)
    server = moving(answer, answer, good)
    assert len(read(server, everybody(1)).agents) == 1
    assert server.clock.passed > 0


@pytest.mark.parametrize("content_type", [None, "application/json; charset=utf-8", "application/hal+json"])
def test_json_by_any_of_its_names_is_read(content_type: str | None) -> None:
    server = moving(Answer(body=PAGE % AGENT, content_type=content_type))
    assert len(read(server, everybody(1)).agents) == 1


def test_keys_that_stand_elsewhere_or_are_not_ours_do_no_harm() -> None:
    """A text may hold a key's name, and extra fields may come twice: only what is read counts."""
    record = json.dumps(agent(0, row(0), note='"proficiency"', firstName="proficiency")).encode()
    body = PAGE % record.replace(b'"note"', b'"x": 1, "x": 2, "proficiency": 3, "note"')
    assert len(read(moving(Answer(body=body)), everybody(1)).agents) == 1


@pytest.mark.parametrize("key", ["skills", "proficiency", "available"])
def test_a_key_said_twice_is_nonsense(key: str) -> None:
    """Which of the two is meant nobody knows; the emptier one would strip an agent."""
    record = json.dumps(agent(0, row(0))).encode()
    value = b"[]" if key == "skills" else b"1" if key == "proficiency" else b"false"
    name = f'"{key}":'.encode()
    body = PAGE % record.replace(name, name + value + b"," + name)
    with pytest.raises(TenantError, match="the same key twice"):
        read(moving(*[Answer(body=body)] * 3), everybody(1))


def test_403_names_the_scope_and_404_the_address() -> None:
    def reading(answer: Answer) -> Handler:
        return scripted("GET", "/skills", answer)

    with pytest.raises(AccessDenied, match="lacks the scope admin:agent:read") as denied:
        running(Server(reading(Answer(403, {"message": "no"}))), lambda tenant: tenant.read_skills())
    assert "CXONE_CLIENT_ID" in str(denied.value.diagnostics[0].hint)
    with pytest.raises(TenantError, match="404") as lost:
        running(Server(reading(Answer(404))), lambda tenant: tenant.read_skills())
    assert "CXONE_BASE_URL" in str(lost.value.diagnostics[0].hint)


def test_a_last_page_may_tell_how_little_it_holds() -> None:
    """A page size that shrinks with the last page is no sign of a listing that moved."""
    calm = listing("agents", [agent(0), agent(1), agent(2)], 2)

    def handler(call: Call) -> Answer | None:
        answer = calm(call)
        is_last = answer is not None and call.query["page"] == "2" and isinstance(answer.body, dict)
        return Answer(body={**answer.body, "pageSize": 1}) if answer and is_last else answer  # type: ignore[dict-item] # see above

    server = Server(listing("skills", [skill(0)]), handler)
    assert not read(server, everybody(3)).moved
    assert server.count("GET", "/agents") == 2
