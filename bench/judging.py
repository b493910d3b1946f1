"""Judges by a tenant's log: how long an apply took over the least that it could take, and what any window held."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.simulator import Arrival

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
TOO_MANY_REQUESTS = 429


def sent(log: "Sequence[Arrival]") -> dict[str, float]:
    """Count the requests, by kind."""
    return {
        "sent": len(log),
        "tokens": sum(request.path == TOKEN_PATH for request in log),
        "reads": sum(request.method == "GET" for request in log),
        "writes": sum(request.method == "PATCH" for request in log),
        "throttled": sum(request.status == TOO_MANY_REQUESTS for request in log),
    }


def pace(
    log: "Sequence[Arrival]", limit: int, window_s: float, *, latency_s: float = 0.0, others: Sequence[float] = ()
) -> dict[str, float]:
    """Judge the last command of a log, which begins with its token; what came before only takes up the window.

    `others` are the arrivals of somebody else's requests before it. `wall_s` is from the first request's departure to
    the last one's answer, each `latency_s` away from the tenant, `burst_s` from the first write to the last.
    """
    start = max(place for place, request in enumerate(log) if request.path == TOKEN_PATH)
    command, arrivals = log[start:], [request.at for request in log]
    written = [request.at for request in command if request.method == "PATCH"]
    ended = max(request.answered_at or request.at for request in command)
    wall_s = ended - command[0].at + 2 * latency_s
    least = least_s(len(command), limit, window_s, sorted([*others, *arrivals[:start]]), command[0].at)
    return {
        "wall_s": wall_s,
        "least_s": least,
        "over_percent": over_percent(wall_s, least),
        "busiest": busiest(arrivals, window_s),
        "burst_s": written[-1] - written[0] if written else 0.0,
    }


def over_percent(took_s: float, least: float) -> float:
    """Say by how much a time is over the least; nothing is over none."""
    return 100 * (took_s / least - 1) if least else 0.0


def least_s(requests: int, limit: int, window_s: float, before: Sequence[float] = (), started: float = 0.0) -> float:
    """Give the time from the first to the last of `requests` of one who sends each as soon as the limit allows.

    `before` are the arrivals of earlier requests, in order. Without any it is floor((requests - 1) / limit) windows.
    """
    times = list(before)
    for _ in range(requests):
        times.append(max(started, times[-limit] + window_s) if len(times) >= limit else started)
    return times[-1] - started


def busiest(arrivals: Sequence[float], window_s: float) -> int:
    """Count the most arrivals in any window, wherever it begins."""
    ordered, most, start = sorted(arrivals), 0, 0
    for end, at in enumerate(ordered):
        # As the tenant sums: what came a whole window ago has left.
        while ordered[start] + window_s <= at:
            start += 1
        most = max(most, end - start + 1)
    return most
