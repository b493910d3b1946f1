"""The rate ledger: no window of the tenant ever holds more than the limit, whoever shares it and whatever happens."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.live.failures import Throttled
from reconciler.live.rate.budget import Heard, Slot
from reconciler.live.rate.ledger import RateLedger
from reconciler.live.waits import Grant
from reconciler.model.tenant import RateLimit
from reconciler.simulator.rate import SlidingWindow

from .ledgers import LEASE_S, Kind, sharing
from .server import FakeClock

WINDOW_S = 10.0
KINDS = pytest.mark.parametrize("kind", list(Kind))


@dataclass(frozen=True)
class Travel:
    """One request: when it is made, how long it takes there and back, and what comes of it (None: no answer)."""

    pause_s: float
    there_s: float
    back_s: float
    status: int | None
    retry_after_s: float | None


TRAVELS = st.lists(
    st.builds(
        Travel,
        pause_s=st.one_of(st.just(0.0), st.floats(0, 20)),
        there_s=st.floats(0, 5),
        back_s=st.floats(0, 2.5),
        status=st.sampled_from([200, 200, 200, 429, 503, None]),
        retry_after_s=st.one_of(st.none(), st.floats(0.1, 20)),
    ),
    min_size=1,
    max_size=25,
)


class Tenant:
    """What a tenant sees of ledgers that share one budget."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.arrivals: list[float] = []
        self.charged: list[tuple[int, int]] = []
        # Nothing may leave between the two moments.
        self.pauses: list[tuple[float, float]] = []

    async def serve(self, number: int, ledger: RateLedger, which: int, travel: Travel) -> None:
        """Let one request travel; one without an answer is given up before it even arrives."""
        if travel.pause_s:
            await self.clock.sleep(travel.pause_s)
        slot = await ledger.charge()
        if not travel.pause_s:
            self.charged.append((which, number))
        for shut_at, opens_at in self.pauses:
            assert not shut_at < self.clock.passed < opens_at - 1e-6
        if travel.status is None:
            await ledger.answered(slot, None)
        await self.clock.sleep(travel.there_s)
        self.arrivals.append(self.clock.passed)
        if travel.status is not None:
            await self.clock.sleep(travel.back_s)
            await ledger.answered(slot, Heard(travel.status, travel.retry_after_s))
            if travel.status != 200 and travel.retry_after_s is not None:
                self.pauses.append((self.clock.passed, self.clock.passed + travel.retry_after_s))


@settings(max_examples=40)
@given(
    kind=st.sampled_from(Kind), ledgers=st.integers(1, 3), limit=st.integers(1, 8), travels=TRAVELS,
)  # fmt: skip
def test_no_window_of_the_tenant_ever_holds_more_than_the_limit(
    kind: Kind, ledgers: int, limit: int, travels: list[Travel]
) -> None:
    """P4: counted on arrival, however long anything takes, over all ledgers; nothing leaves inside a `Retry-After`.

    Within a ledger, who asks first leaves first.
    """
    tenant = Tenant(FakeClock())

    async def run(shared: list[RateLedger]) -> None:
        async with asyncio.TaskGroup() as group:
            for number, travel in enumerate(travels):
                which = number % ledgers
                group.create_task(tenant.serve(number, shared[which], which, travel))

    with sharing(kind, RateLimit(limit, WINDOW_S), tenant.clock, ledgers) as shared:
        asyncio.run(run(shared))
    assert len(tenant.arrivals) == len(travels)
    for at in tenant.arrivals:
        assert sum(at - WINDOW_S < other <= at for other in tenant.arrivals) <= limit
    for which in range(ledgers):
        order = [number for ledger, number in tenant.charged if ledger == which]
        assert order == sorted(order)


async def burst(ledger: RateLedger, clock: FakeClock, count: int, heard: Heard | None = Heard(200)) -> float:  # noqa: B008 - frozen
    """Send `count` requests, one after the other, each answered at once; give how long that took."""
    started = clock.passed
    for _ in range(count):
        await ledger.answered(await ledger.charge(), heard)
    return clock.passed - started


@KINDS
def test_the_whole_limit_may_be_used(kind: Kind) -> None:
    """Each window as much as the setting says: it costs a little more than the windows themselves."""
    clock = FakeClock()
    with sharing(kind, RateLimit(20, WINDOW_S), clock) as (ledger,):
        took_s = asyncio.run(burst(ledger, clock, 101))
    assert 5 * WINDOW_S <= took_s < 5 * WINDOW_S * 1.01


def test_a_limit_lower_than_the_setting_is_found_with_few_refusals() -> None:
    """Two fifths of it, ten requests at a time: not one in twenty is refused, and the tenant is kept busy."""
    clock, answers = FakeClock(), list[int]()
    window = SlidingWindow(40, WINDOW_S)

    async def worker(ledger: RateLedger) -> None:
        while len(answers) < 1000:
            slot = await ledger.charge()
            wait_s = window.arrive(clock.passed)
            answers.append(429 if wait_s else 200)
            heard = Heard(answers[-1], wait_s or None)
            await clock.sleep(0.05)
            await ledger.answered(slot, heard)

    async def run(ledger: RateLedger) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(worker(ledger))

    with sharing(Kind.MEMORY, RateLimit(100, WINDOW_S), clock) as (ledger,):
        asyncio.run(run(ledger))
    assert answers.count(429) < 50
    assert clock.passed < 1000 / 40 * WINDOW_S * 1.5


@KINDS
def test_slots_of_who_never_reports_come_back_by_themselves(kind: Kind) -> None:
    """A process that was killed: one window after its lease, and not earlier."""
    clock = FakeClock()

    async def run(killed: RateLedger, other: RateLedger) -> list[float]:
        for _ in range(3):
            await killed.charge()
        return [await burst(other, clock, 1), await burst(other, clock, 2)]

    with sharing(kind, RateLimit(3, WINDOW_S), clock, 2) as ledgers:
        first, rest = asyncio.run(run(*ledgers))
    assert LEASE_S + WINDOW_S <= first < LEASE_S + WINDOW_S + 0.1
    assert rest == 0


@KINDS
def test_news_of_a_slot_that_is_long_gone_frees_no_other(kind: Kind) -> None:
    """Its place may have been taken since."""
    clock = FakeClock()

    async def run(ledger: RateLedger) -> float:
        late = await ledger.charge()
        clock.passed += LEASE_S + WINDOW_S + 1
        assert await burst(ledger, clock, 1) == 0
        await ledger.answered(late, None)
        return await burst(ledger, clock, 1)

    with sharing(kind, RateLimit(1, WINDOW_S), clock) as (ledger,):
        assert asyncio.run(run(ledger)) >= WINDOW_S


@KINDS
def test_a_retry_after_shuts_the_gate_for_everybody_who_shares_the_budget(kind: Kind) -> None:
    clock = FakeClock()

    async def run(told: RateLedger, other: RateLedger) -> list[float]:
        await burst(told, clock, 1, Heard(429, 7.5))
        first = await burst(other, clock, 1)
        await burst(other, clock, 1, Heard(503, 3.0))
        await burst(told, clock, 1, Heard(503))
        return [first, clock.passed]

    with sharing(kind, RateLimit(1000, 1.0), clock, 2) as ledgers:
        assert asyncio.run(run(*ledgers)) == [pytest.approx(7.5), pytest.approx(10.5)]


@KINDS
def test_refusals_at_the_same_moment_are_one_refusal(kind: Kind) -> None:
    """The pause grows with each refusal in a row, not with each request that shared one; an answer ends the row."""
    clock = FakeClock()

    async def refused_together(ledger: RateLedger) -> float:
        started = clock.passed
        slots = [await ledger.charge() for _ in range(8)]
        for slot in slots:
            await ledger.answered(slot, Heard(429))
        return clock.passed - started

    async def run(ledger: RateLedger) -> list[float]:
        pauses = [await refused_together(ledger) for _ in range(4)]
        clock.passed += 60
        await burst(ledger, clock, 1)
        return [*pauses, await refused_together(ledger), await refused_together(ledger)]

    with sharing(kind, RateLimit(1000, 0.01), clock) as (ledger,):
        assert asyncio.run(run(ledger)) == pytest.approx([0, 1, 2, 4, 0, 1])


@KINDS
def test_an_absurd_pause_is_said_as_it_is_and_kept_for_an_hour(kind: Kind) -> None:
    """Nothing is sent; a later run asks the tenant again instead of being locked out for days."""
    clock = FakeClock()

    async def run(told: RateLedger, later: RateLedger) -> None:
        await burst(told, clock, 1, Heard(429, 86_400 * 30.0))
        clock.passed += 400
        for ledger in (told, later):
            with pytest.raises(Throttled, match="2591600 s"):
                await ledger.charge()
        clock.passed += 3100
        assert await burst(later, clock, 1) == pytest.approx(100)
        await burst(told, clock, 1, Heard(429, float("inf")))
        with pytest.raises(Throttled):
            await later.charge()

    with sharing(kind, RateLimit(10, WINDOW_S), clock, 2) as ledgers:
        asyncio.run(run(*ledgers))
    assert clock.passed == pytest.approx(3600)


@KINDS
def test_a_grant_is_all_that_is_sent_until_it_is_renewed(kind: Kind) -> None:
    """`Remaining` less what is in flight, until `Reset`; then the setting counts again."""
    clock = FakeClock()

    async def run(told: RateLedger, other: RateLedger) -> list[float]:
        in_flight = await other.charge()
        await burst(told, clock, 1, Heard(200, grant=Grant(4, 25.0)))
        two = await burst(other, clock, 2)
        await other.answered(in_flight, Heard(200))
        third = await burst(told, clock, 1)
        fourth = await burst(other, clock, 1)
        return [two, third, fourth, await burst(told, clock, 50)]

    with sharing(kind, RateLimit(100, 60.0), clock, 2) as ledgers:
        assert asyncio.run(run(*ledgers)) == [0, 0, pytest.approx(25.0), 0]


@KINDS
def test_nothing_left_is_nothing_sent(kind: Kind) -> None:
    """Until the tenant's window opens; for longer than anybody waits, the run ends and says how long."""
    clock = FakeClock()

    async def run(ledger: RateLedger) -> None:
        await burst(ledger, clock, 1, Heard(200, grant=Grant(0, 45.0)))
        assert await burst(ledger, clock, 1, Heard(200, grant=Grant(0, 500.0))) == pytest.approx(45)
        with pytest.raises(Throttled, match="500 s"):
            await ledger.charge()

    with sharing(kind, RateLimit(100, 60.0), clock) as (ledger,):
        asyncio.run(run(ledger))


@KINDS
def test_the_answer_to_the_later_request_knows_more(kind: Kind) -> None:
    """One that comes late says what is over; of two to the same moment, the lower one counts."""
    clock = FakeClock()

    async def run(ledger: RateLedger) -> float:
        early = await ledger.charge()
        clock.passed += 1
        late, same = await ledger.charge(), await ledger.charge()
        await ledger.answered(late, Heard(200, grant=Grant(3, 30.0)))
        await ledger.answered(early, Heard(200, grant=Grant(50, 30.0)))
        await ledger.answered(same, Heard(200, grant=Grant(60, 30.0)))
        assert await burst(ledger, clock, 1) == 0
        return await burst(ledger, clock, 1)

    with sharing(kind, RateLimit(100, 60.0), clock) as (ledger,):
        assert asyncio.run(run(ledger)) == pytest.approx(30)


@KINDS
def test_a_grant_never_raises_the_budget_and_one_that_says_what_we_know_costs_nothing(kind: Kind) -> None:
    """Where the tenant counts as we do, its whole seconds must not slow us down."""
    clock = FakeClock()

    async def run(ledger: RateLedger) -> float:
        for left in (4, 3, 2, 1, 0):
            await burst(ledger, clock, 1, Heard(200, grant=Grant(left, 11.0)))
        assert await burst(ledger, clock, 1, Heard(200, grant=Grant(1000, 1.0))) == pytest.approx(10.01)
        clock.passed += 100
        for _ in range(5):
            await burst(ledger, clock, 1, Heard(200, grant=Grant(1000, 1.0)))
        return await burst(ledger, clock, 1)

    with sharing(kind, RateLimit(5, WINDOW_S), clock) as (ledger,):
        assert asyncio.run(run(ledger)) == pytest.approx(10.01)


@KINDS
def test_a_slot_given_back_is_free_at_once(kind: Kind) -> None:
    clock = FakeClock()

    async def run(ledger: RateLedger) -> float:
        for _ in range(5):
            slot: Slot = await ledger.charge()
            await ledger.give_back(slot)
        return await burst(ledger, clock, 2)

    with sharing(kind, RateLimit(2, WINDOW_S), clock) as (ledger,):
        assert asyncio.run(run(ledger)) == 0


@KINDS
def test_who_is_cancelled_while_waiting_takes_no_slot_and_leaves_the_turn(kind: Kind) -> None:
    clock = FakeClock()

    async def run(ledger: RateLedger) -> float:
        await burst(ledger, clock, 2)
        waiting = [asyncio.create_task(ledger.charge()) for _ in range(6)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert all(task.cancelled() for task in waiting)
        started = clock.passed
        await burst(ledger, clock, 2)
        return clock.passed - started

    with sharing(kind, RateLimit(2, WINDOW_S), clock) as (ledger,):
        assert asyncio.run(run(ledger)) == pytest.approx(10.01, abs=0.01)
