"""What the benchmarks judge by: the bound of a rate limit, and the fullest window of a log."""

import runpy
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

_JUDGING = runpy.run_path(str(Path(__file__).resolve().parents[2] / "bench" / "judging.py"))
_least_s: Callable[..., float] = _JUDGING["least_s"]
_busiest: Callable[..., int] = _JUDGING["busiest"]

_LIMITS = st.integers(1, 12)
# Whole seconds: no rounding in what is compared.
_TIMES = st.lists(st.integers(0, 60), max_size=40).map(sorted)
_WINDOW_S = 10


@given(requests=st.integers(1, 80), limit=_LIMITS)
def test_in_an_empty_window_the_bound_is_whole_windows(requests: int, limit: int) -> None:
    """floor((requests - 1) / limit) of them."""
    assert _least_s(requests, limit, _WINDOW_S, started=100.0) == (requests - 1) // limit * _WINDOW_S


@given(requests=st.integers(1, 40), limit=_LIMITS, before=_TIMES)
def test_the_bound_is_what_a_greedy_client_needs(requests: int, limit: int, before: list[int]) -> None:
    """Earlier requests that the tenant let in take up the window; one second less would overfill one."""
    admitted: list[float] = []
    for at in before:
        if sum(other > at - _WINDOW_S for other in admitted) < limit:
            admitted.append(at)
    started = admitted[-1] if admitted else 0.0
    sent = [started + _least_s(count, limit, _WINDOW_S, admitted, started) for count in range(1, requests + 1)]
    assert _busiest([*admitted, *sent], _WINDOW_S) <= limit
    for place, left_at in enumerate(sent):
        if left_at > started:
            assert _busiest([*admitted, *sent[:place], left_at - 1], _WINDOW_S) > limit


@given(arrivals=st.lists(st.integers(0, 60), min_size=1, max_size=40))
def test_the_busiest_window_may_begin_anywhere(arrivals: list[int]) -> None:
    """A window is half-open: what came exactly one window ago has left it."""
    counted = max(sum(at - _WINDOW_S < other <= at for other in arrivals) for at in arrivals)
    assert _busiest(arrivals, _WINDOW_S) == counted
