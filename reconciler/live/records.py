"""The wire's documents of admin-v2 as types: exactly the fields that are read, strictly; everything else is skipped."""

import re
from functools import lru_cache
from typing import Annotated

import httpx
import msgspec

from reconciler.model.assignments import MAX_PROFICIENCY

Proficiency = Annotated[int, msgspec.Meta(ge=0, le=MAX_PROFICIENCY)]
Version = int | str | None
# What RFC 9110 allows inside the quotes of an entity tag.
_TAG = re.compile(r"[\x21\x23-\x7e]{1,200}")
_STRONG_TAG = re.compile(r'"(.*)"')


class SkillRef(msgspec.Struct, gc=False):
    """The skill of an assignment."""

    id: str


class AssignmentRow(msgspec.Struct, gc=False):
    """One element of an agent's `skills`."""

    skill: SkillRef
    proficiency: Proficiency
    available: bool


class AgentRow(msgspec.Struct, gc=False, rename={"user_name": "userName"}):
    """An agent. `skills` None is a listing (or an answer) that does not say; an empty list is an agent without any."""

    id: str
    active: bool
    user_name: str | None = None
    email: str | None = None
    version: Version = None
    skills: list[AssignmentRow] | None = None


class AgentPage(msgspec.Struct, rename={"page_size": "pageSize"}):
    """A page of agents."""

    agents: list[AgentRow]
    page: int
    page_size: int
    total: int


class RawAgentPage(msgspec.Struct, rename={"page_size": "pageSize"}):
    """The same, with each agent left for later: for a page that holds an odd one."""

    agents: list[msgspec.Raw]
    page: int
    page_size: int
    total: int


class AgentIdentity(msgspec.Struct, rename={"user_name": "userName"}):
    """As much of an odd agent as it takes to say who it is."""

    id: str
    user_name: object = None
    email: object = None


class NamedSkill(msgspec.Struct):
    """The skill of an assignment, with the name that it may carry."""

    id: str
    name: str | None = None


class NamedAssignment(msgspec.Struct):
    """An assignment of which only the skill matters."""

    skill: NamedSkill


class NamedAgent(msgspec.Struct):
    """An agent of which only the skills matter."""

    skills: list[NamedAssignment] | None = None


class NamedPage(msgspec.Struct):
    """A page of such agents."""

    agents: list[NamedAgent]


class SkillRow(msgspec.Struct):
    """A skill."""

    id: str
    name: str
    active: bool


class SkillPage(msgspec.Struct, rename={"page_size": "pageSize"}):
    """A page of skills."""

    skills: list[SkillRow]
    page: int
    page_size: int
    total: int


decode_agent_page = msgspec.json.Decoder(AgentPage).decode
decode_raw_agent_page = msgspec.json.Decoder(RawAgentPage).decode
decode_agent = msgspec.json.Decoder(AgentRow).decode
decode_identity = msgspec.json.Decoder(AgentIdentity).decode
decode_named_agent = msgspec.json.Decoder(NamedAgent).decode
decode_named_page = msgspec.json.Decoder(NamedPage).decode
decode_skill_page = msgspec.json.Decoder(SkillPage).decode


@lru_cache(maxsize=4096)
def version_in(version: Version) -> str | None:
    """Give what a body's `version` puts between the quotes of `If-Match`; None when it cannot stand in a header."""
    text = "" if version is None else str(version)
    return text if _TAG.fullmatch(text) else None


def version_of(version: Version, headers: httpx.Headers) -> str | None:
    """Give the version of an answer about one agent: the body's, else its ETag; None when there is neither.

    A weak tag (`W/"7"`) is none too: `If-Match` compares strongly (RFC 9110, 13.1.1), and a weak one never matches.
    """
    if version is not None:
        return version_in(version)
    found = _STRONG_TAG.fullmatch(headers.get("ETag", "").strip())
    return version_in(found[1]) if found else None
