"""Errors planted in files of agents and in `tenant.yaml`: what an editor sees in the same place as the reader, and not.

`«` stands where the reader places the fault, `»` where the editor does if that is elsewhere; both are taken out.
"""

from typing import NamedTuple

from reconciler.desired.modeline import Kind

_TENANT = "version: 1\ntenant: {api: simulator}\n"
_UNTIL = "until: 2026-12-01T00:00:00Z"


class Planted(NamedTuple):
    """A document with one fault, and the place of it: (line, column) for the reader and for an editor."""

    text: str
    reader: tuple[int, int]
    editor: tuple[int, int]


def planted(marked: str) -> Planted:
    """Read the marks of a document."""
    text = marked.replace("«", "").replace("»", "")
    reader = _place(marked.replace("»", ""), "«")
    return Planted(text, reader, _place(marked.replace("«", ""), "»") if "»" in marked else reader)


def _place(text: str, mark: str) -> tuple[int, int]:
    before, found, _ = text.partition(mark)
    assert found
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _skill(value: str) -> str:
    return f"agents:\n  ana@example.com:\n    skills:\n      Billing: {value}\n"


def _override(lines: str) -> str:
    return f"overrides:\n  - {lines}\n"


# Name -> kind of file, and the marked document.
SEEN = {
    "proficiency too high": (Kind.AGENTS, _skill("«101")),
    "proficiency below zero": (Kind.AGENTS, _skill("«-1")),
    "proficiency in quotes": (Kind.AGENTS, _skill('«"85"')),
    "proficiency true": (Kind.AGENTS, _skill("«true")),
    "proficiency yes": (Kind.AGENTS, _skill("«yes")),
    "proficiency with a fraction": (Kind.AGENTS, _skill("«85.5")),
    "proficiency with an underscore": (Kind.AGENTS, _skill("«8_5")),
    "proficiency a list": (Kind.AGENTS, _skill("«[85]")),
    "absent in capitals": (Kind.AGENTS, _skill("«Absent")),
    "no proficiency": (Kind.AGENTS, _skill("«{available: false}").replace("Bill", "»Bill")),
    "long form without one": (Kind.AGENTS, _skill("«{}").replace("Bill", "»Bill")),
    "available yes": (Kind.AGENTS, _skill("{proficiency: 5, available: «yes}")),
    "available in quotes": (Kind.AGENTS, _skill('{proficiency: 5, available: «"true"}')),
    "unknown key of a skill": (Kind.AGENTS, _skill("{proficiency: 5, «avail: true}")),
    "no value for a skill": (Kind.AGENTS, _skill("").replace("Billing: ", "Billing:«")),
    "unknown key at the top": (Kind.AGENTS, "«agent:\n  ana@example.com: {skills: {}}\n"),
    "misplaced key of tenant.yaml": (Kind.AGENTS, "«ignore_skills: []\nagents: {}\n"),
    "unknown key of an agent": (Kind.AGENTS, "agents:\n  ana@example.com: {«skill: {}}\n"),
    "unknown key of a profile": (Kind.AGENTS, "profiles:\n  lead: {«profiles: []}\n"),
    "profiles not a list": (Kind.AGENTS, "agents:\n  ana@example.com: {profiles: «lead}\n"),
    "skills a list": (Kind.AGENTS, "agents:\n  ana@example.com: {skills: «[Billing]}\n"),
    "agents a list": (Kind.AGENTS, "agents: «[ana@example.com]\n"),
    "team a list": (Kind.AGENTS, "team: «[Billing]\nagents: {}\n"),
    "agents without a value": (Kind.AGENTS, "«agents:»\n"),
    "skills without a value": (Kind.AGENTS, "agents:\n  ana@example.com:\n    «skills:»\n"),
    "nothing declared": (Kind.AGENTS, "agents:\n  «ana@example.com: »{}\n"),
    "blank at the end of a name": (Kind.AGENTS, "agents:\n  «'ana ': {skills: {}}\n"),
    "blank at the end of a skill": (Kind.AGENTS, "agents:\n  ana: {skills: {«'Billing ': 5}}\n"),
    "override without an end": (Kind.AGENTS, _override("«teams: [A]\n    skills: {Billing: 5}")),
    "override for nobody": (Kind.AGENTS, _override(f"«{_UNTIL}\n    skills: {{Billing: 5}}")),
    "override without skills": (Kind.AGENTS, _override(f"«teams: [A]\n    {_UNTIL}")),
    "override of nothing": (Kind.AGENTS, _override(f"teams: [A]\n    {_UNTIL}\n    skills: «{{}}")),
    "override too high": (Kind.AGENTS, _override(f"teams: [A]\n    {_UNTIL}\n    skills: {{Billing: «101}}")),
    "override with an empty form": (
        Kind.AGENTS,
        _override(f"teams: [A]\n    {_UNTIL}\n    skills: {{Billing: «{{}}}}"),
    ),
    "unknown key of an override": (
        Kind.AGENTS,
        _override(f"teams: [A]\n    {_UNTIL}\n    «to: {_UNTIL[7:]}\n    skills: {{Billing: 5}}"),
    ),
    "bare date": (Kind.AGENTS, _override("teams: [A]\n    until: «2026-12-01\n    skills: {Billing: 5}")),
    "local time": (Kind.AGENTS, _override("teams: [A]\n    until: «2026-12-01T00:00:00\n    skills: {Billing: 5}")),
    "month 13": (Kind.AGENTS, _override("teams: [A]\n    until: «2026-13-01T00:00:00Z\n    skills: {Billing: 5}")),
    "hold of nothing": (Kind.AGENTS, f"holds:\n  - «{_UNTIL}\n"),
    "hold without an end": (Kind.AGENTS, "holds:\n  - «teams: [A]\n"),
    "holds a mapping": (Kind.AGENTS, "holds: «{agents: [ana]}\n"),
    "unknown version": (Kind.TENANT, _TENANT.replace("1", "«2")),
    "no version": (Kind.TENANT, "«tenant: {api: simulator}\n"),
    "no api": (Kind.TENANT, "version: 1\n»tenant: «{name: acme}\n"),
    "unknown api": (Kind.TENANT, "version: 1\ntenant: {api: «simulater}\n"),
    "realm in capitals": (Kind.TENANT, "version: 1\ntenant: {api: simulator, realm: «NA1}\n"),
    "concurrency of zero": (Kind.TENANT, "version: 1\ntenant: {api: simulator, max_concurrency: «0}\n"),
    "limit in quotes": (Kind.TENANT, 'version: 1\ntenant: {api: simulator, rate_limit: {requests: «"100"}}\n'),
    "address in the file": (Kind.TENANT, "version: 1\ntenant: {api: simulator, «base_url: x}\n"),
    "agents in tenant.yaml": (Kind.TENANT, _TENANT + "«agents: {}\n"),
    "unknown word of a policy": (Kind.TENANT, _TENANT + "policies: {empty_agents: «blok}\n"),
    "more than all": (Kind.TENANT, _TENANT + "policies: {max_agents_changed: «101%}\n"),
    "floor without a number": (Kind.TENANT, _TENANT + "policies:\n  coverage:\n    - «skill: Billing\n"),
    "waiver without a reason": (
        Kind.TENANT,
        _TENANT + f"policies:\n  coverage:\n    - «{{skill: A, min_available: 1, waive_{_UNTIL}}}\n",
    ),
}

# What the reader refuses and the schema cannot say.
UNSEEN = {
    "a number of another form": (Kind.AGENTS, _skill("«85.0")),
    "a zero in front": (Kind.AGENTS, _skill("«010")),
    "an exponent": (Kind.AGENTS, _skill("«1e2")),
    "a sign": (Kind.AGENTS, _skill("«+5")),
    "a hexadecimal number": (Kind.AGENTS, _skill("«0x1F")),
    "true in capitals": (Kind.AGENTS, _skill("{proficiency: 5, available: «True}")),
    "absent in quotes": (Kind.AGENTS, _skill('«"absent"')),
    "version in another form": (Kind.TENANT, _TENANT.replace("1", "«1.0")),
    "a profile listed twice": (Kind.AGENTS, "agents: {ana: {profiles: [a, «a]}}\n"),
    "letters of two scripts": (Kind.AGENTS, "agents: {ana: {skills: {«B\u0456lling: 5}}}\n"),
    "a letter as two characters": (Kind.AGENTS, "agents: {ana: {skills: {«Cafe\u0301: 5}}}\n"),
    "30 February": (
        Kind.AGENTS,
        _override("teams: [A]\n    until: «2026-02-30T00:00:00Z\n    skills: {Billing: 5}"),
    ),
    "an end before the beginning": (
        Kind.AGENTS,
        _override(f"«teams: [A]\n    {_UNTIL}\n    from: {_UNTIL[7:]}\n    skills: {{Billing: 5}}"),
    ),
    "an API that is not supported yet": (Kind.TENANT, "version: 1\ntenant: {api: «cxone}\n"),
}
