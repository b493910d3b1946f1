"""The documents as an editor has to know them: `tenant.yaml`, and every other file.

The files of agents are read straight from events (`agentfile`, `stream`), without a model, for their number. These
models say the same of them; a test holds both together.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from reconciler.desired import forms
from reconciler.desired.shapes import (
    Available,
    Hold,
    Override,
    Policies,
    Proficiency,
    SkillKey,
    Strict,
    TeamName,
    TenantDocument,
)

AgentKey = Annotated[str, forms.AGENT]
ProfileName = Annotated[str, forms.PROFILE]


class Assignment(Strict):
    """What stands beside a skill."""

    model_config = ConfigDict(json_schema_extra=forms.SHORT_FORM)

    proficiency: Proficiency
    available: Available = True


class Profile(Strict):
    """One entry of `profiles`."""

    extends: list[ProfileName] = Field(default_factory=list)
    skills: dict[SkillKey, Assignment] = Field(default_factory=dict)


class Agent(Strict):
    """One entry of `agents`."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    profiles: list[ProfileName] = Field(default_factory=list)
    skills: dict[SkillKey, Assignment] = Field(default_factory=dict)


class AgentsFile(Strict):
    """A file of a tenant's folder, other than `tenant.yaml`."""

    team: TeamName | None = None
    profiles: dict[ProfileName, Profile] = Field(default_factory=dict)
    agents: dict[AgentKey, Agent] = Field(default_factory=dict)
    overrides: list[Override] = Field(default_factory=list)
    holds: list[Hold] = Field(default_factory=list)


class TenantFile(TenantDocument):
    """`tenant.yaml`, with what the reader judges apart."""

    policies: Policies = Policies()
