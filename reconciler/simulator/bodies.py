"""The body of a PATCH, read to the letter: what the contract does not name is refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.simulator.agents import Assignment, Skill, SkillSet

MAX_PROFICIENCY = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is turned down, with the status to answer; nothing was written. `detail` names the culprit."""

    status: int
    message: str
    detail: str = ""


def read_skill_set(body: object, skills: Mapping[str, Skill]) -> SkillSet | Refusal:
    """Read `{"skills": [{"skill": {"id": …}, "proficiency": …, "available": …}]}` against the tenant's `skills`."""
    if not isinstance(body, dict) or body.keys() != {"skills"} or not isinstance(body["skills"], list):
        return _malformed("it must be an object with `skills`, a list, and nothing else")
    wanted: dict[str, Assignment] = {}
    for place, item in enumerate(body["skills"]):
        read = _read_item(item, skills)
        if isinstance(read, Refusal):
            return Refusal(read.status, read.message, f"skills[{place}]: {read.detail}")
        skill_id, assignment = read
        if skill_id in wanted:
            return Refusal(400, "Duplicate skill ID", f"skills[{place}]: {skill_id} stands twice")
        wanted[skill_id] = assignment
    return wanted


def _read_item(item: object, skills: Mapping[str, Skill]) -> tuple[str, Assignment] | Refusal:
    if not isinstance(item, dict) or item.keys() != {"skill", "proficiency", "available"}:
        return _malformed("it must hold `skill`, `proficiency`, `available` and nothing else")
    skill = _read_skill(item["skill"], skills)
    if isinstance(skill, Refusal):
        return skill
    assignment = _read_assignment(item["proficiency"], item["available"])
    return assignment if isinstance(assignment, Refusal) else (skill.id, assignment)


def _read_skill(reference: object, skills: Mapping[str, Skill]) -> Skill | Refusal:
    if not isinstance(reference, dict) or reference.keys() != {"id"} or not isinstance(reference["id"], str):
        return _malformed("`skill` must hold `id`, a text, and nothing else")
    skill = skills.get(reference["id"])
    if skill is None:
        return Refusal(400, "Invalid skill ID", f"there is no skill {reference['id']}")
    return skill if skill.active else Refusal(400, "Invalid skill ID", f"the skill {skill.id} is not active")


def _read_assignment(proficiency: object, available: object) -> Assignment | Refusal:
    # A bool is an int to Python, and 85.0 equals 85: the contract takes neither.
    if type(proficiency) is not int:
        return _malformed("`proficiency` must be an integer")
    if not 0 <= proficiency <= MAX_PROFICIENCY:
        return Refusal(400, "Proficiency out of range", f"it must lie within 0..{MAX_PROFICIENCY}")
    return Assignment(proficiency, available) if isinstance(available, bool) else _malformed("`available` is a boolean")


def _malformed(detail: str) -> Refusal:
    return Refusal(400, "Malformed body", detail)
