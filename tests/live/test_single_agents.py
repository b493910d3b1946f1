"""One agent by its id, and many agents again after they were written."""

import pytest

from reconciler.errors import TenantError
from reconciler.live import Tenant

from .server import Answer, Server, agent, agent_id, by_id, listing, row, running, scripted, skill


def test_one_agent_is_read_by_id_with_the_version_that_if_match_takes() -> None:
    """The body's version goes before the ETag; a weak ETag is none; gone is None; another agent is nonsense."""
    server = Server(
        by_id(agent(1, row(0))),
        by_id(agent(2, version=...), etag='"abc"'),
        by_id(agent(3, version=...), etag='W/"7"'),
        scripted("GET", agent_id(4), Answer(body=agent(5))),
        scripted("GET", agent_id(6), Answer(410)),
        by_id(agent(7, row(0, 300))),
    )

    async def work(tenant: Tenant) -> list[str | None]:
        states = [await tenant.read_agent(agent_id(n)) for n in (1, 2, 3)]
        assert await tenant.read_agent(agent_id(6)) is None
        assert await tenant.read_agent(agent_id(99)) is None
        with pytest.raises(TenantError, match="another agent"):
            await tenant.read_agent(agent_id(4))
        with pytest.raises(TenantError, match="makes no sense: Expected int <= 100"):
            await tenant.read_agent(agent_id(7))
        return [state.version for state in states if state]

    assert running(server, work) == ["7", "abc", None]


def test_sets_are_read_again_by_one_listing() -> None:
    """Whoever is not in it is asked for once more, by id; whoever is gone is left out."""
    records = [agent(n, row(0, n)) for n in range(6)]
    server = Server(listing("skills", [skill(0)]), listing("agents", records, 2), by_id(*records))

    async def work(tenant: Tenant) -> None:
        await tenant.read_agents(await tenant.read_skills(), [])
        before = len(server.calls)
        few = await tenant.read_sets([agent_id(1), agent_id(77)])
        assert (list(few), len(server.calls) - before) == ([agent_id(1)], 3 + 1)
        before = len(server.calls)
        many = await tenant.read_sets([agent_id(n) for n in range(6)])
        assert (len(many), len(server.calls) - before) == (6, 3)
        assert many[agent_id(4)].assignments["skill-0"].proficiency == 4

    running(server, work)
