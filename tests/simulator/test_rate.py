"""The rate limit: what arrives in any window, whoever sent it, whatever becomes of it."""

import asyncio
from email.utils import parsedate_to_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator import Behaviour, Fault, Kind, RetryAfter, demo_tenant, make_app
from reconciler.simulator.rate import SlidingWindow, retry_after

from .door import FakeClock, open_door

_GAPS = st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 9.9, 10.0]), max_size=60)


@given(gaps=_GAPS, limit=st.integers(1, 5))
def test_no_window_lets_in_more_than_the_limit(gaps: list[float], limit: int) -> None:
    """Whenever they arrive: no span shorter than the window holds more than `limit` that were let in."""
    window, now, admitted = SlidingWindow(limit, 10.0), 0.0, list[float]()
    for gap in gaps:
        now += gap
        wait_s = window.arrive(now)
        if wait_s == 0:
            admitted.append(now)
        else:
            assert 0 < wait_s <= 10
            assert len([at for at in admitted if now < at + 10]) == limit
    assert all(earlier + 10 <= later for earlier, later in zip(admitted, admitted[limit:], strict=False))


@given(gaps=_GAPS, limit=st.integers(1, 5), count_refused=st.booleans())
def test_whoever_waits_as_told_is_let_in(gaps: list[float], limit: int, *, count_refused: bool) -> None:
    """Provided that nobody else came meanwhile."""
    window, now = SlidingWindow(limit, 10.0, count_refused=count_refused), 0.0
    for gap in gaps:
        now += gap
        wait_s = window.arrive(now)
    wait_s = window.arrive(now)
    assert window.arrive(now + wait_s + 1e-6) == 0 or wait_s == 0


def test_refused_requests_count_only_where_the_tenant_says_so() -> None:
    """By default knocking costs nothing; a tenant that counts it keeps a client out that does not stop."""
    kind, unkind = SlidingWindow(1, 10.0), SlidingWindow(1, 10.0, count_refused=True)
    for at in (0.0, 4.0, 8.0):
        kind.arrive(at)
        unkind.arrive(at)
    assert kind.arrive(10.0) == 0
    assert unkind.arrive(10.0) > 0


def test_no_limit_and_none_at_all() -> None:
    assert SlidingWindow(None, 10.0).arrive(0.0) == 0
    assert SlidingWindow(0, 10.0).arrive(0.0) == 10


def test_every_request_counts() -> None:
    """The token, what is refused for other reasons, what does not exist, and what other clients send."""
    door = open_door(Behaviour(limit=5))
    assert door.call("GET", "/nowhere").status_code == 404
    assert door.ask_token(client_secret="wrong").status_code == 401
    assert door.call("GET", "/api/v2/skills").status_code == 200
    door.app.window.arrive(door.clock.now)
    answer = door.call("GET", "/api/v2/skills")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert door.ask_token().status_code == 429
    door.clock.now += 60
    assert door.call("GET", "/api/v2/skills").status_code == 200


def test_every_answer_tells_what_is_left_where_the_tenant_does_so() -> None:
    """Refusals too; whoever sends no more than is left until then is let in, and nobody is told by default."""
    assert not [name for name in open_door().ask_token().headers if "ratelimit" in name.lower()]
    door = open_door(Behaviour(limit=4, window_s=30.5, rate_headers=True))
    told = []
    for pause_s in (0, 10, 0.5, 1):
        door.clock.now += pause_s
        headers = door.call("GET", "/api/v2/skills").headers
        told.append([headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")])
    assert told == [["4", "2", "31"], ["4", "1", "21"], ["4", "0", "20"], ["4", "0", "19"]]
    door.clock.now += 19
    assert door.call("GET", "/api/v2/skills").status_code == 200


def test_what_is_left_where_refused_requests_count_too() -> None:
    """More than the limit may have to leave the window before there is room."""
    window = SlidingWindow(1, 10.0, count_refused=True)
    for at in (0.0, 4.0):
        window.arrive(at)
    assert dict(window.headers(5.0)) == {
        "X-RateLimit-Limit": "1",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "9",
    }
    assert SlidingWindow(None, 10.0).headers(5.0) == ()


def test_a_request_that_fails_on_the_way_has_arrived() -> None:
    """A fault does not give its slot back, and none hits what the limit has turned away."""
    door = open_door(Behaviour(limit=2), faults=[Fault(Kind.STATUS, times=None)])
    assert [door.call("GET", "/api/v2/skills").status_code for _ in range(2)] == [500, 429]


def test_arrival_counts_not_the_answer() -> None:
    """Requests that are under way together all count at once."""
    clock = FakeClock()

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    tenant = demo_tenant(Behaviour(limit=3), clock=clock)
    app = make_app(tenant, faults=[Fault(Kind.DELAY_BEFORE, times=None)], sleep=sleep)

    async def ask() -> int:
        request = httpx.Request("GET", "http://tenant.example/api/v2/skills")
        return (await httpx.ASGITransport(app=app).handle_async_request(request)).status_code

    async def ask_together() -> list[int]:
        return await asyncio.gather(*(ask() for _ in range(5)))

    assert asyncio.run(ask_together()) == [401, 401, 401, 429, 429]
    assert [arrival.status for arrival in app.requests] == [401, 401, 401, 429, 429]
    assert [arrival.number for arrival in app.requests] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (RetryAfter.SECONDS, "13"),
        ("seconds", "13"),
        (RetryAfter.FRACTION, "12.346"),
        (RetryAfter.DATE, "Fri, 15 Jan 2027 08:00:13 GMT"),
        (RetryAfter.NONE, None),
        ("soon", "soon"),
        ("-5", "-5"),
    ],
)
def test_retry_after_comes_in_every_style(style: RetryAfter | str, text: str | None) -> None:
    """Rounded up, never down: who comes back then is let in."""
    assert retry_after(style, 12.3456, 1_800_000_000.0) == text
    door = open_door(Behaviour(limit=1, window_s=12.3456, retry_after=style))
    answer = door.call("GET", "/api/v2/skills")
    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == text
    assert door.app.requests[-1].retry_after == text


def test_a_date_is_read_against_the_answers_own_date() -> None:
    """Whatever the client's clock shows."""
    door = open_door(Behaviour(limit=1, window_s=30, retry_after=RetryAfter.DATE))
    headers = door.call("GET", "/api/v2/skills").headers
    wait = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    assert wait.total_seconds() == 30
