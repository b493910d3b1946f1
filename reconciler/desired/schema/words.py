"""What an editor shows beside each key: what it is for, in a sentence or two, and examples."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from reconciler.desired.schema.documents import Agent, AgentsFile, Assignment, Profile, TenantFile
from reconciler.desired.shapes import (
    AssignmentChange,
    CoverageFloor,
    Hold,
    Override,
    Policies,
    RateLimitShape,
    TenantShape,
)


class Words(NamedTuple):
    """A description, and values that somebody could write."""

    text: str
    examples: tuple[Any, ...] = ()

    @property
    def keywords(self) -> dict[str, Any]:
        """The keywords that say it."""
        return described(self.text) | ({"examples": list(self.examples)} if self.examples else {})


def described(text: str) -> dict[str, str]:
    """Say a text plainly, as every editor shows it, and with its code as code where an editor can."""
    plain = {"description": text.replace("`", "")}
    return plain | ({"markdownDescription": text} if "`" in text else {})


_SKILLS = Words("One `Skill: proficiency` a line; `absent` drops what a profile gives.", ({"Billing": 60},))
_AGENTS = Words("The agents that it concerns, named as the files declare them.", (["ana.silva@example.com"],))
_TEAMS = Words("All agents of these teams: the `team` of their files.", (["Billing EMEA"],))
_REASON = Words("Why; shown in the plan.")

WORDS: Mapping[type[BaseModel], tuple[str, Mapping[str, Words]]] = {
    AgentsFile: (
        "Who holds which skill. An agent that is listed holds exactly what is written; all others are left alone.",
        {
            "team": Words("A label for the agents of this file.", ("Billing EMEA",)),
            "profiles": Words("Named sets of skills, which agents of every file can use."),
            "agents": Words("Agents by e-mail, user name or id; each holds exactly what is written below it."),
            "overrides": Words("Other values for a time: those of the files before it, and again afterwards."),
            "holds": Words("Agents, teams or skills to leave alone for a time, whatever the tenant says of them."),
        },
    ),
    Profile: (
        "A set of skills.",
        {
            "extends": Words("Profiles whose skills it has too; a later one wins, its own skills over all.", (["p"],)),
            "skills": _SKILLS,
        },
    ),
    Agent: (
        "What one agent holds. `skills: {}` without profiles takes everything away.",
        {
            "profiles": Words("Profiles that it gets, in this order: a later one wins, own skills over all."),
            "skills": _SKILLS,
        },
    ),
    Assignment: (
        "A proficiency from 0 to 100, `absent`, or both parts: `{proficiency: 40, available: false}`.",
        {
            "proficiency": Words("0 to 100; contacts go to the higher one first.", (60,)),
            "available": Words("`false` keeps the skill on the agent, but offers no contacts."),
        },
    ),
    AssignmentChange: (
        "A proficiency from 0 to 100 (and available), `absent`, or the parts that change: `{available: false}`.",
        {
            "proficiency": Words("0 to 100; left out, it stays as it is, and nobody is given the skill.", (60,)),
            "available": Words("Whether contacts are offered; left out, it stays as it is."),
        },
    ),
    Override: (
        "Other values from `from` (or at once) until `until`.",
        {
            "agents": _AGENTS,
            "teams": _TEAMS,
            "until": Words("When it ends, with an offset; from then on the files say again what counts."),
            "reason": _REASON,
            "skills": Words("What changes meanwhile: a proficiency, parts of the long form, or `absent`."),
            "from": Words("When it begins, with an offset; left out, at once."),
            "ticket": Words("Where it was decided.", ("OPS-1234",)),
        },
    ),
    Hold: (
        "Leaves alone what the tenant says, until `until`.",
        {
            "agents": _AGENTS,
            "teams": _TEAMS,
            "until": Words("When it ends, with an offset; from then on the files count."),
            "reason": _REASON,
            "skills": Words("Only these skills; all of them otherwise."),
        },
    ),
    TenantFile: (
        "Which tenant this folder describes, and what no plan may do to it.",
        {
            "version": Words("The version of this format: 1."),
            "tenant": Words("Which tenant it is, and how to talk to it."),
            "ignore_skills": Words("Globs on the names of skills that others give and take.", (["WFI *"],)),
            "policies": Words("What a plan must not do, or not without a warning."),
        },
    ),
    TenantShape: (
        "Which tenant it is, and how to talk to it.",
        {
            "name": Words("Shown in plans, comments and locks; the folder's name otherwise.", ("acme-prod",)),
            "api": Words("The dialect that it speaks; `simulator` is a tenant inside the tool, to try things out."),
            "realm": Words("The address is made of it.", ("na1",)),
            "rate_limit": Words("What the tenant allows all of its clients together."),
            "max_concurrency": Words("Requests under way at the same time, 1 to 100."),
            "env_prefix": Words("Which variables of the environment hold its credential.", ("CXONE_EMEA",)),
        },
    ),
    RateLimitShape: (
        "What the tenant allows all of its clients together.",
        {
            "requests": Words("So many requests, 1 to 100,000 …"),
            "per_seconds": Words("… in so many seconds, 1 to 86,400."),
        },
    ),
    Policies: (
        "What a plan must not do, or not without a warning.",
        {
            "max_agents_changed": Words("A count, or a percentage of the managed agents.", (20, "25%")),
            "max_agents_changed_per_team": Words("The same for each team by itself.", ("50%",)),
            "max_assignments_removed": Words("A count, or a percentage of what they hold.", (50, "30%")),
            "max_assignments_removed_per_team": Words("The same for each team by itself.", ("50%",)),
            "max_assignments_removed_per_skill": Words("The same for each skill by itself.", ("50%",)),
            "empty_agents": Words("When an agent would be left without any available skill."),
            "missing_agents": Words("When an agent of the files is not on the tenant."),
            "coverage": Words("How many agents must be able to take a skill."),
        },
    ),
    CoverageFloor: (
        "A floor under the number of agents who can take a skill.",
        {
            "skill": Words("The skill, by name or id."),
            "min_available": Words("So many active agents hold it with `available: true`.", (5,)),
            "min_proficiency": Words("Counted from this proficiency on.", (50,)),
            "severity": Words("Whether a broken floor blocks the plan, or warns."),
            "waive_until": Words("Until then it only warns; needs a reason."),
            "reason": Words("Why it is waived."),
        },
    ),
}
