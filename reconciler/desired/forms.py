"""What an editor can tell of a scalar: the JSON Schema of each kind, beside the rules in `shapes` that decide.

An editor sees values after YAML has read them, so that a name written `911` is a number to it: names and texts take
every kind of scalar. Where the two cannot agree an editor says less, never more.
"""

from typing import Any

from pydantic import WithJsonSchema

from reconciler.model.assignments import MAX_PROFICIENCY

_ANY_SCALAR = ["string", "number", "boolean"]
_LONGEST_NAME = 256
_LARGEST_WHOLE = 999_999_999
# No blank at its ends; which other characters are refused, and why, takes more than a pattern.
_NAME: dict[str, Any] = {
    "type": _ANY_SCALAR,
    "minLength": 1,
    "maxLength": _LONGEST_NAME,
    "pattern": r"^\S(?:.*\S)?$",
    "patternErrorMessage": "A name neither begins nor ends with a blank, and stands on one line.",
}
_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = r"(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:[Zz]|[+-][0-2][0-9]:?[0-9]{2})"

# Names of each kind stand apart, so that what the tenant and the files hold can be offered for one kind alone.
AGENT_FORM = _NAME | {"title": "Agent", "description": "E-mail, user name or id; in any case of letters."}
PROFILE_FORM = _NAME | {"title": "Profile", "description": "A set of skills, defined below profiles."}
SKILL_FORM = _NAME | {"title": "Skill", "description": "Its name, exactly as on the tenant, or its id."}
TEAM_FORM = _NAME | {"title": "Team", "description": "A label for all agents of a file."}

TEXT = WithJsonSchema({"type": _ANY_SCALAR})
NAME = WithJsonSchema(_NAME)
AGENT = WithJsonSchema(AGENT_FORM)
PROFILE = WithJsonSchema(PROFILE_FORM)
SKILL = WithJsonSchema(SKILL_FORM)
TEAM = WithJsonSchema(TEAM_FORM)
WHOLE = WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _LARGEST_WHOLE})
NUMBER = WithJsonSchema({"type": "number", "minimum": 0})
VERSION = WithJsonSchema({"type": "integer", "const": 1})
PROFICIENCY = WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_PROFICIENCY})
AVAILABLE = WithJsonSchema({"type": "boolean"})
LIMIT = WithJsonSchema(
    {
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": _LARGEST_WHOLE,
        "pattern": "^(?:[0-9]|[1-9][0-9]|100)%$",
        "patternErrorMessage": "Write a count, or a percentage like 25%.",
    }
)
TIME = WithJsonSchema(
    {
        "type": "string",
        "pattern": f"^{_DAY}[Tt ]{_HOUR}{_OFFSET}$",
        "patternErrorMessage": "Write a time with its offset, like 2026-12-01T00:00:00Z or 2026-12-01T00:00:00-05:00.",
        "examples": ["2026-12-01T00:00:00Z", "2026-12-01T00:00:00-05:00"],
    }
)
# In its place: a number, `absent`, or the long form. Keywords of one kind of value say nothing of the others.
SHORT_FORM: dict[str, Any] = {
    "type": ["integer", "string", "object"],
    "minimum": 0,
    "maximum": MAX_PROFICIENCY,
    "pattern": "^absent$",
    "patternErrorMessage": f"Write a whole number from 0 to {MAX_PROFICIENCY}, without quotes, or absent.",
    "examples": [60, "absent", {"proficiency": 40, "available": False}],
}
# A waiver without a reason is refused.
WAIVER: dict[str, Any] = {
    "dependentSchemas": {"waive_until": {"required": ["reason"], "properties": {"reason": {"pattern": r"\S"}}}}
}


def one_of(words: tuple[str, ...]) -> WithJsonSchema:
    """Take one of these words."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


def matching(pattern: str) -> WithJsonSchema:
    """Take what matches as a whole; what YAML reads as something else than a text is let pass."""
    return WithJsonSchema({"type": _ANY_SCALAR, "pattern": f"^(?:{pattern})$"})


def not_empty(*keys: str) -> dict[str, Any]:
    """Ask for at least one of the keys, with a list that names somebody or something."""
    return {"anyOf": [{"required": [key], "properties": {key: {"minItems": 1}}} for key in keys]}
