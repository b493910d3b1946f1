"""The model without HTTP: outsiders, time, and reads of the past."""

from dataclasses import replace

import pytest

from reconciler.simulator import Agent, Assignment, Behaviour, demo_tenant, generated_seed, generated_tenant

from .door import ANA, FakeClock, body_of


def test_an_outsider_may_add_edit_and_delete() -> None:
    """Each is a commit of its own, and an agent that is put again counts its version on."""
    tenant = demo_tenant()
    new = Agent("new-id", "nnew", "n.new@example.com", "N", "New", {})
    tenant.put_agent(new)
    tenant.put_agent(replace(new, active=False))
    spanish = tenant.skill_named("Spanish").id
    tenant.edit_skills("new-id", {spanish: Assignment(10)})
    assert tenant.agent_named("N.NEW@example.com") == replace(
        new, active=False, skills={spanish: Assignment(10)}, version=3
    )
    tenant.delete_agent("new-id")
    assert tenant.agent("new-id") is None
    assert [commit.agent_id for commit in tenant.commits] == ["new-id"] * 4


def test_an_outsiders_edit_touches_only_what_it_names() -> None:
    """What it gives, changes and takes away; the rest of the set stays."""
    tenant = demo_tenant()
    ana = tenant.agent_named(ANA)
    spanish, email, chat = (tenant.skill_named(name).id for name in ("Spanish", "Email", "Chat"))
    edited = tenant.edit_skills(ana.id, {spanish: Assignment(1, available=False), email: None, chat: Assignment(2)})
    kept = {skill: value for skill, value in ana.skills.items() if skill not in {spanish, email}}
    assert edited.skills == {**kept, spanish: Assignment(1, available=False), chat: Assignment(2)}
    assert tenant.agent(ana.id) is edited


def test_who_is_not_there_is_not_found() -> None:
    tenant = demo_tenant()
    with pytest.raises(KeyError):
        tenant.agent_named("nobody")
    with pytest.raises(KeyError):
        tenant.skill_named("Nothing")
    with pytest.raises(KeyError):
        tenant.delete_agent("nobody")


def test_tenants_of_one_seed_do_not_touch_each_other() -> None:
    """Thousands of them are made from one."""
    one, other = demo_tenant(), demo_tenant()
    one.replace_skills(one.agent_named(ANA).id, {"skills": []})
    one.delete_skill(one.skill_named("Fax").id)
    assert one.agent_named(ANA).skills == {}
    assert other.agent_named(ANA).skills
    assert other.skill_named("Fax").name == "Fax"


def test_a_read_of_the_past_sees_the_past() -> None:
    """Edits, additions and deletions after that moment are not there yet."""
    clock = FakeClock()
    tenant = demo_tenant(clock=clock)
    before = dict(tenant.agents)
    ana = tenant.agent_named(ANA)
    moment = clock.now
    clock.now += 1
    tenant.replace_skills(ana.id, {"skills": []})
    tenant.put_agent(Agent("new-id", "nnew", "n.new@example.com", "N", "New", {}))
    tenant.delete_agent(tenant.agent_named("bo.ito@example.com").id)
    assert tenant.agent(ana.id, as_of=moment) is ana
    assert {agent.id for agent in tenant.page_of_agents(0, 100, as_of=moment)[0]} == before.keys()
    assert tenant.page_of_agents(0, 100, as_of=clock.now) == tenant.page_of_agents(0, 100)


def test_what_is_late_happens_at_its_own_time() -> None:
    """In the order of their times, however late somebody looks; an action that fails does not stop the clock."""
    clock = FakeClock()
    tenant = demo_tenant(clock=clock)
    ana, billing = tenant.agent_named(ANA), tenant.skill_named("Billing").id
    start = clock.now
    tenant.later(60, lambda: tenant.edit_skills(ana.id, {billing: Assignment(2)}))
    tenant.later(30, lambda: tenant.edit_skills(ana.id, {billing: Assignment(1)}))
    clock.now += 29
    tenant.catch_up()
    assert tenant.commits == []
    clock.now += 1000
    tenant.catch_up()
    assert [(c.at - start, c.skills_after[billing].proficiency) for c in tenant.commits] == [(30, 1), (60, 2)]
    tenant.edit_skills(ana.id, {billing: Assignment(3)})
    assert tenant.commits[-1].at == clock.now


def test_a_refusal_needs_no_http() -> None:
    tenant = demo_tenant(Behaviour(versioned=False))
    assert tenant.replace_skills("nobody", body_of(tenant, Billing=1)) != tenant.replace_skills(
        tenant.agent_named(ANA).id, body_of(tenant, Billing=1)
    )


def test_generated_tenants_are_the_same_everywhere() -> None:
    """Equal numbers give equal tenants, another seed another one; no id, name or e-mail stands twice."""
    seed = generated_seed(300, 7)
    assert seed == generated_seed(300, 7)
    assert seed != generated_seed(300, 8)
    assert len(seed.skills) == 86
    for field in ("id", "user_name", "email"):
        assert len({getattr(agent, field).casefold() for agent in seed.agents}) == 300


def test_generated_agents_are_plausible() -> None:
    tenant = generated_tenant(300)
    for agent in list(tenant.agents.values())[44:]:
        assert 8 <= len(agent.skills) <= 20
        assert agent.skills.keys() <= tenant.skills.keys()
        assert all(5 <= assignment.proficiency <= 100 for assignment in agent.skills.values())
        assert agent.email.endswith("@example.com")


@pytest.mark.parametrize(("count", "has_demo"), [(0, False), (43, False), (44, True), (45, True)])
def test_the_demo_comes_first_where_there_is_room(count: int, has_demo: bool) -> None:
    agents = generated_tenant(count).agents
    assert len(agents) == count
    assert (list(agents)[:44] == list(demo_tenant().agents)) == has_demo
