"""The demo tenant: the people of the shipped example as the tenant has them, a few steps behind what the files say."""

from collections.abc import Mapping
from functools import cache
from uuid import UUID, uuid5

from reconciler.simulator.agents import Agent, Assignment, Seed, Skill

_NAMESPACE = UUID("5b0f3c1e-7d2a-4a55-9e0c-2f6d1c8a4b70")

_SKILLS = (
    *("English", "French", "German", "Portuguese", "Spanish"),
    *("Chat", "Email", "Social Media", "Voice"),
    *("Billing", "Fraud", "Refunds", "Renewals", "Sales", "Upsell"),
    *("Hardware", "Network", "Software"),
    # Given and taken by the workforce tool, not by the files.
    *("WFI Forecast", "WFI Overflow"),
)
_INACTIVE_SKILLS = ("Fax",)

_Levels = Mapping[str, int | Assignment]


def _off(proficiency: int) -> Assignment:
    return Assignment(proficiency, available=False)


_EVERYONE: _Levels = {"English": 80, "Voice": 70}
_BILLING_1: _Levels = {**_EVERYONE, "Billing": 60, "Email": 50}
_BILLING_2: _Levels = {**_BILLING_1, "Billing": 80, "Refunds": 70}
_BILLING_LEAD: _Levels = {**_BILLING_2, "Billing": 95, "Fraud": 80, "Voice": _off(40)}
_SALES_1: _Levels = {**_EVERYONE, "Sales": 60, "Chat": 50}
_SALES_CLOSER: _Levels = {**_SALES_1, "Sales": 85, "Upsell": 75, "Renewals": 60}
_SUPPORT_1: _Levels = {**_EVERYONE, "Email": 60, "Chat": 60, "Software": 60}
_SUPPORT_2: _Levels = {**_EVERYONE, "Email": 60, "Software": 80, "Hardware": 70, "Network": 60}
_RETENTION_1: _Levels = {**_EVERYONE, "Renewals": 70, "Email": 50}

_BILLING_EMEA: tuple[tuple[str, _Levels], ...] = (
    ("Ana Silva", {**_BILLING_1, "Spanish": 40, "Portuguese": 95}),
    ("Bo Ito", _BILLING_1),
    ("Carla Mendes", {**_BILLING_2, "Portuguese": 90}),
    ("Dmitri Volkov", {**_BILLING_1, "German": 60}),
    ("Emma Novak", {**_BILLING_1, "German": 90, "WFI Forecast": 50}),
    ("Farid Haddad", {**_BILLING_1, "French": 90}),
    ("Greta Lindqvist", _BILLING_LEAD),
    ("Hugo Martin", {**_EVERYONE, "Billing": 60, "French": 95}),
    ("Ines Rocha", {**_BILLING_1, "Spanish": 85, "Portuguese": 85, "Chat": 50}),
    ("Jan Kowalski", {**_BILLING_2, "German": 70}),
    ("Karim Benali", {**_BILLING_2, "French": 90, "Fraud": 40}),
)
_SALES_AMERICAS: tuple[tuple[str, _Levels], ...] = (
    ("Maria Gonzalez", {**_SALES_CLOSER, "Spanish": 95}),
    ("Noah Johnson", _SALES_1),
    ("Olivia Brown", {**_SALES_1, "Upsell": 40}),
    ("Pedro Alvarez", {**_SALES_1, "Spanish": 90}),
    ("Quinn Taylor", {**_SALES_1, "WFI Overflow": _off(30)}),
    ("Rafael Souza", {**_SALES_1, "Spanish": 50, "WFI Overflow": 30}),
    ("Sofia Ramirez", {**_SALES_CLOSER, "Spanish": 95}),
    ("Tyler Green", {**_EVERYONE, "Sales": 60}),
    ("Uma Patel", _SALES_CLOSER),
    ("Victor Castro", {**_SALES_1, "Spanish": 90}),
)
_TECH_SUPPORT: tuple[tuple[str, _Levels], ...] = (
    ("Wendy Clark", _SUPPORT_1),
    ("Xavier Dubois", {**_SUPPORT_2, "French": 95}),
    ("Yuki Tanaka", _SUPPORT_2),
    ("Zoe Adams", _SUPPORT_1),
    ("Aaron Kim", {**_SUPPORT_2, "Chat": 60}),
    ("Bianca Rossi", _SUPPORT_1),
    ("Cem Yilmaz", {**_SUPPORT_1, "German": 60}),
    ("Diana Popescu", _SUPPORT_2),
    ("Elif Demir", {**_SUPPORT_1, "Chat": _off(60)}),
    ("Finn Murphy", {**_SUPPORT_2, "Hardware": 90, "WFI Forecast": 70, "WFI Overflow": 40}),
    ("Grace Okafor", _SUPPORT_1),
)
_RETENTION: tuple[tuple[str, _Levels], ...] = (
    ("Hannah Weber", {**_RETENTION_1, "German": 90}),
    ("Isaac Cohen", _RETENTION_1),
    ("Julia Santos", {**_RETENTION_1, "Portuguese": 90, "Spanish": 70}),
    ("Kenji Mori", _RETENTION_1),
    ("Laura Bianchi", {**_RETENTION_1, "Billing": 60}),
    ("Marco Greco", _RETENTION_1),
    ("Nadia Hassan", {**_RETENTION_1, "French": 85}),
    ("Oscar Nilsson", {**_RETENTION_1, "Upsell": 55}),
)
_UNMANAGED: tuple[tuple[str, _Levels], ...] = (
    ("Paul Meyer", {"English": 60, "Voice": 50, "German": 90}),
    ("Rita Larsen", {"English": 90, "Social Media": 70}),
    ("Sam Wright", {"English": 80, "Sales": 40, "Fax": _off(10)}),
    ("Tara Singh", {}),
)
_LEFT = frozenset({"Tara Singh"})


@cache
def demo_seed() -> Seed:
    """Give the demo tenant's state; the same at every call and in every process."""
    skills = tuple(_make_skill(name) for name in (*_SKILLS, *_INACTIVE_SKILLS))
    people = (*_BILLING_EMEA, *_SALES_AMERICAS, *_TECH_SUPPORT, *_RETENTION, *_UNMANAGED)
    ids = {skill.name: skill.id for skill in skills}
    return Seed(skills, tuple(_make_agent(name, levels, ids) for name, levels in people))


def _make_skill(name: str) -> Skill:
    return Skill(str(uuid5(_NAMESPACE, f"skill:{name}")), name, active=name not in _INACTIVE_SKILLS)


def _make_agent(name: str, levels: _Levels, skill_ids: Mapping[str, str]) -> Agent:
    first, last = name.split(" ")
    email = f"{first}.{last}@example.com".lower()
    return Agent(
        id=str(uuid5(_NAMESPACE, f"agent:{email}")),
        user_name=f"{first[0]}{last}".lower(),
        email=email,
        first_name=first,
        last_name=last,
        skills={
            skill_ids[skill]: Assignment(level) if isinstance(level, int) else level for skill, level in levels.items()
        },
        active=name not in _LEFT,
    )
