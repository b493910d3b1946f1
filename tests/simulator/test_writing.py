"""A PATCH replaces a whole set or changes nothing, and the log holds exactly what was committed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator import Author, Behaviour, Tenant, demo_tenant

from .door import ANA, Door, body_of, open_door

_ITEM = {"skill": {"id": "BILLING"}, "proficiency": 60, "available": True}


def _send(door: Door, text: str, content_type: str = "application/json") -> tuple[int, str]:
    """Send a body in which BILLING and FAX stand for the ids of those skills."""
    for name in ("Billing", "Fax"):
        text = text.replace(name.upper(), door.tenant.skill_named(name).id)
    path = f"/api/v2/agents/{door.tenant.agent_named(ANA).id}"
    answer = door.call("PATCH", path, raw=text.encode(), headers={"content-type": content_type})
    return answer.status_code, answer.json().get("message", "")


def _item(**changes: object) -> str:
    return json.dumps({"skills": [{**_ITEM, **changes}]})


REFUSED = {
    "no JSON": ("{", "Malformed JSON"),
    "nothing": (" ", "Malformed JSON"),
    "a key twice": ('{"skills": [], "skills": []}', "Malformed JSON"),
    "NaN": (_item(proficiency=float("nan")), "Malformed JSON"),
    "very deep": ("[" * 100_000, "Malformed JSON"),
    "five thousand digits": (f'{{"skills": {"9" * 5000}}}', "Malformed JSON"),
    "not UTF-8": ('{"skills": []}\udcff', "Malformed JSON"),
    "a list": ("[]", "Malformed body"),
    "no skills": ("{}", "Malformed body"),
    "skills as null": ('{"skills": null}', "Malformed body"),
    "skills as a mapping": ('{"skills": {}}', "Malformed body"),
    "one more key": ('{"skills": [], "active": true}', "Malformed body"),
    "an item that is none": ('{"skills": [1]}', "Malformed body"),
    "an item with one more key": (_item(name="Billing"), "Malformed body"),
    "an item without available": ('{"skills": [{"skill": {"id": "BILLING"}, "proficiency": 60}]}', "Malformed body"),
    "a skill by its id alone": (_item(skill="BILLING"), "Malformed body"),
    "a skill with its name": (_item(skill={"id": "BILLING", "name": "Billing"}), "Malformed body"),
    "a skill by number": (_item(skill={"id": 7}), "Malformed body"),
    "an unknown skill": (_item(skill={"id": "nope"}), "Invalid skill ID"),
    "a skill by its name": (_item(skill={"id": "Billing"}), "Invalid skill ID"),
    "a skill that is not active": (_item(skill={"id": "FAX"}), "Invalid skill ID"),
    "a skill twice": (json.dumps({"skills": [_ITEM, _ITEM]}), "Duplicate skill ID"),
    "above the range": (_item(proficiency=101), "Proficiency out of range"),
    "below the range": (_item(proficiency=-1), "Proficiency out of range"),
    "a float": (_item(proficiency=85.0), "Malformed body"),
    "a boolean as number": (_item(proficiency=True), "Malformed body"),
    "a text as number": (_item(proficiency="85"), "Malformed body"),
    "null as number": (_item(proficiency=None), "Malformed body"),
    "a number as boolean": (_item(available=1), "Malformed body"),
    "a text as boolean": (_item(available="true"), "Malformed body"),
    "null as boolean": (_item(available=None), "Malformed body"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_body_beside_the_contract_is_refused(name: str) -> None:
    """With 400 and the contract's words; the agent stays as it was, and the log stays empty."""
    text, message = REFUSED[name]
    door = open_door()
    before = door.tenant.agent_named(ANA)
    if "\udcff" in text:
        path = f"/api/v2/agents/{before.id}"
        answer = door.call("PATCH", path, raw=text.encode("utf-8", "surrogateescape"))
        assert (answer.status_code, answer.json()["message"]) == (400, message)
    else:
        assert _send(door, text) == (400, message)
    assert door.tenant.agent_named(ANA) is before
    assert door.tenant.commits == []


@pytest.mark.parametrize("proficiency", [0, 1, 60, 100])
def test_the_whole_range_is_taken(proficiency: int) -> None:
    assert _send(open_door(), _item(proficiency=proficiency))[0] == 200


def test_another_content_type_is_refused() -> None:
    assert _send(open_door(), '{"skills": []}', "text/plain")[0] == 415


def test_an_empty_list_strips() -> None:
    """The array replaces the whole set; an empty one leaves nothing."""
    door = open_door()
    assert _send(door, '{"skills": []}')[0] == 200
    assert door.tenant.agent_named(ANA).skills == {}


def test_the_answer_is_the_agent_as_stored() -> None:
    """A reader right after sees the same bytes and the same version."""
    door = open_door()
    ana = door.tenant.agent_named(ANA)
    written = door.patch(ana.id, body_of(door.tenant, Billing=61, Voice=(5, False)))
    read = door.call("GET", f"/api/v2/agents/{ana.id}")
    assert written.content == read.content
    assert written.headers["etag"] == read.headers["etag"] == '"2"'
    levels = {item["skill"]["name"]: (item["proficiency"], item["available"]) for item in read.json()["skills"]}
    assert levels == {"Billing": (61, True), "Voice": (5, False)}


def test_a_write_that_changes_nothing_counts_the_version_up() -> None:
    """As a real store does: the version tells that somebody wrote, not that something differs."""
    door = open_door()
    ana = door.tenant.agent_named(ANA)
    body = body_of(door.tenant, Billing=60)
    assert [door.patch(ana.id, body).json()["version"] for _ in range(3)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 200), ('"2"', 409), ('"0"', 409), ('"x"', 409), ("1", 400), ('W/"1"', 400), ("*", 400), ('""', 400)],
)
def test_if_match_is_held_to(if_match: str, status: int) -> None:
    """Only the version that the agent has lets the write through; a refused one leaves no trace."""
    door = open_door()
    ana = door.tenant.agent_named(ANA)
    assert door.patch(ana.id, body_of(door.tenant, Billing=1), **{"If-Match": if_match}).status_code == status
    assert len(door.tenant.commits) == (status == 200)
    assert (door.tenant.agent_named(ANA) is ana) == (status != 200)


def test_a_tenant_without_versions_ignores_if_match() -> None:
    """It shows none, and takes whatever comes."""
    door = open_door(Behaviour(limit=None, versioned=False))
    ana = door.tenant.agent_named(ANA)
    answer = door.patch(ana.id, body_of(door.tenant, Billing=1), **{"If-Match": '"99"'})
    assert answer.status_code == 200
    assert "version" not in answer.json()
    assert "etag" not in answer.headers


def test_the_log_says_who_did_what_and_when() -> None:
    door = open_door()
    ana = door.tenant.agent_named(ANA)
    door.clock.now += 5
    door.patch(ana.id, body_of(door.tenant, Billing=1), **{"If-Match": '"1"'})
    door.tenant.edit_skills(ana.id, {door.tenant.skill_named("Billing").id: None})
    door.tenant.delete_agent(ana.id)
    ours, theirs, gone = door.tenant.commits
    assert (ours.author, ours.at, ours.if_match, ours.before) == (Author.API, door.clock.now, '"1"', ana)
    assert ours.request == door.app.requests[-1].number
    assert (theirs.author, theirs.if_match, theirs.skills_before, theirs.skills_after) == (
        Author.OUTSIDER,
        None,
        ours.skills_after,
        {},
    )
    assert (gone.before, gone.after) == (theirs.after, None)


_LEVELS = st.dictionaries(
    st.sampled_from(["Billing", "Voice", "Sales", "Chat"]), st.tuples(st.integers(0, 100), st.booleans())
)
_WHO = st.sampled_from([ANA, "bo.ito@example.com"])
_STEP = st.tuples(_WHO, _LEVELS, st.sampled_from(["patch", "stale patch", "edit", "bad patch"]))


def _do(tenant: Tenant, who: str, levels: dict[str, tuple[int, bool]], how: str) -> None:
    agent = tenant.agent_named(who)
    body = body_of(tenant, **levels)
    if how == "edit":
        tenant.edit_skills(agent.id, {tenant.skill_named(name).id: None for name in levels})
    elif how == "bad patch":
        tenant.replace_skills(agent.id, {**body, "active": False})
    else:
        tenant.replace_skills(agent.id, body, f'"{agent.version - (how == "stale patch")}"')


@given(steps=st.lists(_STEP, max_size=12))
def test_the_log_equals_what_was_committed(steps: list[tuple[str, dict[str, tuple[int, bool]], str]]) -> None:
    """Played again from the start, the log gives the state that the tenant is in; each commit follows the last."""
    tenant = demo_tenant()
    replayed = dict(tenant.agents)
    for who, levels, how in steps:
        _do(tenant, who, levels, how)
    for commit in tenant.commits:
        assert commit.before is replayed[commit.agent_id]
        assert commit.after is not None
        assert commit.after.version == commit.before.version + 1
        replayed[commit.agent_id] = commit.after
    assert replayed == tenant.agents
    assert len(tenant.commits) == sum(how in {"patch", "edit"} for *_, how in steps)
