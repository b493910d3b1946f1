"""Tenants of any size, made from a seed number: the same number gives the same tenant everywhere."""

from collections.abc import Sequence
from random import Random
from uuid import UUID

from reconciler.simulator.agents import Agent, Assignment, Seed, Skill
from reconciler.simulator.demo import demo_seed

_FIRST_NAMES = (
    *("Amara", "Anton", "Astrid", "Bilal", "Chiara", "Daniel", "Elena", "Felix", "Hana", "Igor", "Jonas", "Kofi"),
    *("Leila", "Mateo", "Nora", "Omar", "Priya", "Ravi", "Sara", "Tomas", "Ulla", "Vera", "Wei", "Yara"),
)
_LAST_NAMES = (
    *("Abebe", "Berg", "Costa", "Dahl", "Eriksen", "Fontana", "Garcia", "Horvat", "Ivanova", "Jensen", "Khan", "Lopez"),
    *("Meyer", "Nguyen", "Olsen", "Petrov", "Quist", "Reyes", "Schmidt", "Tan", "Ueda", "Vega", "Wagner", "Zhang"),
)
_TOPICS = (
    *("Accounts", "Broadband", "Claims", "Devices", "Insurance", "Loyalty", "Onboarding", "Payments"),
    *("Returns", "Shipping", "Subscriptions", "Travel", "Warranty"),
)
_REGIONS = ("Americas", "APAC", "EMEA", "Iberia", "Nordics")

_AGENTS_PER_TEAM = 40
_SKILLS_PER_TEAM = 24
_FEWEST_SKILLS, _MOST_SKILLS = 8, 20
_SHARE_AVAILABLE = 0.95
_LEVELS = tuple(range(5, 101, 5))

# A hundred thousand agents share these.
_ON = {level: Assignment(level, available=True) for level in _LEVELS}
_OFF = {level: Assignment(level, available=False) for level in _LEVELS}


def generated_seed(agents: int, seed: int = 0) -> Seed:
    """Make a tenant of `agents` agents and some 86 skills; the demo's people come first, where there is room."""
    random = Random(seed)  # noqa: S311 - chance, not secrecy
    demo = demo_seed()
    skills = (*demo.skills, *(Skill(_make_id(random), f"{t} {r}") for t in _TOPICS for r in _REGIONS))
    known = demo.agents if agents >= len(demo.agents) else ()
    usable = [skill.id for skill in skills if skill.active]
    team: list[str] = []
    made: list[Agent] = []
    for number in range(agents - len(known)):
        if number % _AGENTS_PER_TEAM == 0:
            team = random.sample(usable, _SKILLS_PER_TEAM)
        made.append(_make_agent(number, team, random))
    return Seed(skills, (*known, *made))


def _make_agent(number: int, team: Sequence[str], random: Random) -> Agent:
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    held = random.sample(team, random.randint(_FEWEST_SKILLS, _MOST_SKILLS))
    return Agent(
        id=_make_id(random),
        user_name=f"{first[0]}{last}{number}".lower(),
        email=f"{first}.{last}.{number}@example.com".lower(),
        first_name=first,
        last_name=last,
        skills={skill_id: _make_assignment(random) for skill_id in held},
    )


def _make_assignment(random: Random) -> Assignment:
    levels = _ON if random.random() < _SHARE_AVAILABLE else _OFF
    return levels[random.choice(_LEVELS)]


def _make_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
