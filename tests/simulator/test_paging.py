"""Listings: every agent once, in pages whose size the tenant decides."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator import Agent, Behaviour, Seed, Skill, Tenant, demo_tenant

from .door import ANA, open_door


def _tenant(count: int, cap: int) -> Tenant:
    agents = tuple(Agent(f"id-{n}", f"user{n}", f"u{n}@example.com", "U", str(n), {}) for n in range(count))
    skills = tuple(Skill(f"skill-{n}", f"Skill {n}") for n in range(count))
    return Tenant(Seed(skills, agents), Behaviour(max_page_size=cap, limit=None))


@given(
    count=st.integers(0, 40),
    asked=st.integers(1, 50),
    cap=st.integers(1, 50),
    kind=st.sampled_from(["agents", "skills"]),
)
def test_the_pages_make_up_the_whole(count: int, asked: int, cap: int, kind: str) -> None:
    """The size answered is the smaller of the one asked for and the cap, and the pages hold each id once."""
    door = open_door(tenant=_tenant(count, cap))
    size = min(asked, cap)
    ids: list[str] = []
    for page in range(1, count // size + 2):
        document = door.call("GET", f"/api/v2/{kind}?page={page}&pageSize={asked}").json()
        assert document.keys() == {kind, "page", "pageSize", "total"}
        assert (document["page"], document["pageSize"], document["total"]) == (page, size, count)
        assert len(document[kind]) <= size
        ids += [item["id"] for item in document[kind]]
    assert ids == [item.id for item in (door.tenant.agents if kind == "agents" else door.tenant.skills).values()]


def test_without_a_query_the_first_page_comes() -> None:
    document = open_door(Behaviour(max_page_size=7, limit=None)).call("GET", "/api/v2/agents").json()
    assert (document["page"], document["pageSize"], len(document["agents"])) == (1, 7, 7)


def test_a_page_beyond_the_end_is_empty() -> None:
    document = open_door().call("GET", "/api/v2/agents?page=999&pageSize=500").json()
    assert document == {"agents": [], "page": 999, "pageSize": 500, "total": 44}


@pytest.mark.parametrize(
    "query",
    [
        *("page=0", "page=-1", "page=x", "page=1.0", "page=", "page=01", "page=9999999999", "page=%D9%A1"),
        *("page=1&page=2", "pageSize=0", "size=5", "junk"),
    ],
)
def test_a_bad_query_is_refused(query: str) -> None:
    assert open_door().call("GET", f"/api/v2/agents?{query}").status_code == 400


def test_an_agent_looks_as_the_contract_says() -> None:
    """Alone and in a listing alike."""
    door = open_door()
    ana = door.tenant.agent_named(ANA)
    alone = door.call("GET", f"/api/v2/agents/{ana.id}")
    assert alone.headers["etag"] == '"1"'
    assert alone.headers["content-type"] == "application/json"
    document = alone.json()
    assert list(document) == ["id", "userName", "email", "firstName", "lastName", "active", "version", "skills"]
    spanish = {"id": door.tenant.skill_named("Spanish").id, "name": "Spanish"}
    assert {"skill": spanish, "proficiency": 40, "available": True} in document["skills"]
    assert door.call("GET", "/api/v2/agents").json()["agents"][0] == document


def test_variants_show_less_or_more() -> None:
    """Each option changes what it names, and nothing else."""
    plain = open_door().call("GET", "/api/v2/agents").json()["agents"]
    bare = open_door(Behaviour(limit=None, inline_skills=False)).call("GET", "/api/v2/agents").json()["agents"]
    assert bare == [{key: value for key, value in agent.items() if key != "skills"} for agent in plain]
    unversioned = open_door(Behaviour(limit=None, versioned=False))
    listed = unversioned.call("GET", "/api/v2/agents").json()["agents"]
    assert listed == [{key: value for key, value in agent.items() if key != "version"} for agent in plain]
    assert "etag" not in unversioned.call("GET", f"/api/v2/agents/{plain[0]['id']}").headers
    nameless = open_door(Behaviour(limit=None, names_in_assignments=False)).call("GET", "/api/v2/agents").json()
    assert all(item["skill"].keys() == {"id"} for agent in nameless["agents"] for item in agent["skills"])
    extra = open_door(Behaviour(limit=None, extra_fields=True)).call("GET", "/api/v2/agents").json()
    assert {"agents", "page", "pageSize", "total"} < extra.keys()
    assert all(plain_one.keys() < extra_one.keys() for plain_one, extra_one in zip(plain, extra["agents"], strict=True))


def test_without_inline_skills_the_agent_alone_still_has_them() -> None:
    door = open_door(Behaviour(limit=None, inline_skills=False))
    assert door.call("GET", "/api/v2/agents").status_code == 200
    assert door.call("GET", f"/api/v2/agents/{door.tenant.agent_named(ANA).id}").json()["skills"]


@pytest.mark.parametrize("odd_id", ["a/b", "a b", "ä", "..", "%2F", "a?b#c", "+"])
def test_ids_are_decoded_once_each_by_itself(odd_id: str) -> None:
    """A quoted slash is part of the id, and a quoted percent sign is one."""
    tenant = Tenant(Seed((), (Agent(odd_id, "odd", "odd@example.com", "O", "Dd", {}),)), Behaviour(limit=None))
    door = open_door(tenant=tenant)
    answer = door.call("GET", f"/api/v2/agents/{quote(odd_id, safe='') if odd_id != '..' else '%2e%2e'}")
    assert answer.json()["id"] == odd_id


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v2/agents/", 404),
        ("GET", "/api/v2/agents/unknown", 404),
        ("PATCH", "/api/v2/agents/unknown", 404),
        ("GET", "/api/v2/agents/%FF", 400),
        ("GET", "/api/v2/agents/a/b", 404),
        ("GET", "/api/v3/agents", 404),
        ("GET", "/", 404),
        ("DELETE", "/api/v2/agents", 405),
        ("PUT", "/api/v2/agents/unknown", 405),
        ("POST", "/api/v2/skills", 405),
        ("GET", "/oauth/token", 405),
    ],
)
def test_what_is_not_there_is_said_so(method: str, path: str, status: int) -> None:
    raw = b'{"skills":[]}' if method == "PATCH" else b""
    answer = open_door().call(method, path, raw=raw)
    assert answer.status_code == status
    assert ("allow" in answer.headers) == (status == 405)


def test_a_renamed_skill_shows_everywhere() -> None:
    """What was encoded before does not outlive the name in it."""
    door = open_door()
    door.call("GET", "/api/v2/agents")
    skill = door.tenant.skill_named("Spanish")
    door.tenant.put_skill(Skill(skill.id, "Castellano"))
    text = door.call("GET", "/api/v2/agents").text
    assert "Castellano" in text
    assert "Spanish" not in text


def test_a_deleted_agent_moves_the_others_up() -> None:
    """A listing has no snapshot: whoever pages on after a deletion misses one."""
    door = open_door(tenant=demo_tenant(Behaviour(max_page_size=10, limit=None)))
    order = list(door.tenant.agents)
    door.call("GET", "/api/v2/agents?page=1")
    door.tenant.delete_agent(order[0])
    second = door.call("GET", "/api/v2/agents?page=2").json()
    assert [agent["id"] for agent in second["agents"]] == order[11:21]
    assert second["total"] == len(order) - 1
