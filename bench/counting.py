"""Requests: what a plan and an apply send, by kind and by formula, and what gets lost, beside a simple updater."""

import sys
from math import ceil

import children
from children import Cost, Numbers
from data import AGENTS_PER_PAGE
from figures import Bar, Figure, exactly
from options import Options

_AGENTS = 1_000
_CHANGED = 50
_EDITED = 20
_TOKENS = 1
# The skills of the simulated tenant fit into one page.
_SKILL_PAGES = 1


def measure(options: Options) -> list[Figure]:
    """Let both tools meet the same tenants, first with a rate limit, then with an outsider."""
    agents, changed, edited = options.scaled(_AGENTS), options.scaled(_CHANGED), options.scaled(_EDITED)
    print("requests: in virtual time", file=sys.stderr, flush=True)
    pages = ceil(agents / AGENTS_PER_PAGE)
    plan = children.run("traffic:plan", agents, changed)
    apply = children.run("traffic:apply", agents, changed, 0)
    updater = children.run("traffic:updater", agents, changed, 0)
    # A listing is read again, or the agents one by one, whichever takes fewer requests.
    planned = _TOKENS + _SKILL_PAGES + pages
    applied = planned + changed + min(pages, changed)
    size = Figure("agents", agents, note=f"{changed} of them to be changed")
    return [
        size,
        *_sent("plan", plan, exactly(planned)),
        *_sent("apply", apply, exactly(applied)),
        *_fate("apply", apply, exactly(0)),
        *_sent("simple updater", updater),
        *_fate("simple updater", updater),
        *_outsider(agents, changed, edited),
    ]


def _sent(tool: str, cost: Cost, bar: Bar | None = None) -> list[Figure]:
    numbers = cost.numbers
    kinds = ", ".join(f"{numbers[kind]:.0f} {kind}" for kind in ("tokens", "reads", "writes"))
    return [Figure(f"{tool}: requests", numbers["sent"], "", bar, kinds)]


def _fate(tool: str, cost: Cost, bar: Bar | None = None) -> list[Figure]:
    numbers = cost.numbers
    note = f"{numbers['reported']:,.0f} agents given up"
    return [
        Figure(f"{tool}: answered 429", numbers["throttled"], "", bar),
        Figure(f"{tool}: updates lost", numbers["lost"], "", bar, note),
        Figure(f"{tool}: writes that change nothing", numbers["pointless"], "", bar),
        Figure(f"{tool}: time at the tenant's rate limit", numbers["virtual_s"], "s"),
    ]


def _outsider(agents: int, changed: int, edited: int) -> list[Figure]:
    figures = []
    tools: tuple[tuple[str, str, Bar | None], ...] = (
        ("apply", "apply", exactly(0)),
        ("simple updater", "updater", None),
    )
    for tool, function, bar in tools:
        numbers: Numbers = dict(children.run(f"traffic:{function}", agents, changed, edited).numbers)
        note = f"of {edited}; {numbers['reported']:.0f} reported"
        name = f"{tool}: an outsider's edits overwritten unseen"
        figures.append(Figure(name, numbers["overwritten_unseen"], "", bar, note))
    return figures
