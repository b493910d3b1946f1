"""Requests are the scarcest thing a tenant has: each command costs exactly what it must."""

import asyncio
from contextlib import AbstractAsyncContextManager
from math import ceil
from pathlib import Path
from random import Random

import pytest

from reconciler import pipeline
from reconciler.clock import Clock
from reconciler.live import Connection, Tenant, open_tenant
from reconciler.simulator import Behaviour, Skill
from tests.conftest import VirtualClock
from tests.world import World, agent


def _many(count: int) -> tuple[Skill, ...]:
    return tuple(Skill(f"skill-{number}", f"Skill {number}") for number in range(count))


@pytest.mark.parametrize(("skills", "agents", "page"), [(1, 1, 500), (7, 23, 5), (5, 20, 5), (6, 21, 5), (12, 100, 7)])
def test_a_plan_costs_its_pages_and_one_token(
    tmp_path: Path, clock: VirtualClock, skills: int, agents: int, page: int
) -> None:
    """ceil(skills/page) + ceil(agents/page) + 1, whatever the page size that the tenant grants."""
    live = tuple(agent(f"agent{number}") for number in range(agents))
    world = World(tmp_path, clock, live, _many(skills), Behaviour(max_page_size=page, limit=None))
    world.write_agents(**{f"agent{number}": "{}" for number in range(agents)})
    world.plan()
    sent = world.sent()
    assert sent.count("POST /oauth/token") == 1
    assert sent.count("GET /api/v2/skills") == ceil(skills / page)
    assert sent.count("GET /api/v2/agents") == ceil(agents / page)
    assert len(sent) == 1 + ceil(skills / page) + ceil(agents / page)


def test_an_apply_costs_its_plan_its_writes_and_one_listing(tmp_path: Path, clock: VirtualClock) -> None:
    """One PATCH for each changed agent, none for the others, and one more listing to verify."""
    live = tuple(agent(f"agent{number}", Billing=50) for number in range(23))
    world = World(tmp_path, clock, live, behaviour=Behaviour(max_page_size=5))
    world.write_agents(**{f"agent{number}": "{Billing: 60}" if number < 4 else "{Billing: 50}" for number in range(23)})
    outcome = world.apply()
    sent = world.sent()
    patches = [line for line in sent if line.startswith("PATCH")]
    assert sorted(patches) == [f"PATCH /api/v2/agents/id-agent{number}" for number in range(4)]
    assert len(sent) == 1 + 1 + 5 + 4 + 5
    assert outcome.requests == len(sent)
    assert outcome.is_complete
    assert outcome.is_verified


def test_a_second_apply_sends_no_write_and_verifies_nothing(tmp_path: Path, clock: VirtualClock) -> None:
    """Whoever applies twice pays for one more plan."""
    world = World(tmp_path, clock, (agent("ana", Billing=50),))
    world.write_agents(ana="{Billing: 60}")
    world.apply()
    world.sent()
    outcome = world.apply()
    assert world.sent() == ["POST /oauth/token", "GET /api/v2/skills", "GET /api/v2/agents"]
    assert outcome.agents == ()
    assert world.committed_by_api() == 1


def test_a_wrong_skill_costs_no_listing_of_agents(tmp_path: Path, clock: VirtualClock) -> None:
    """Names are found before the dear part begins."""
    world = World(tmp_path, clock, (agent("ana"),))
    world.write_agents(ana="{Biling: 60}")
    with pytest.raises(Exception, match="Biling"):
        world.plan()
    assert world.sent() == ["POST /oauth/token", "GET /api/v2/skills"]


def test_who_only_reads_gets_a_client_that_cannot_write(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by good manners: a plan's client refuses everything but GET."""
    asked: list[bool] = []

    def watched(
        connection: Connection, *, clock: Clock, random: Random, writable: bool
    ) -> AbstractAsyncContextManager[Tenant]:
        asked.append(writable)
        return open_tenant(connection, clock=clock, random=random, writable=writable)

    monkeypatch.setattr("reconciler.pipeline.context.open_tenant", watched)
    world = World(tmp_path, clock, (agent("ana"),))
    world.write_agents(ana="{}")
    world.plan()
    asyncio.run(pipeline.check_names(world.context, pipeline.load_one(world.context, None).desired))
    world.apply()
    assert asked == [False, False, True]
