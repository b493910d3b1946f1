"""The last word before a write leaves: asked after every wait, before each attempt, and obeyed."""

import asyncio
from collections.abc import Callable

import pytest

from reconciler.live import Tenant
from reconciler.model.answers import Accepted, WriteAnswer
from reconciler.model.tenant import RateLimit

from .server import Answer, Server, agent, agent_id, by_id, opened, running, scripted


class JournalFull(Exception):  # noqa: N818 - it stands for whatever a caller may raise
    """What a caller may raise."""


def patching(*answers: Answer) -> Server:
    return Server(scripted("PATCH", agent_id(1), *answers), by_id(agent(1)))


def write(tenant: Tenant, departing: Callable[[], None]) -> "asyncio.Task[WriteAnswer]":
    return asyncio.create_task(tenant.write_agent(agent_id(1), {}, None, departing))


def test_each_attempt_is_announced_right_before_it_leaves() -> None:
    """Also one repeated after a 429 or with a new token; never the reading or the token beside it."""
    server = patching(Answer(429, headers={"Retry-After": "5"}), Answer(401), Answer(202))
    seen: list[tuple[float, int]] = []

    async def work(tenant: Tenant) -> WriteAnswer:
        await tenant.read_agent(agent_id(1))
        return await write(tenant, lambda: seen.append((server.clock.passed, server.count("PATCH"))))

    assert isinstance(running(server, work), Accepted)
    arrived = [call.at for call in server.calls if call.method == "PATCH"]
    assert seen == [(at, number) for number, at in enumerate(arrived)]
    assert arrived == [0, 5, 5]


def test_it_is_asked_after_the_waits() -> None:
    """Two slots in a minute: the token and a reading take them, and whoever asks only then knows what to say."""
    server, asked_at = patching(Answer(202)), list[float]()

    async def work(tenant: Tenant) -> None:
        await tenant.read_agent(agent_id(1))
        await write(tenant, lambda: asked_at.append(server.clock.passed))

    running(server, work, rate_limit=RateLimit(2, 60.0))
    assert asked_at == [pytest.approx(60, abs=0.1)]
    assert asked_at[0] == server.calls[-1].at


@pytest.mark.parametrize("error", [JournalFull("full"), OSError("full"), ValueError(), asyncio.CancelledError()])
def test_where_it_raises_nothing_is_sent_and_the_slot_is_free_at_once(error: BaseException) -> None:
    """And what it raised comes out as it is."""
    server = patching(Answer(202))

    def refuse() -> None:
        raise error

    async def work(tenant: Tenant) -> None:
        for _ in range(5):
            with pytest.raises(type(error)) as caught:
                await tenant.write_agent(agent_id(1), {}, None, refuse)
            assert caught.value is error
        await tenant.read_agent(agent_id(1))

    running(server, work, rate_limit=RateLimit(2, 60.0))
    assert (server.count("PATCH"), server.count("GET"), server.clock.passed) == (0, 1, 0)


def test_a_write_cancelled_while_it_waits_never_departs() -> None:
    server, departed = patching(Answer(202)), list[None]()

    async def run() -> None:
        async with opened(server, rate_limit=RateLimit(2, 60.0)) as tenant:
            await tenant.read_agent(agent_id(1))
            waiting = [write(tenant, lambda: departed.append(None)) for _ in range(4)]
            for _ in range(30):
                await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            server.clock.passed += 61
            await tenant.read_agent(agent_id(1))
            await tenant.read_agent(agent_id(1))

    asyncio.run(run())
    assert (departed, server.count("PATCH")) == ([], 0)
    assert server.clock.passed < 62
