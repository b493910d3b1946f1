"""The shipped example, read without any of our own code, against the demo tenant: a plan worth reading."""

from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from reconciler.simulator import demo_tenant

_FOLDER = Path(__file__).parents[2] / "desired-state"
_Levels = dict[str, tuple[int, bool]]


def _files() -> list[dict[str, dict[str, dict[str, object]]]]:
    return [yaml.safe_load(path.read_bytes()) for path in sorted(_FOLDER.rglob("*.yaml")) if path.stem != "tenant"]


def _overlay(levels: _Levels, skills: object) -> None:
    assert isinstance(skills, dict)
    for skill, value in skills.items():
        if value == "absent":
            del levels[skill]
        elif isinstance(value, dict):
            levels[skill] = (value["proficiency"], value["available"])
        else:
            levels[skill] = (value, True)


def _resolve(declared: dict[str, object], profiles: dict[str, dict[str, object]]) -> _Levels:
    levels: _Levels = {}
    names = declared.get("profiles", declared.get("extends", []))
    assert isinstance(names, list)
    for name in names:
        levels.update(_resolve(profiles[name], profiles))
    _overlay(levels, declared.get("skills", {}))
    return levels


def _desired() -> dict[str, _Levels]:
    files = _files()
    profiles = {name: profile for file in files for name, profile in file.get("profiles", {}).items()}
    agents = {ref: agent for file in files for ref, agent in file.get("agents", {}).items()}
    return {ref: _resolve(agent, profiles) for ref, agent in agents.items()}


def _live(ref: str) -> _Levels | None:
    tenant = demo_tenant()
    try:
        agent = tenant.agent_named(ref)
    except KeyError:
        return None
    names = {skill.id: skill.name for skill in tenant.skills.values()}
    held = {names[skill]: (value.proficiency, value.available) for skill, value in agent.skills.items()}
    return {name: value for name, value in held.items() if not fnmatchcase(name, "WFI *")}


def test_the_example_is_a_few_steps_ahead_of_the_demo() -> None:
    """Ten of forty agents differ, in every way that an agent can; everyone else matches exactly."""
    changed: dict[str, list[str]] = {}
    for ref, desired in _desired().items():
        live = _live(ref)
        if live is None or live == desired:
            continue
        changed[ref] = [
            "add" if skill not in live else "remove" if skill not in desired
            else "available" if live[skill][0] == desired[skill][0] else "proficiency"
            for skill in sorted(live.keys() | desired.keys()) if live.get(skill) != desired.get(skill)
        ]  # fmt: skip
    assert len(changed) == 10
    assert Counter(kind for kinds in changed.values() for kind in kinds) == Counter(
        {"add": 5, "proficiency": 4, "available": 3, "remove": 2}
    )


def test_one_agent_has_not_started_and_four_are_nobodys_business() -> None:
    """The finding `agent-missing` is seen once; the unmanaged are counted."""
    missing = [ref for ref in _desired() if _live(ref) is None]
    assert missing == ["lena.fischer@example.com"]
    assert len(demo_tenant().agents) - (len(_desired()) - len(missing)) == 4


def test_agents_are_named_in_every_way() -> None:
    """By e-mail, by user name, by id, and once in another case."""
    tenant, refs = demo_tenant(), list(_desired())
    agents = {ref: tenant.agent_named(ref) for ref in refs if _live(ref) is not None}
    assert len({agent.id for agent in agents.values()}) == len(agents) == 40
    assert [ref for ref, agent in agents.items() if ref == agent.user_name] == ["obrown"]
    assert len([ref for ref, agent in agents.items() if ref == agent.id]) == 1
    assert len([ref for ref, agent in agents.items() if ref != agent.email and ref.lower() == agent.email]) == 1


def test_every_skill_it_names_can_be_assigned() -> None:
    """Each is live, active, and nobody else's; the tenant has an inactive one that nobody asks for."""
    tenant = demo_tenant()
    wanted = {skill for levels in _desired().values() for skill in levels}
    assert all(tenant.skill_named(name).active for name in wanted)
    assert not any(name.startswith("WFI ") for name in wanted)
    assert [skill.name for skill in tenant.skills.values() if not skill.active] == ["Fax"]
    holders = [agent for agent in tenant.agents.values() if tenant.skill_named("WFI Forecast").id in agent.skills]
    assert holders


def test_it_is_one_simulated_tenant() -> None:
    document = yaml.safe_load((_FOLDER / "tenant.yaml").read_bytes())
    assert document == {
        "version": 1,
        "tenant": {
            "name": "acme-demo",
            "api": "simulator",
            "rate_limit": {"requests": 100, "per_seconds": 60},
            "max_concurrency": 10,
        },
        "ignore_skills": ["WFI *"],
    }
    teams = [str(file["team"]) for file in _files() if "team" in file]
    assert teams == ["Billing EMEA", "Retention", "Sales Americas", "Tech Support"]
