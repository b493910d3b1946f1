"""Pace: never more in any window than the tenant allows, and nothing inside a `Retry-After`."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import TenantError
from reconciler.live import Tenant
from reconciler.live.ledger import MemoryLedger
from reconciler.live.transports.pacing import Gate
from reconciler.live.waits import backoff_s, retry_after_s
from reconciler.model.tenant import RateLimit

from .server import (
    ORIGIN,
    START,
    Answer,
    Call,
    FakeClock,
    Server,
    agent,
    agent_id,
    by_id,
    listing,
    running,
    scripted,
    skill,
)

DATE = format_datetime(START, usegmt=True)
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


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_backoff_has_full_jitter_and_a_bound(attempt: int, seed: int) -> None:
    assert 0 <= backoff_s(attempt, Random(seed)) <= min(30, 0.5 * 2 ** min(attempt, 10))


@settings(max_examples=60)
@given(
    limit=st.integers(1, 8),
    travels=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(0, 20)), min_size=1, max_size=30),
    refused=st.sets(st.integers(0, 29)),
)
def test_no_window_of_the_server_ever_holds_more_than_the_limit(
    limit: int, travels: list[tuple[float, float, float]], refused: set[int]
) -> None:
    """P4, counted on arrival, however long a request travels there and back, and in the order of asking."""
    clock = FakeClock()
    window_s = 10.0
    ledger = MemoryLedger(RateLimit(limit, window_s), clock)
    arrivals: list[float] = []
    charged: list[int] = []

    async def request(number: int, there: float, back: float, pause: float) -> None:
        await clock.sleep(pause) if number % 3 == 0 else None
        slot = await ledger.charge()
        charged.append(number)
        await clock.sleep(there)
        arrivals.append(clock.passed)
        await clock.sleep(back)
        await ledger.answered(slot, throttled=number in refused)

    async def run() -> None:
        await asyncio.gather(*(request(number, *travel) for number, travel in enumerate(travels)))

    asyncio.run(run())
    assert len(arrivals) == len(travels)
    for at in arrivals:
        assert sum(at - window_s < other <= at for other in arrivals) <= limit
    at_once = [number for number in charged if number % 3]
    assert at_once == sorted(at_once)


def test_a_refusal_halves_the_rate_which_recovers_slowly_up_to_the_setting() -> None:
    clock = FakeClock()
    ledger = MemoryLedger(RateLimit(10, 10.0), clock)

    async def burst(count: int, *, throttled: bool) -> float:
        started = clock.passed
        for _ in range(count):
            await ledger.answered(await ledger.charge(), throttled=throttled)
        return clock.passed - started

    async def run() -> None:
        assert await burst(1, throttled=True) == 0
        assert await burst(4, throttled=False) == 0
        assert await burst(1, throttled=False) > 9
        clock.passed += 200
        assert await burst(10, throttled=False) == 0
        assert await burst(1, throttled=False) > 9

    asyncio.run(run())


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


class Latest(Random):
    """Draws the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        """Give the larger one."""
        return max(a, b)


class Full(httpx.AsyncBaseTransport):
    """Refuses everything."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer 429, after a while."""
        await asyncio.sleep(0)
        return httpx.Response(429, request=request)


def test_refusals_at_the_same_moment_are_one_refusal() -> None:
    """The pause grows with each refusal in a row, not with each request that shared one."""
    clock = FakeClock()
    gate = Gate(Full(), clock, Latest(1))

    async def run() -> list[float]:
        pauses = []
        for _ in range(3):
            started = clock.passed
            await asyncio.gather(*(gate.handle_async_request(httpx.Request("GET", ORIGIN)) for _ in range(8)))
            pauses.append(clock.passed - started)
        return pauses

    assert asyncio.run(run()) == [0, 1, 2]


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
