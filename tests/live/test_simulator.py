"""The driver against the independent witness: what it reads and writes is what the simulated tenant holds."""

import asyncio
from random import Random

import pytest

from reconciler.clock import SystemClock
from reconciler.live import Connection, open_tenant
from reconciler.model.answers import Contended, Stored
from reconciler.model.assignments import Assignment, decode, unpack
from reconciler.model.secret import Secret
from reconciler.model.tenant import Api, RateLimit
from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Behaviour, demo_tenant, make_app


@pytest.mark.parametrize("versioned", [True, False])
@pytest.mark.parametrize("inline", [True, False])
def test_the_driver_and_the_simulated_tenant_agree(*, versioned: bool, inline: bool) -> None:
    """Whatever the tenant leaves out: sets read are sets held, and a write commits exactly what was asked for."""
    simulated = demo_tenant(Behaviour(limit=None, versioned=versioned, inline_skills=inline, max_page_size=7))
    live = Connection(
        Api.SIMULATOR,
        "http://localhost",
        Secret(DEMO_CLIENT_ID),
        Secret(DEMO_CLIENT_SECRET),
        RateLimit(100_000, 1.0),
        4,
        app=make_app(simulated),
    )

    async def run() -> None:
        async with open_tenant(live, clock=SystemClock(), random=Random(1), writable=True) as tenant:
            catalog = await tenant.read_skills()
            held = {agent.id: agent for agent in simulated.page_of_agents(0, 1000)[0]}
            state = await tenant.read_agents(catalog, {agent.email.casefold() for agent in held.values()})
            assert {agent.id for agent in state.agents} == set(held)
            for agent in state.agents:
                assert agent.assignments is not None
                assert (agent.version is not None) == versioned
                read = {catalog[number].id: decode(code) for number, code in unpack(agent.assignments).items()}
                assert read == {skill: tuple(value) for skill, value in held[agent.id].skills.items()}
            first = state.agents[0]
            wanted = {catalog[0].id: Assignment(41, available=False)}
            answer = await tenant.write_agent(first.id, wanted, first.version)
            assert isinstance(answer, Stored)
            assert answer.state.assignments == wanted
            assert (await tenant.read_sets([first.id]))[first.id].assignments == wanted
            if versioned:
                assert isinstance(await tenant.write_agent(first.id, {}, first.version), Contended)

    asyncio.run(run())
    assert len(simulated.commits) == 1
