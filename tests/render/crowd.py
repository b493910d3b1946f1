"""A plan of as many agents as one likes, the same each time."""

from collections.abc import Iterator

from reconciler.plan.change import AgentChange, Plan
from tests.render.hand_made import Value, change, plan_of

_SKILLS = ("Billing", "Chat", "Claims", "Email", "English", "Fraud", "French", "Network", "Refunds", "Sales", "Spanish")
_REGIONS = ("EMEA", "Americas", "Asia", "Nordics")
_TEAMS = tuple(f"{what} {region}" for what in ("Billing", "Loyalty", "Sales", "Support", "Tech") for region in _REGIONS)
_COVERAGE = (
    ("Fraud", 12, 0, 2), ("Claims", 40, 9, 10), ("Chat", 310, 240, 200), ("Network", 88, 80, None),
    ("Spanish", 140, 152, None), ("Billing", 400, 431, 300), ("Sales", 0, 7, None),
)  # fmt: skip


def crowd(agents: int) -> Plan:
    """Make a plan that changes so many agents of twenty teams, each in one to five skills."""
    return plan_of(map(_agent, range(agents)), _COVERAGE)


def _agent(number: int) -> AgentChange:
    team = None if number % 97 == 96 else _TEAMS[number * 7 % len(_TEAMS)]
    file = f"agents/{(team or 'nobody').lower().replace(' ', '-')}.yaml"
    rows = _rows(number)
    return change(
        f"agent.{number:06}@example.com", team, *rows, has_union=number % 50 == 49, file=file, line=number + 3
    )


def _rows(number: int) -> Iterator[tuple[str, Value, Value]]:
    for each in range(1 + number % 5):
        skill = _SKILLS[(number + each * 3) % len(_SKILLS)]
        level = 20 + number * 13 % 70
        yield ((skill, None, level), (skill, level, level + 7), (skill, level, (level, False)), (skill, level, None))[
            (number + each) % 4
        ]
