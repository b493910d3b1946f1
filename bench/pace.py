"""The rate budget: how near to the bound an apply comes, what is refused and what is lost, and what safety costs."""

import json
import os
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from math import ceil
from random import Random

import children
from children import Numbers
from data import AGENTS_PER_PAGE
from figures import Figure, at_most, exactly
from options import Options
from pace_real import real_figures
from terms import LIMIT, WINDOW_S, Case, Terms

_AGENTS = 1_000
_MOST_OVER_BOUND_PERCENT = 2.0
_MOST_REFUSED_PERCENT = 5.0
# Each way, on average; each is drawn from half as much to half as much again.
_LATENCIES_S = (0.02, 0.1, 0.35, 0.5)
_JITTER = 0.5
_STORES = ("memory", "sqlite")
# What else takes up the window, as shares of the limit: our own earlier requests, and somebody else's.
_OWN_SHARE, _OTHERS_SHARE = 0.6, 0.3
_PAUSE_S = 15.0
_REAL_SHARE = 0.4
# What is drawn, and how many small tenants.
_SEED, _DRAWS = 1, 100
_SMALL, _SMALL_LIMIT = 30, 10
_LONGEST_WAY_S, _MOST_PLANS = 2.0, 4
# How a 429 says when to come back.
_STYLES = ("seconds", "fraction", "date", "none")
_CONCURRENCY = 10
# Token, skills; and after the writes the listing once more.
_TOKEN_AND_SKILLS = 2


def measure(options: Options) -> list[Figure]:
    """Measure in virtual time, then over sockets and between processes in real time."""
    sizes = _Sizes(options)
    size = Figure("changed agents", sizes.changed, note=f"{sizes.limit} requests per window; 60 s in virtual time")
    parts = (_at_the_limit, _drawn, _burst, _beside_others, _wrong_limit, _simple)
    # Virtual time does not mind who else is busy.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(lambda part: part(sizes), parts))
    return [size, *(figure for figures in found for figure in figures), *real_figures(options)]


class _Sizes:
    def __init__(self, options: Options) -> None:
        self.changed = options.scaled(_AGENTS)
        self.limit = options.scaled(LIMIT)
        self.draws = options.scaled(_DRAWS)
        self.pages = ceil(self.changed / AGENTS_PER_PAGE)
        self.terms = Terms(self.limit, self.limit, latency_s=_LATENCIES_S[1], jitter=_JITTER)

    @property
    def plan_requests(self) -> int:
        """What a plan sends, and an apply before its first write."""
        return _TOKEN_AND_SKILLS + self.pages


def _play(about: str, *cases: Case) -> dict[str, Numbers]:
    """Play the cases in one fresh process; give their numbers by name."""
    print(f"pace: {about}, in virtual time", file=sys.stderr, flush=True)
    found: dict[str, Numbers] = {case.name: {} for case in cases}
    given = children.run("pace_virtual:play", json.dumps([asdict(case) for case in cases]))
    for key, value in given.numbers.items():
        name, _, number = key.rpartition("/")
        found[name][number] = value
    return found


def _at_the_limit(sizes: _Sizes) -> list[Figure]:
    """The configured limit is right: both stores at each latency, then a window that we have used before."""
    named: dict[str, list[Case]] = {}
    for latency_s in _LATENCIES_S:
        name = f"{latency_s:g} s each way"
        terms = replace(sizes.terms, latency_s=latency_s)
        cases = [Case(f"{name}, {store}", sizes.changed, replace(terms, ledger=store)) for store in _STORES]
        named[f"{name} (worse of the two stores)"] = cases
    shared = replace(sizes.terms, ledger="sqlite")
    plans = round(_OWN_SHARE * sizes.limit) // sizes.plan_requests
    earlier = f"{plans * sizes.plan_requests} requests of ours {_PAUSE_S:g} s before"
    named["right after a plan"] = [Case("right after a plan", sizes.changed, shared, plans=1)]
    named[earlier] = [Case(earlier, sizes.changed, shared, plans=plans, pause_s=_PAUSE_S)]
    found = _play("applies at the right limit", *(case for cases in named.values() for case in cases))
    over = {name: max(found[case.name]["over_percent"] for case in cases) for name, cases in named.items()}
    plain = found[named[next(iter(named))][0].name]
    expected = sizes.plan_requests + sizes.changed + min(sizes.pages, sizes.changed)
    least = f"{1 + sizes.changed:,} for one who knew beforehand what differs"
    return [
        Figure("apply: requests", plain["sent"], "", exactly(expected), least),
        Figure("apply: the bound", plain["least_s"], "s", note="floor((requests - 1) / limit) windows"),
        *(
            Figure(f"over the bound, {name}", each, "%", at_most(_MOST_OVER_BOUND_PERCENT))
            for name, each in over.items()
        ),
        *_harm("all of these", found.values(), sizes.limit),
    ]


def _harm(which: str, found: Collection[Numbers], limit: int) -> list[Figure]:
    return [
        Figure(f"{which}: answered 429", sum(each["throttled"] for each in found), "", exactly(0)),
        Figure(f"{which}: most requests in any window", max(each["busiest"] for each in found), "", at_most(limit)),
        Figure(f"{which}: updates lost", sum(each["lost"] for each in found), "", exactly(0)),
    ]


def _drawn(sizes: _Sizes) -> list[Figure]:
    """The limit is right; everything else is drawn: the way there, what we sent before, and when. In small."""
    random = Random(_SEED)  # noqa: S311 - chance that repeats itself
    cases = []
    for number in range(sizes.draws):
        terms = Terms(
            _SMALL_LIMIT,
            _SMALL_LIMIT,
            latency_s=round(random.uniform(0.0, _LONGEST_WAY_S), 3),
            jitter=round(random.random(), 3),
            ledger="sqlite",
        )
        pause_s = round(random.uniform(0.0, WINDOW_S), 3)
        cases.append(Case(f"{number}", _SMALL, terms, plans=random.randint(1, _MOST_PLANS), pause_s=pause_s))
    found = _play("drawn latencies and phases", *cases)
    which = f"{len(cases)} drawn latencies and phases"
    about = f"up to {_LONGEST_WAY_S:g} s each way; {_SMALL} agents at {_SMALL_LIMIT} requests per window"
    return [Figure(which, len(cases), note=about), *_harm(which, found.values(), _SMALL_LIMIT)]


def _burst(sizes: _Sizes) -> list[Figure]:
    """As many changes as the limit lets through after the plan's reads: only the answers are waited for."""
    changed = sizes.limit - _TOKEN_AND_SKILLS - 1
    case = Case("burst", changed, replace(sizes.terms, jitter=0.0, ledger="sqlite"))
    found = _play("a burst", case)["burst"]
    # The first one goes alone; then ten at a time.
    turns = ceil((changed - 1) / _CONCURRENCY)
    # Departures are counted, not answers.
    most_s = 2 * turns * case.terms.latency_s
    note = f"{turns + 1} turns of at most {_CONCURRENCY} at {2 * case.terms.latency_s:g} s"
    return [Figure(f"burst: first to last of {changed} writes", round(found["burst_s"], 6), "s", at_most(most_s), note)]


def _beside_others(sizes: _Sizes) -> list[Figure]:
    """Somebody else has used a part of the window, so the configured limit is not ours to use; nobody told us."""
    others = max(1, round(_OTHERS_SHARE * sizes.limit))
    cases = {
        told: Case(told, sizes.changed, replace(sizes.terms, rate_headers=is_told), others=others, pause_s=_PAUSE_S)
        for told, is_told in (("tenant says what is left", True), ("tenant says nothing", False))
    }
    found = _play("beside another client", *cases.values())
    before = f"after {others} requests of another client"
    return [
        *(Figure(f"{before}, {told}: answered 429", found[told]["throttled"]) for told in cases),
        *(Figure(f"{before}, {told}: over the bound", found[told]["over_percent"], "%") for told in cases),
        Figure(f"{before}: updates lost", sum(each["lost"] for each in found.values()), "", exactly(0)),
    ]


def _wrong_limit(sizes: _Sizes) -> list[Figure]:
    """The tenant's own limit is 40 % of the configured one, and it says `Retry-After` in four ways."""
    terms = replace(sizes.terms, limit=round(_REAL_SHARE * sizes.limit), ledger="sqlite")
    cases = [Case(style, sizes.changed, replace(terms, retry_after=style)) for style in _STYLES]
    found = _play("a limit of 40 %", *cases)
    refused = {style: 100 * each["throttled"] / each["sent"] for style, each in found.items()}
    worst = max(refused, key=refused.__getitem__)
    which = f"limit of {terms.limit} instead of {sizes.limit}"
    return [
        Figure(
            f"{which}: requests refused",
            refused[worst],
            "%",
            at_most(_MOST_REFUSED_PERCENT),
            f"Retry-After as {worst}, the worst of {len(cases)}; {found[worst]['throttled']:.0f}"
            f" of {found[worst]['sent']:,.0f}",
        ),
        Figure(f"{which}: updates lost", sum(each["lost"] for each in found.values()), "", exactly(0)),
        Figure(f"{which}: agents given up", sum(each["reported"] for each in found.values()), "", exactly(0)),
        Figure(f"{which}: over the tenant's own bound", max(each["over_percent"] for each in found.values()), "%"),
    ]


def _simple(sizes: _Sizes) -> list[Figure]:
    """The same agents at the same tenants, by the simple updater."""
    limits = (sizes.limit, round(_REAL_SHARE * sizes.limit))
    cases = [Case(f"{limit}", sizes.changed, replace(sizes.terms, limit=limit), is_simple=True) for limit in limits]
    found = _play("the simple updater", *cases)
    figures = []
    for limit, each in found.items():
        which = f"simple updater at a limit of {limit}"
        lost = f"of {sizes.changed:,}; {each['sent']:,.0f} requests in {each['virtual_s']:,.0f} s"
        figures += [
            Figure(f"{which}: answered 429", each["throttled"]),
            Figure(f"{which}: agents lost", each["lost"], note=lost),
        ]
    return figures
