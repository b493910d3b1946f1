"""The tenant's rate limit: requests counted when they arrive, whatever becomes of them."""

from collections import deque
from collections.abc import Callable, Mapping
from email.utils import formatdate
from math import ceil

from reconciler.simulator.behaviour import RetryAfter


class SlidingWindow:
    """At most `limit` requests in any `window_s`; None lets everything through.

    What counts is the moment of arrival. A request that was refused counts only with `count_refused` (see
    `Behaviour`).
    """

    def __init__(self, limit: int | None, window_s: float, *, count_refused: bool = False) -> None:
        self.limit = limit
        self.window_s = window_s
        self.count_refused = count_refused
        self._counted: deque[float] = deque()

    def arrive(self, at: float) -> float:
        """Count a request that arrives at `at`: 0.0 when it is let in, else how many seconds until one would be.

        Also what other clients of the tenant do: their requests use up the same window.
        """
        if self.limit is None:
            return 0.0
        self._forget(at)
        is_admitted = len(self._counted) < self.limit
        if is_admitted or self.count_refused:
            self._counted.append(at)
        if is_admitted:
            return 0.0
        if self.limit <= 0:
            return self.window_s
        opens_at = self._counted[len(self._counted) - self.limit] + self.window_s
        return min(opens_at - at, self.window_s)

    def headers(self, at: float) -> tuple[tuple[str, str], ...]:
        """Say how many more would be let in at `at`, and in how many seconds (rounded up) it will be more of them."""
        if self.limit is None:
            return ()
        self._forget(at)
        remaining = max(0, self.limit - len(self._counted))
        # With refused requests counted, more than the limit may have to leave the window first.
        first = max(0, len(self._counted) - self.limit)
        reset_s = self._counted[first] + self.window_s - at if self._counted else self.window_s
        return (
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(remaining)),
            ("X-RateLimit-Reset", str(ceil(reset_s))),
        )

    def _forget(self, at: float) -> None:
        # The same sum as when the window opens, or rounding could refuse a request that has nothing to wait for.
        while self._counted and self._counted[0] + self.window_s <= at:
            self._counted.popleft()


_TEXTS: Mapping[str, Callable[[float, float], str | None]] = {
    RetryAfter.SECONDS: lambda wait_s, _now: str(ceil(wait_s)),
    RetryAfter.FRACTION: lambda wait_s, _now: f"{ceil(wait_s * 1000) / 1000:.3f}",
    RetryAfter.DATE: lambda wait_s, now: http_date(ceil(now + wait_s)),
    RetryAfter.NONE: lambda _wait_s, _now: None,
}


def retry_after(style: RetryAfter | str, wait_s: float, now: float) -> str | None:
    """Say in `style` that the window opens `wait_s` after `now` (seconds since the epoch); None to say nothing."""
    say = _TEXTS.get(style)
    return say(wait_s, now) if say else style


def http_date(at: float) -> str:
    """Write a time in seconds since the epoch as HTTP does (RFC 9110, section 5.6.7)."""
    return formatdate(at, usegmt=True)
