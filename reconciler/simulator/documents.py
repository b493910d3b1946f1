"""Skills and agents as the contract's JSON, each encoded once and kept until it changes."""

from collections.abc import Mapping

from reconciler.simulator.agents import Agent, Skill
from reconciler.simulator.behaviour import Behaviour
from reconciler.simulator.wire import JsonObject, encode_json

# What a careless reader might stumble over: an unknown object, null, a list, and a number that looks like a version.
EXTRA_FIELDS: JsonObject = {"teamId": 4711, "custom": {"skills": None, "tags": ["a", {"version": 0}]}, "notes": None}


def skill_document(skill: Skill, behaviour: Behaviour) -> JsonObject:
    """Show a skill as the list of skills does."""
    document: JsonObject = {"id": skill.id, "name": skill.name, "active": skill.active}
    return document | EXTRA_FIELDS if behaviour.extra_fields else document


def agent_document(
    agent: Agent, skills: Mapping[str, Skill], behaviour: Behaviour, *, with_skills: bool = True
) -> JsonObject:
    """Show an agent as its own page does, or without `skills` as some listings do."""
    document: JsonObject = {
        "id": agent.id,
        "userName": agent.user_name,
        "email": agent.email,
        "firstName": agent.first_name,
        "lastName": agent.last_name,
        "active": agent.active,
    }
    if behaviour.versioned:
        document["version"] = agent.version
    if with_skills:
        document["skills"] = _assignment_documents(agent, skills, behaviour)
    return document | EXTRA_FIELDS if behaviour.extra_fields else document


def _assignment_documents(agent: Agent, skills: Mapping[str, Skill], behaviour: Behaviour) -> list[JsonObject]:
    extra = EXTRA_FIELDS if behaviour.extra_fields else {}
    documents: list[JsonObject] = []
    for skill_id, (proficiency, available) in agent.skills.items():
        reference: JsonObject = {"id": skill_id, **extra}
        if behaviour.names_in_assignments and skill_id in skills:
            reference["name"] = skills[skill_id].name
        documents.append({"skill": reference, "proficiency": proficiency, "available": available, **extra})
    return documents


class AgentEncoder:
    """Encodes agents as JSON and remembers the bytes: an agent never changes, so its bytes hold as long as it does."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._skills: Mapping[str, Skill] = {}
        self._encoded: dict[tuple[str, bool], tuple[Agent, bytes]] = {}

    def encode(self, agent: Agent, skills: Mapping[str, Skill], *, with_skills: bool = True) -> bytes:
        """Give the agent's JSON; `skills` is the tenant's list, which names what the agent holds."""
        if skills is not self._skills:
            self._skills = skills
            self._encoded.clear()
        key = (agent.id, with_skills)
        kept = self._encoded.get(key)
        if kept is not None and kept[0] is agent:
            return kept[1]
        encoded = encode_json(agent_document(agent, skills, self._behaviour, with_skills=with_skills))
        self._encoded[key] = (agent, encoded)
        return encoded
