"""Who is on the simulated tenant and what the files ask for: made from a seed, written as YAML, known as plain sets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from reconciler.simulator import Agent, Assignment, Seed, Skill, SkillSet

_NAMES = ("Billing", "Chat", "Email", "Sales", "Claims", "Voice", "Fraud")
IGNORED = Skill("skill-wfi", "WFI Break")
_TEAMS = ("Red", "Blue")
# How likely a wish leaves an agent, or one of its skills, as it is.
_KEPT_AGENT, _KEPT_SKILL = 0.2, 0.4
# How likely agents swap what they have, two by two, and an old commit agrees with the new one about an agent.
_SWAPPED, _KEPT_WISH = 0.35, 0.5


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one set of files declares: `{agent id: whole set}` without ignored skills, and the text of each file."""

    sets: Mapping[str, SkillSet]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class People:
    """A tenant's start; `late` are declared, but only come to be when an outsider creates them."""

    seed: Seed
    late: tuple[Agent, ...]
    wishes: Wishes
    # An old commit of the same files, which somebody else applies at the same time.
    rival_wishes: Wishes


def make_people(random: Random, *, agents: int, unmanaged: int, skills: int, tenant_yaml: str) -> People:
    """Draw a tenant of `agents` managed and `unmanaged` other agents over `skills` skills and one that is ignored."""
    known = tuple(Skill(f"skill-{number}", name) for number, name in enumerate(_NAMES[:skills]))
    everybody = [_agent(random, number, known) for number in range(agents + unmanaged)]
    managed, others = everybody[:agents], everybody[agents:]
    late = tuple(managed.pop() for _ in range(random.choice((0, 0, 0, 1))) if len(managed) > 1)
    random.shuffle(everybody)
    live = [agent for agent in everybody if agent in managed or agent in others]
    declared = [*managed, *late]
    refs = {agent.id: _ref(random, agent) for agent in declared}
    wanted = {agent.id: _wish(random, agent, known) for agent in declared}
    if random.random() < _SWAPPED:
        # Nobody may lose a skill before the other one has gained it.
        for one, other in zip(managed[::2], managed[1::2], strict=False):
            wanted |= {one.id: visible(other.skills), other.id: visible(one.skills)}
    older = {
        agent.id: wanted[agent.id] if random.random() < _KEPT_WISH else _wish(random, agent, known)
        for agent in declared
    }
    return People(
        Seed((*known, IGNORED), tuple(live)),
        late,
        _wishes(wanted, refs, known, tenant_yaml),
        _wishes(older, refs, known, tenant_yaml),
    )


def _agent(random: Random, number: int, skills: tuple[Skill, ...]) -> Agent:
    # An id that has to be quoted in a path, now and then.
    odd = random.choice((f"agent {number}/ü", f"{number}%2F..", f"#{number}?x=1")) if random.random() < 0.1 else ""
    held = {skill.id: _assignment(random) for skill in skills if random.random() < 0.5}
    if random.random() < 0.3:
        held[IGNORED.id] = _assignment(random)
    return Agent(
        id=odd or f"{number:08x}-0000-4000-8000-{random.getrandbits(48):012x}",
        user_name=f"user.{number}",
        email=f"user{number}@example.com",
        first_name="User",
        last_name=f"{number}",
        skills=held,
        active=random.random() < 0.9,
        version=random.choice((1, 7, 41)),
    )


def _assignment(random: Random) -> Assignment:
    return Assignment(random.choice((0, 40, 60, 100, random.randrange(101))), random.random() < 0.8)


def _ref(random: Random, agent: Agent) -> str:
    """Name an agent as a file may: in any case, by e-mail, user name or id."""
    ref = random.choice((agent.email, agent.email, agent.user_name, agent.id))
    return ref.upper() if random.random() < 0.2 else ref


def _wish(random: Random, agent: Agent, skills: tuple[Skill, ...]) -> SkillSet:
    held = {skill_id: value for skill_id, value in agent.skills.items() if skill_id != IGNORED.id}
    if random.random() < _KEPT_AGENT:
        return held
    match random.randrange(12):
        case 0:
            return {}
        case 1 if held:
            skill_id = random.choice(sorted(held))
            return {**held, skill_id: Assignment(held[skill_id].proficiency, not held[skill_id].available)}
    wanted = {skill.id: held.get(skill.id) for skill in skills}
    for skill_id in wanted:
        if random.random() >= _KEPT_SKILL:
            wanted[skill_id] = _assignment(random) if random.random() < 0.5 else None
    return {skill_id: value for skill_id, value in wanted.items() if value is not None}


def _wishes(
    sets: Mapping[str, SkillSet], refs: Mapping[str, str], skills: tuple[Skill, ...], tenant_yaml: str
) -> Wishes:
    names = {skill.id: skill.name for skill in skills}
    files = {"tenant.yaml": tenant_yaml}
    ids = sorted(sets)
    for place, team in enumerate(_TEAMS):
        lines = [_line(refs[agent_id], sets[agent_id], names) for agent_id in ids[place :: len(_TEAMS)]]
        if lines:
            files[f"{team.lower()}.yaml"] = f"team: {team}\nagents:\n{''.join(lines)}"
    return Wishes(sets, files)


def _line(ref: str, skills: SkillSet, names: Mapping[str, str]) -> str:
    held = ", ".join(f"{names[skill_id]}: {_value(value)}" for skill_id, value in skills.items())
    return f"  {json.dumps(ref, ensure_ascii=False)}:\n    skills: {{{held}}}\n"


def _value(value: Assignment) -> str:
    return str(value.proficiency) if value.available else f"{{proficiency: {value.proficiency}, available: false}}"


def visible(skills: SkillSet) -> SkillSet:
    """Leave out the skill that others own."""
    return {skill_id: value for skill_id, value in skills.items() if skill_id != IGNORED.id}


def ignored(skills: SkillSet) -> SkillSet:
    """Keep only the skill that others own."""
    return {skill_id: value for skill_id, value in skills.items() if skill_id == IGNORED.id}
