"""What one run of the simulation is made of, drawn from a seed: tenant, limits, faults, outsiders, interruptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random

from reconciler.plan.scope import Filters
from reconciler.simulator import Behaviour, Fault, Kind, RetryAfter
from tests.simulation.troubles import COMMON, RARE

_NOBODY: Mapping[str, float] = {}
_RETRY_AFTER = (*RetryAfter, "0", "soon")
# What outsiders do, each this often in a second.
_OUTSIDE = ("edit", "edit-as-planned", "edit-ignored", "delete", "create", "deactivate", "request")
_GAPS_PER_S = (0.2, 2.0, 10.0)
_WITHIN = frozenset({Kind.CHANGED_JSON, Kind.TOTAL_MOVES, Kind.ID_TWICE, Kind.ECHO_ONLY})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One rule of the simulated tenant, and the family that drew it."""

    family: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Schedule:
    """One run.

    `limit` is what `tenant.yaml` says, in requests per `window_s`; what the tenant lets through stands in `behaviour`.
    `is_shared`: the rate ledger is a file. `latency_s` is the longest way to the tenant, and back again. `outsiders`
    says how often a second somebody else does what; a fault that acts without saying what is an edit too. `unsent` is
    how likely a connection cannot be opened. `rival_after_s`: an old commit is applied at the same time, so much later,
    on another machine or on the same one. `stop_at_write`: a signal comes with that PATCH. `disk_breaks_at`, `dies_at`
    and `is_power_cut`: see `machine.Machine`. `pause_s`: how long until somebody tries again.
    """

    seed: int
    agents: int = 4
    unmanaged: int = 2
    skills: int = 4
    behaviour: Behaviour = field(default_factory=Behaviour)
    limit: int = 100
    window_s: int = 60
    max_concurrency: int = 10
    latency_s: float = 0.05
    troubles: tuple[Trouble, ...] = ()
    outsiders: Mapping[str, float] = field(default_factory=lambda: _NOBODY)
    unsent: float = 0.0
    rival_after_s: float | None = None
    is_rival_here: bool = False
    stop_at_write: int | None = None
    disk_breaks_at: int | None = None
    dies_at: int | None = None
    is_power_cut: bool = False
    deadline_s: float | None = None
    canary: str | None = None
    filters: Filters = field(default_factory=Filters)
    is_confirmed: bool = True
    pause_s: float = 70.0
    plans_twice: bool = False
    is_shared: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether nobody else uses up the tenant's rate limit, which is what `tenant.yaml` says."""
        real = self.behaviour
        is_right = real.limit is None or (real.limit >= self.limit and real.window_s <= self.window_s)
        return is_right and "request" not in self.outsiders and self.rival_after_s is None

    @property
    def families(self) -> tuple[str, ...]:
        """Every kind of trouble that is on."""
        others = {
            "limit-lower": self.behaviour.limit is not None and self.behaviour.limit < self.limit,
            "unsent": self.unsent > 0,
            "rival": self.rival_after_s is not None,
            "rival-here": self.is_rival_here,
            "signal": self.stop_at_write is not None,
            "disk-breaks": self.disk_breaks_at is not None,
            "killed": self.dies_at is not None,
            "deadline": self.deadline_s is not None,
            "canary": self.canary is not None,
            "ledger-file": self.is_shared,
            "unconfirmed": not self.is_confirmed,
            "plans-twice": self.plans_twice,
            "filtered": self.filters != Filters(),
        }
        return (
            *sorted({trouble.family for trouble in self.troubles}),
            *(f"outsider-{what}" for what in self.outsiders),
            *(name for name, is_on in others.items() if is_on),
        )

    def __str__(self) -> str:
        shown = [f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.name != "troubles"]
        rules = [f"  {trouble.family}: {_rule(trouble.fault)}" for trouble in self.troubles]
        return "\n".join([", ".join(shown), *rules])


def _rule(fault: Fault) -> str:
    plain = Fault(fault.kind)
    names = [each.name for each in fields(fault) if each.name not in {"kind", "change", "act"}]
    return f"{fault.kind} " + ", ".join(
        f"{name}={getattr(fault, name)!r:.60}" for name in names if getattr(fault, name) != getattr(plain, name)
    )


def draw(seed: int) -> Schedule:
    """Draw a run: every family of trouble has a coin of its own, and how many fall is chance too."""
    random = Random(seed)
    density = random.choice((0.0, 0.08, 0.15, 0.3))
    limit, window_s = random.choice((3, 8, 20, 100)), random.choice((1, 10, 60))
    return Schedule(
        seed=seed,
        agents=random.choice((12, 30)) if random.random() < 0.03 else random.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 8)),
        unmanaged=random.choice((0, 1, 3)),
        skills=random.randint(3, 7),
        behaviour=_behaviour(random, limit, window_s),
        limit=limit,
        window_s=window_s,
        max_concurrency=random.choice((1, 2, 5, 10, 10)),
        latency_s=random.choice((0.0, 0.01, 0.05, 0.5)),
        troubles=tuple(_troubles(random, density)),
        outsiders=_outsiders(random, density),
        unsent=_rarely(random, 0.1, random.choice((0.02, 0.2))),
        rival_after_s=random.choice((0.0, 0.02, 0.2)) if random.random() < 0.15 else None,
        is_rival_here=random.random() < 0.3,
        stop_at_write=random.randint(1, 6) if random.random() < 0.12 else None,
        disk_breaks_at=random.randint(1, 8) if random.random() < 0.05 else None,
        dies_at=random.randint(1, 40) if random.random() < 0.12 else None,
        is_power_cut=random.random() < 0.5,
        deadline_s=random.choice((0.1, 1.0, 30.0)) if random.random() < 0.03 else None,
        canary=random.choice(("1", "2", "50%")) if random.random() < 0.1 else None,
        filters=_filters(random),
        is_confirmed=random.random() >= 0.02,
        pause_s=random.choice((0.0, 5.0, 70.0)),
        plans_twice=random.random() < 0.15,
        is_shared=random.random() < 0.25,
    )


def _rarely(random: Random, chance: float, value: float) -> float:
    return value if random.random() < chance else 0.0


def _behaviour(random: Random, limit: int, window_s: int) -> Behaviour:
    real = random.choice((None, limit, limit, limit, max(1, limit * 2 // 5)))
    return Behaviour(
        max_page_size=random.choice((2, 3, 5, 500, 500, 500)),
        versioned=random.random() < 0.6,
        inline_skills=random.random() < 0.85,
        names_in_assignments=random.random() < 0.8,
        extra_fields=random.random() < 0.3,
        token_lifetime_s=3600,
        limit=real,
        window_s=window_s,
        retry_after=random.choice(_RETRY_AFTER),
        rate_headers=random.random() < 0.3,
    )


def _troubles(random: Random, density: float) -> list[Trouble]:
    families = [name for name in COMMON if random.random() < density]
    families += [name for name in RARE if random.random() < density / 8]
    drawn = [Trouble(name, fault) for name in families for fault in (COMMON.get(name) or RARE[name])(random)]
    # The first rule is the outermost: what changes JSON must find some.
    return sorted(drawn, key=lambda trouble: trouble.fault.kind in _WITHIN)


def _outsiders(random: Random, density: float) -> Mapping[str, float]:
    return {what: random.choice(_GAPS_PER_S) for what in _OUTSIDE if random.random() < density}


def _filters(random: Random) -> Filters:
    match random.randrange(25):
        case 0:
            return Filters(agents=("user0@example.com",))
        case 1:
            return Filters(teams=("Red",))
        case 2:
            return Filters(skills=("Billing", "Email"))
        case 3:
            return Filters(no_removals=True)
    return Filters()
