"""The law of the rate: halved by a refusal, grown by a tenth with each window, never above the setting."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from reconciler.live.rate.budget import Admitted, Answered, Budget, Heard, Load, Slot, Terms, admit, learn
from reconciler.model.tenant import RateLimit

WINDOW_S = 10.0
LOAD = Load(taken=1, in_flight=0, frees_at=5.0)


def refused(budget: Budget, limit: int, at: float, sent_at: float) -> Budget:
    """Learn from a 429 at `at`."""
    answered = Answered(Slot(1, sent_at), Heard(429, 0.1), at, LOAD)
    return learn(budget, answered, Terms(RateLimit(limit, WINDOW_S), 35.0), Random(1))


@given(limit=st.integers(1, 1000), windows=st.integers(1, 60), part=st.floats(0.01, 0.99))
def test_a_refusal_halves_the_rate_which_grows_by_a_tenth_with_each_whole_window(
    limit: int, windows: int, part: float
) -> None:
    rate = RateLimit(limit, WINDOW_S)
    budget = refused(Budget(), limit, at=100.0, sent_at=99.0)
    half = limit / 2
    for age in (0.0, part):
        assert budget.allowed(rate, 100 + age * WINDOW_S) == max(1, int(half))
    later = budget.allowed(rate, 100 + (windows + part) * WINDOW_S)
    exact = max(1, half) * 1.1**windows
    assert later == min(limit, int(exact)) or abs(exact - round(exact)) < 1e-6


@given(limit=st.integers(1, 1000), gaps=st.lists(st.floats(0.1, 300), min_size=1, max_size=20))
def test_the_rate_is_never_below_one_never_above_the_setting_and_comes_back(limit: int, gaps: list[float]) -> None:
    """However often it is halved, each time from what was really allowed."""
    rate = RateLimit(limit, WINDOW_S)
    budget, now = Budget(), 0.0
    for gap in gaps:
        now += gap
        before = budget.allowed(rate, now)
        budget = refused(budget, limit, at=now, sent_at=now - 0.05)
        assert budget.allowed(rate, now) == max(1, before // 2)
        assert 1 <= budget.allowed(rate, now + gap) <= limit
    assert budget.allowed(rate, now + 100 * WINDOW_S) == limit
    assert budget.allowed(rate, now + 1e9) == limit


def test_of_several_refused_at_once_only_the_first_is_news() -> None:
    """What was sent before the rate was halved says nothing about the half."""
    rate = RateLimit(100, WINDOW_S)
    budget = refused(Budget(), 100, at=10.0, sent_at=9.0)
    for late in (10.1, 10.2, 15.0):
        budget = refused(budget, 100, at=late, sent_at=9.9)
    assert budget.allowed(rate, 15.0) == 50
    assert refused(budget, 100, at=16.0, sent_at=10.3).allowed(rate, 16.0) == 25


def test_whoever_waits_is_let_in_as_soon_as_the_rate_has_grown() -> None:
    """Not only once a slot is freed."""
    terms = Terms(RateLimit(100, WINDOW_S), 35.0)
    budget = refused(Budget(), 100, at=100.0, sent_at=99.0)
    full = Load(taken=50, in_flight=0, frees_at=500.0)
    verdict = admit(budget, full, terms, 103.0)
    assert getattr(verdict, "until", None) == 110.0
    assert isinstance(admit(budget, full, terms, 110.0), Admitted)
