"""JSON Schema of the files, for editors: hover, completion, and most faults while they are typed."""

import json
from collections.abc import Mapping

from pydantic import BaseModel

from reconciler.desired import forms
from reconciler.desired.modeline import Kind
from reconciler.desired.schema.documents import AgentsFile, TenantFile
from reconciler.desired.schema.generating import generate
from reconciler.desired.schema.offers import NOTHING, Offers, find_offers, with_choice, with_examples

__all__ = ["NOTHING", "Offers", "find_offers", "make_schema"]


_DOCUMENTS: Mapping[Kind, type[BaseModel]] = {Kind.AGENTS: AgentsFile, Kind.TENANT: TenantFile}


def make_schema(kind: Kind, offers: Offers = NOTHING) -> str:
    """Write the schema of a kind of files."""
    placed = {
        "AgentName": (forms.AGENT_FORM, with_examples(forms.AGENT_FORM, offers.agents)),
        "ProfileName": (forms.PROFILE_FORM, with_examples(forms.PROFILE_FORM, offers.profiles)),
        "SkillName": (forms.SKILL_FORM, with_choice(forms.SKILL_FORM, offers.skills)),
        "TeamName": (forms.TEAM_FORM, with_examples(forms.TEAM_FORM, offers.teams)),
    }
    return json.dumps(generate(_DOCUMENTS[kind], placed), indent=2, ensure_ascii=False) + "\n"
