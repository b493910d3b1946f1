"""Pace: never more in any window than the tenant allows, and nothing inside a `Retry-After`."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import TenantError
from reconciler.live import Tenant, open_tenant
from reconciler.live.waits import Grant, backoff_s, grant_in, retry_after_s
from reconciler.model.secret import Secret
from reconciler.model.tenant import RateLimit
from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Behaviour, demo_tenant, make_app

from .server import (
    START,
    TOKEN,
    Answer,
    Call,
    FakeClock,
    Server,
    agent,
    agent_id,
    by_id,
    connection,
    listing,
    running,
    scripted,
    skill,
)

DATE = format_datetime(START, usegmt=True)
EPOCH = str(int(START.timestamp()) + 20)
TOKEN_BODY = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
LATER = format_datetime(START + timedelta(seconds=7), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"Retry-After": LATER, "Date": DATE}, 7.0),
        ({"Retry-After": LATER, "Date": "nonsense"}, 7.0 - 5.0),
        ({"Retry-After": LATER}, 7.0 - 5.0),
        ({"Retry-After": "Sun, 22 Nov 2026 14:00:07 -0000", "Date": DATE}, 7.0),
        ({"Retry-After": DATE, "Date": LATER}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "NaN"}, None),
        ({"Retry-After": "Sun, 99 Nov 99999 14:00:07 GMT"}, None),
        ({"Retry-After": "9" * 400}, float("inf")),
        ({}, None),
    ],
)
def test_retry_after_in_all_its_spellings(headers: dict[str, str], seconds: float | None) -> None:
    """A date is read against the answer's own clock; our own, five seconds ahead, only fills in."""
    assert retry_after_s(headers, START + timedelta(seconds=5)) == seconds


@pytest.mark.parametrize(
    ("headers", "grant"),
    [
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "30"}, Grant(7, 30.0)),
        ({"RateLimit-Remaining": " 0 ", "RateLimit-Reset": "0.5"}, Grant(0, 0.5)),
        ({"X-Rate-Limit-Remaining": "7", "X-Rate-Limit-Reset": "30"}, Grant(7, 30.0)),
        ({"X-RateLimit-Remaining": "7", "RateLimit-Remaining": "5", "RateLimit-Reset": "30"}, Grant(5, 30.0)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": EPOCH, "Date": DATE}, Grant(7, 20.0)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": EPOCH}, Grant(7, 20.0 - 5.0)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": EPOCH, "Date": LATER}, Grant(7, 13.0)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "1000000001"}, None),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": EPOCH + "000"}, None),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "0"}, None),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "-3"}, None),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "9" * 400}, None),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "3"}, None),
        ({"X-RateLimit-Remaining": "7, 7", "X-RateLimit-Reset": "3, 3"}, None),
        ({"X-RateLimit-Remaining": "9" * 5000, "X-RateLimit-Reset": "3"}, None),
        ({"X-RateLimit-Remaining": "٣", "X-RateLimit-Reset": "3"}, None),
        ({"X-RateLimit-Remaining": "7"}, None),
        ({"X-RateLimit-Reset": "30"}, None),
        ({}, None),
    ],
)
def test_what_is_left_of_the_rate_in_all_its_spellings(headers: dict[str, str], grant: Grant | None) -> None:
    """A moment, too, is read against the answer's own clock; nonsense is as if nothing had been said."""
    assert grant_in(headers, START + timedelta(seconds=5)) == grant


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_backoff_has_full_jitter_and_a_bound(attempt: int, seed: int) -> None:
    assert 0 <= backoff_s(attempt, Random(seed)) <= min(30, 0.5 * 2 ** min(attempt, 10))


def test_every_attempt_takes_a_slot() -> None:
    """Tokens, retries and refused requests too: seven requests at two per minute take three windows."""
    server = Server(
        scripted("POST", "/token", Answer(503), Answer(body={"access_token": "t", "expires_in": 3600})),
        scripted("GET", agent_id(1), Answer(500), Answer(429), Answer(401), Answer(body=agent(1))),
    )
    running(server, lambda tenant: tenant.read_agent(agent_id(1)), rate_limit=RateLimit(2, 60.0))
    times = [call.at for call in server.calls]
    assert len(times) == 7
    for at in times:
        assert sum(at - 60 < other <= at for other in times) <= 2


def test_the_whole_client_waits_out_a_retry_after() -> None:
    """Not only the request that was told so, and not those either that were about to leave."""
    server = Server(by_id(*(agent(n) for n in range(40))))
    refused_at: list[float] = []

    def full(call: Call) -> Answer | None:
        if call.method == "GET" and len(server.calls) == 10:
            refused_at.append(call.at)
            return Answer(429, headers={"Retry-After": "17"})
        return None

    server.handlers.insert(0, full)

    async def work(tenant: Tenant) -> int:
        return len(await tenant.read_sets([agent_id(n) for n in range(40)]))

    assert running(server, work) == 40
    late = [call.at for call in server.calls[10 + 5 :]]
    assert late
    assert min(late) >= refused_at[0] + 17
    assert server.calls[-1].at >= 17


def test_what_the_tenant_says_is_left_is_not_overdrawn() -> None:
    """The next request waits for the window; what whoever gives out tokens has left says nothing of the rest."""
    left = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "25"}
    server = Server(scripted("GET", agent_id(1), Answer(body=agent(1)), Answer(body=agent(1), headers=left)))
    server.handlers.insert(0, scripted("POST", "/token", Answer(body=TOKEN_BODY, headers=left)))

    async def work(tenant: Tenant) -> None:
        for _ in range(3):
            await tenant.read_agent(agent_id(1))

    running(server, work)
    assert [call.at for call in server.calls] == [0, 0, 0, 25]


def test_a_lower_limit_that_is_announced_is_kept_without_a_refusal() -> None:
    """Two fifths of the setting, said by the tenant in every answer: nobody has to be refused to learn it."""
    clock = FakeClock()
    kind = Behaviour(limit=8, window_s=60.0, rate_headers=True)
    app = make_app(demo_tenant(kind, clock=clock.monotonic), sleep=clock.sleep)
    live = replace(connection(Server()), app=app, client_id=Secret(DEMO_CLIENT_ID), rate_limit=RateLimit(20, 60.0))
    live = replace(live, client_secret=Secret(DEMO_CLIENT_SECRET), max_concurrency=1)

    async def run() -> None:
        async with open_tenant(live, clock=clock, random=Random(1), writable=False) as tenant:
            for _ in range(40):
                await tenant.read_skills()

    asyncio.run(run())
    assert {request.status for request in app.requests} == {200}
    assert clock.passed < 5.1 * 61


def test_a_503_with_retry_after_is_obeyed_too() -> None:
    server = Server(scripted("GET", agent_id(1), Answer(503, headers={"Retry-After": "40"}), Answer(body=agent(1))))
    running(server, lambda tenant: tenant.read_agent(agent_id(1)))
    assert server.calls[-1].at >= 40


def test_an_endless_429_and_an_absurd_one_end_with_the_way_to_go_on() -> None:
    """P8: bounded tries, bounded sleep."""
    for answer in (Answer(429), Answer(429, headers={"Retry-After": "3600"})):
        server = Server(scripted("GET", agent_id(1), answer))
        with pytest.raises(TenantError) as caught:
            running(server, lambda tenant: tenant.read_agent(agent_id(1)))
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "rate-limited"
        assert "run the same command again" in str(diagnostic.hint)
        assert server.clock.passed < 300


@pytest.mark.parametrize("max_concurrency", [1, 3])
def test_no_more_travel_at_once_than_the_setting_allows(max_concurrency: int) -> None:
    records = [agent(n) for n in range(20)]
    slow = [listing("agents", records, 1), listing("skills", [skill(0)])]

    def delayed(call: Call) -> Answer | None:
        for handler in slow:
            if answer := handler(call):
                return Answer(body=answer.body, delay_turns=5)
        return None

    server = Server(delayed)

    async def work(tenant: Tenant) -> None:
        catalog = await tenant.read_skills()
        await asyncio.gather(*(tenant.read_agents(catalog, []) for _ in range(2)))

    running(server, work, max_concurrency=max_concurrency)
    assert server.most_running == max_concurrency


def test_the_clock_of_these_tests_is_utc() -> None:
    assert FakeClock().now() == datetime(2026, 11, 22, 14, tzinfo=UTC)
