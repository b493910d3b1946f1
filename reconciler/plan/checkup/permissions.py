"""Checks of what the credential may do, and of what the tenant is like: skills, agents, versions, a write."""

from collections import Counter
from typing import assert_never

from reconciler.model.answers import (
    Accepted,
    Contended,
    Deferred,
    Doubtful,
    Gone,
    Rejected,
    Stored,
    WriteAnswer,
)
from reconciler.plan.checkup.connecting import why_not_asked
from reconciler.plan.checkup.facts import Facts, Wrote
from reconciler.plan.checkup.verdict import Check, Fault, counted, fail, failed_by, ok, skipped, warn

_READING_SKILLS = "reading skills"
_READING_AGENTS = "reading agents"
_WRITING = "writing"
_NO_TOKEN = "there is no token to ask with"  # noqa: S105 - words
_MOST_NAMED = 3


def check_reading_skills(facts: Facts) -> Check:
    """Whether the credential may read skills."""
    asked = facts.asked
    if asked.skills is not None:
        return ok(_READING_SKILLS, "granted")
    if why := why_not_asked(facts):
        return skipped(_READING_SKILLS, why)
    if asked.granted is not None and asked.skills_error is not None:
        return failed_by(_READING_SKILLS, asked.skills_error)
    return skipped(_READING_SKILLS, _NO_TOKEN)


def check_agents(facts: Facts) -> Check:
    """Whether the credential may read agents."""
    asked = facts.asked
    if asked.agents is not None:
        return ok(_READING_AGENTS, f"granted; the tenant has {counted(asked.agents, 'agent')}")
    if why := why_not_asked(facts):
        return skipped(_READING_AGENTS, why)
    if asked.granted is None:
        return skipped(_READING_AGENTS, _NO_TOKEN)
    if asked.agents_error is not None:
        return failed_by(_READING_AGENTS, asked.agents_error)
    return skipped(_READING_AGENTS, "the tenant did not answer before")


def check_versions(facts: Facts) -> Check:
    """Whether a write can be tied to what was read."""
    if facts.asked.agents is None:
        return skipped("versions", why_not_asked(facts) or "no agent could be read")
    if facts.asked.is_versioned is None:
        return skipped("versions", "no agent was looked at that would tell")
    if facts.asked.is_versioned:
        return ok("versions", "agents have versions: every write goes under `If-Match`")
    message = "agents have no versions: each is read right before it is written, and a window of milliseconds remains"
    return ok("versions", message)


def check_skills(facts: Facts) -> Check:
    """What skills there are, and whether a name says which one is meant."""
    skills = facts.asked.skills
    if skills is None:
        return skipped("skills", why_not_asked(facts) or "they could not be read")
    inactive = sum(not skill.active for skill in skills)
    words = counted(len(skills), "skill") + (f", {inactive} inactive" if inactive else "")
    shared = sorted(name for name, count in Counter(skill.name for skill in skills).items() if count > 1)
    if shared:
        named = ", ".join(f"`{name}`" for name in shared[:_MOST_NAMED])
        more = f" and {len(shared) - _MOST_NAMED} more" if len(shared) > _MOST_NAMED else ""
        message = f"{words}; more than one skill is called {named}{more}"
        return warn("skills", message, "write the id of such a skill in the files, or have one of them renamed")
    return ok("skills", words)


def check_writing(facts: Facts) -> Check:
    """Whether the credential may write, by a write that changes nothing; only where that was asked for."""
    if not facts.is_write_wanted:
        return skipped(_WRITING, "only --write tries it, on one managed agent, and changes nothing")
    wrote = facts.asked.wrote
    if wrote is None:
        return skipped(_WRITING, why_not_asked(facts) or "what comes before it has to work first")
    if wrote.why_not:
        return skipped(_WRITING, wrote.why_not)
    if wrote.error is not None:
        return failed_by(_WRITING, wrote.error)
    if wrote.before is None or wrote.answer is None:
        return skipped(_WRITING, f"`{wrote.agent}` is gone from the tenant")
    return _moved(wrote) or _answered(wrote, wrote.answer, is_versioned=wrote.before.version is not None)


def _moved(wrote: Wrote) -> Check | None:
    """Say so where the agent is another than before, whatever the answer was: the one thing that must not be."""
    before, after = wrote.before, wrote.after
    if before is None or after is None or before.assignments == after.assignments:
        return None
    message = f"`{wrote.agent}` holds other skills than before: somebody changed the agent meanwhile, or the write did"
    return fail(_WRITING, message, "look at this agent on the tenant: reconcile plan shows what differs", Fault.TENANT)


def _answered(wrote: Wrote, answer: WriteAnswer, *, is_versioned: bool) -> Check:
    who = f"`{wrote.agent}`"
    match answer:
        case Stored():
            guard = "under its version" if is_versioned else "without a version, right after it was read"
            check = ok(_WRITING, f"granted: {who} was written as it stands, {guard}; nothing changed")
        case Accepted(reason):
            message = f"{who}: the tenant {reason}; the agent is as before"
            check = warn(_WRITING, message, "an apply reads every such agent again, so it takes longer")
        case Rejected(_, message):
            hint = "look at this agent on the tenant: it cannot be written even as it stands"
            check = fail(_WRITING, f"the tenant refused to write {who} as it stands: {message}", hint, Fault.TENANT)
        case Doubtful(reason):
            check = fail(_WRITING, f"{who}: the tenant {reason}", "try again: reconcile doctor --write", Fault.TENANT)
        case Contended(message):
            check = skipped(_WRITING, f"somebody is changing {who} right now: {message}; try again")
        case Gone():
            check = skipped(_WRITING, f"{who} is gone from the tenant")
        case Deferred(reason):
            check = skipped(_WRITING, f"not tried: {reason}")
        case _:
            assert_never(answer)
    return check
