"""Promises about what is sent and shown, by the trips and the tenant's log: P4, P6, P8, P10, P13, P15, P17, P18."""

from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET
from tests.simulation.evidence import Evidence, Run
from tests.simulation.network import Trip

_HOST = "simulator.localhost"
_FIXED_PATHS = frozenset({"/oauth/token", "/api/v2/skills", "/api/v2/agents"})
_TOKEN_PATH = "/oauth/token"
_MOST_TRIES = 5
# The tenant refused to look at the request: no try.
_NOT_LOOKED_AT = frozenset({401, 429})
_EXIT_S = 7.0
# What one request may cost at most: its deadline, a backoff, and a pause that the tenant asked for.
_TIMEOUT_S, _BACKOFF_S, _PAUSE_S, _START_S = 31.0, 31.0, 121.0, 60.0
_EPSILON_S = 1e-6
_LONGEST_SHUT_S = 3600.0


def keeps_the_budget(evidence: Evidence) -> Iterator[str]:
    """P4: in no window more requests arrive than the setting says; nothing leaves inside a `Retry-After`."""
    schedule = evidence.schedule
    for group in _budgets(evidence):
        trips = [trip for run in group for trip in run.trips]
        heard = [trip for run in group for trip in run.trips if not (run.was_killed and trip.ended_at == run.ended_at)]
        name = ", ".join(run.name for run in group)
        arrived = sorted(trip.arrived_at for trip in trips if trip.arrived_at is not None)
        for first, last in zip(arrived, arrived[schedule.limit :], strict=False):
            if last - first < schedule.window_s - _EPSILON_S:
                yield f"{name}: more than {schedule.limit} requests within {last - first:.3f} s"
                break
        yield from _inside_a_pause(name, heard)
        if schedule.is_quiet and not any(trouble.fault.status == 429 for trouble in schedule.troubles):
            # Without a shared ledger a run does not know what the one before it has sent.
            yield from _refused_in_quiet(name, group if schedule.is_shared else group[:1] * (group[0].name == "first"))


def _budgets(evidence: Evidence) -> list[list[Run]]:
    """Group the runs that share one budget: all of a machine where the ledger is a file, else each has its own."""
    if not evidence.schedule.is_shared:
        return [[run] for run in evidence.runs]
    groups: dict[int, list[Run]] = {}
    for run in evidence.runs:
        groups.setdefault(id(run.machine), []).append(run)
    return list(groups.values())


def _inside_a_pause(name: str, trips: list[Trip]) -> Iterator[str]:
    for asked in trips:
        opens_at = asked.opens_at
        if opens_at is None or asked.ended_at is None:
            continue
        # The rate ledger outlives its run, but not for ever: after an hour the tenant is asked again.
        opens_at = min(opens_at, asked.ended_at + _LONGEST_SHUT_S)
        for trip in trips:
            if asked.ended_at < trip.departed_at < opens_at - _EPSILON_S:
                late_s = trip.departed_at - asked.ended_at
                yield f"{name}: a {trip.method} left {late_s:.3f} s after a `Retry-After: {asked.retry_after}`"


def _refused_in_quiet(name: str, runs: list[Run]) -> Iterator[str]:
    refused = sum(trip.status == 429 for run in runs for trip in run.trips)
    if refused:
        yield f"{name}: refused {refused} times although nobody else used the limit up"


def shows_no_secret(evidence: Evidence) -> Iterator[str]:
    """P6: nothing shown or logged holds the secret or a token, in any encoding."""
    secret = DEMO_CLIENT_SECRET.encode()
    forms = {
        DEMO_CLIENT_SECRET,
        secret.hex(),
        b64encode(secret).decode().rstrip("="),
        b64encode(f"{DEMO_CLIENT_ID}:{DEMO_CLIENT_SECRET}".encode()).decode().rstrip("="),
    }
    for run in evidence.runs:
        text = "\n".join((*run.shown, *run.texts, *map(str, run.journal)))
        for form in (*forms, *run.tokens):
            if form in text:
                yield f"{run.name}: shows `{form}`"


def ends(evidence: Evidence) -> Iterator[str]:
    """P8: bounded tries of each write, and no longer than the requests, their deadlines and pauses explain."""
    for run in evidence.runs:
        for agent_id, change in run.change_of.items():
            patches = [trip for trip in run.trips_to(agent_id) if trip.method == "PATCH" and trip.number is not None]
            tries = sum(trip.status not in _NOT_LOOKED_AT for trip in patches)
            if tries > _MOST_TRIES * (1 + change.has_union):
                yield f"{run.name}: {tries} tries of {agent_id}"
        each_s = evidence.schedule.window_s * 2 + _TIMEOUT_S + _BACKOFF_S
        bound_s = _START_S + len(run.trips) * each_s + _PAUSE_S * sum(_asks_for_a_pause(trip) for trip in run.trips)
        if run.ended_at - run.began_at > bound_s:
            yield f"{run.name}: took {run.ended_at - run.began_at:.0f} s for {len(run.trips)} requests"


def _asks_for_a_pause(trip: Trip) -> bool:
    return trip.status in {429, 503}


def misses_nobody(evidence: Evidence) -> Iterator[str]:
    """P10: whoever is on the tenant throughout is never reported missing."""
    for run in evidence.runs:
        if run.plan is None:
            continue
        possible = len(run.wishes.sets.keys() - evidence.throughout.keys())
        if run.plan.summary.agents_missing > possible:
            yield f"{run.name}: {run.plan.summary.agents_missing} reported missing, {possible} can be"


def goes_nowhere_else(evidence: Evidence) -> Iterator[str]:
    """P13: requests go to the configured origin and to known paths, each id quoted whole."""
    ids = {commit.agent_id for commit in evidence.commits} | {agent.id for agent in evidence.people.seed.agents}
    ids |= {agent.id for agent in evidence.people.late}
    known = _FIXED_PATHS | {f"/api/v2/agents/{quote(agent_id, safe='')}" for agent_id in ids}
    for run in evidence.runs:
        for trip in run.trips:
            if trip.host != _HOST or trip.path not in known:
                yield f"{run.name}: {trip.method} {trip.host}{trip.path}"


def plans_the_same_twice(evidence: Evidence) -> Iterator[str]:
    """P15: a plan made twice of the same state has the same bytes, but for the time."""
    plans = {run.name: run for run in evidence.runs if run.plan is not None}
    before, again = plans.get("before"), plans.get("again")
    if before and again and before.shown != again.shown:
        yield "the same plan, made twice, has other bytes"


def stops_at_a_signal(evidence: Evidence) -> Iterator[str]:
    """P17: no agent's write begins after the signal, and the run is over within seconds."""
    for run in evidence.runs:
        if run.stopped_at is None:
            continue
        begun = {trip.path for trip in run.patches if trip.departed_at <= run.stopped_at}
        later = {trip.path for trip in run.patches if trip.departed_at > run.stopped_at} - begun
        if later:
            yield f"{run.name}: began to write {sorted(later)} after the signal"
        if run.ended_at - run.stopped_at > _EXIT_S:
            yield f"{run.name}: ended {run.ended_at - run.stopped_at:.1f} s after the signal"


def reads_by_get(evidence: Evidence) -> Iterator[str]:
    """P18: a plan sends nothing but GET, and the POST for its token."""
    for run in evidence.runs:
        if not run.is_apply:
            for trip in run.trips:
                if trip.method != "GET" and (trip.method, trip.path) != ("POST", _TOKEN_PATH):
                    yield f"{run.name}: sent {trip.method} {trip.path}"
