"""The policy of the rate budget: pure functions on a small value, whatever store keeps it.

Every time is in monotonic seconds of one machine; nothing here knows the time of day.
"""

from dataclasses import dataclass, replace
from random import Random

from reconciler.live.waits import LONGEST_RETRY_AFTER_S, Grant, backoff_s
from reconciler.model.tenant import RateLimit

_TOO_MANY_REQUESTS = 429
_SERVICE_UNAVAILABLE = 503
# Two clocks, ours and the tenant's, measure the same window a little differently.
_MARGIN_S = 0.01
# After a 429 the rate is halved, and grows by this factor with each whole window.
_RECOVERY = 1.1
# As many windows as bring back any rate; more would only make a large number.
_MOST_WINDOWS = 1000
# A ledger may outlive its run: whatever the tenant said, after an hour it is asked again.
_LONGEST_SHUT_S = 3600.0
# Thirty years: a number that every store can keep.
_LONGEST_ASKED_S = 1e9
# While requests are in flight whose answers may say more.
_LOOK_AGAIN_S = 0.05
# Tenants say in whole seconds when their window opens.
_ROUNDED_UP_S = 1.0
_NEVER = -1.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with a tenant. A slot whose holder never reports counts as answered `lease_s` after its charge."""

    limit: RateLimit
    lease_s: float

    @property
    def window_s(self) -> float:
        """How long an answered request goes on taking up its slot."""
        return self.limit.per_seconds + _MARGIN_S


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request, charged at `charged_at`."""

    id: int
    charged_at: float


@dataclass(frozen=True, slots=True)
class Load:
    """What the log of slots holds: how many are taken, how many of these in flight, when one could be free at best."""

    taken: int
    in_flight: int
    frees_at: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent before `until`; then ask again. `why` goes on from "waiting 7 s"."""

    until: float
    why: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The tenant asked for a pause, of which `asked_s` are left: longer than anybody waits."""

    asked_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What an answer says of the rate."""

    status: int
    retry_after_s: float | None = None
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What has been learnt from answers; the slots are counted elsewhere.

    `share` of the setting was allowed right after the rate was last halved, at `slowed_at`. The gate, last shut at
    `shut_at`, opens at `opens_at`; what the tenant asked for ends at `asked_until`, which may be later. Until
    `granted_until` no more than `granted` requests may leave, as was said to the request charged at `granted_as_of`.
    `refusals` are those in a row.
    """

    share: float = 1.0
    slowed_at: float = _NEVER
    refusals: int = 0
    shut_at: float = _NEVER
    opens_at: float = _NEVER
    asked_until: float = _NEVER
    granted: int = 0
    granted_until: float = _NEVER
    granted_as_of: float = _NEVER

    def allowed(self, limit: RateLimit, now: float) -> int:
        """How many requests any window may hold by now."""
        if self.share >= 1:
            return limit.requests
        windows = min(int((now - self.slowed_at) / limit.per_seconds), _MOST_WINDOWS)
        return max(1, int(limit.requests * min(1.0, self.share * _RECOVERY**windows) + _ROUNDING))

    def grows_at(self, limit: RateLimit, now: float) -> float:
        """When `allowed` next may be more."""
        return self.slowed_at + limit.per_seconds * (int((now - self.slowed_at) / limit.per_seconds) + 1)

    def is_of_former_boot(self, now: float) -> bool:
        """Whether it knows of a time that is yet to come: the clock began anew since."""
        return max(self.slowed_at, self.shut_at, self.granted_as_of) > now


@dataclass(frozen=True, slots=True)
class Admitted:
    """So many requests may leave now; `budget` is as it is after that."""

    count: int
    budget: Budget


def admit(budget: Budget, load: Load, terms: Terms, now: float, count: int = 1) -> Admitted | Wait | Closed:
    """Judge whether `count` requests may leave now; fewer where no window holds as many, 0 just to ask."""
    if now < budget.opens_at:
        if budget.opens_at - now > LONGEST_RETRY_AFTER_S:
            return Closed(budget.asked_until - now)
        return Wait(budget.opens_at, "because the tenant asked for fewer requests")
    allowed = budget.allowed(terms.limit, now)
    count = min(count, terms.limit.requests)
    if now < budget.granted_until:
        if budget.granted < count:
            return _until_reset(budget, load, terms, now)
        budget = replace(budget, granted=budget.granted - count)
    if load.taken + count <= allowed or not count:
        return Admitted(count, budget)
    until = load.frees_at if budget.share >= 1 else min(load.frees_at, budget.grows_at(terms.limit, now))
    return Wait(until, f"for the rate limit ({allowed} requests per {terms.limit.per_seconds:g} s)")


def _until_reset(budget: Budget, load: Load, terms: Terms, now: float) -> Wait | Closed:
    """What is in flight was taken off the grant, though the tenant may have counted it: its answer will tell."""
    until = budget.granted_until
    if load.in_flight:
        until = min(until, now + _LOOK_AGAIN_S)
    elif until - now > max(LONGEST_RETRY_AFTER_S, terms.limit.per_seconds):
        return Closed(until - now)
    return Wait(until, "because the tenant counts no request left")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that came at `at`, and what the log of slots holds after it."""

    slot: Slot
    heard: Heard
    at: float
    load: Load


def learn(budget: Budget, answered: Answered, terms: Terms, random: Random) -> Budget:
    """Take from an answer what it says of the rate: slow down, shut the gate, note what is granted."""
    budget = _slowed(budget, answered, terms)
    budget = _shut(budget, answered, random)
    return _granted(budget, answered, terms)


def _slowed(budget: Budget, answered: Answered, terms: Terms) -> Budget:
    # Of several refused at once, only the first says something new.
    if answered.heard.status != _TOO_MANY_REQUESTS or answered.slot.charged_at <= budget.slowed_at:
        return budget
    now, least = answered.at, 1 / terms.limit.requests
    # The share that was really allowed: a fraction of a request is not.
    share = budget.allowed(terms.limit, now) / terms.limit.requests
    return replace(budget, share=max(least, share / 2), slowed_at=now)


def _shut(budget: Budget, answered: Answered, random: Random) -> Budget:
    heard, now = answered.heard, answered.at
    # What was sent before the gate last shut only repeats what is known.
    is_news = answered.slot.charged_at > budget.shut_at
    pause_s = heard.retry_after_s
    if heard.status == _TOO_MANY_REQUESTS:
        budget = replace(budget, refusals=budget.refusals + is_news)
        pause_s = backoff_s(budget.refusals, random) if pause_s is None else pause_s
    elif heard.status != _SERVICE_UNAVAILABLE or pause_s is None:
        return replace(budget, refusals=0) if is_news and budget.refusals else budget
    return replace(
        budget,
        shut_at=now,
        opens_at=max(budget.opens_at, now + min(pause_s, _LONGEST_SHUT_S)),
        asked_until=max(budget.asked_until, now + min(pause_s, _LONGEST_ASKED_S)),
    )


def _granted(budget: Budget, answered: Answered, terms: Terms) -> Budget:
    """Note what the tenant will still let through, where that is less than we would send by our own count.

    Where it is not, our count is the better one: it knows the moment, the tenant says whole seconds.
    """
    grant, load, charged_at = answered.heard.grant, answered.load, answered.slot.charged_at
    if grant is None or charged_at < budget.granted_as_of:
        return budget  # of two answers, the one to the later request knows more
    # Of answers to requests of the same moment, the least counts.
    is_same_moment = charged_at == budget.granted_as_of and answered.at < budget.granted_until
    until = answered.at + min(grant.resets_in_s, _LONGEST_SHUT_S)
    by_our_count = budget.allowed(terms.limit, answered.at) - load.taken
    if grant.remaining >= by_our_count and until <= load.frees_at + _ROUNDED_UP_S:
        return budget if is_same_moment else replace(budget, granted_until=_NEVER, granted_as_of=charged_at)
    left = max(0, grant.remaining - load.in_flight)
    left = min(left, budget.granted) if is_same_moment else left
    return replace(budget, granted=left, granted_until=until, granted_as_of=charged_at)
