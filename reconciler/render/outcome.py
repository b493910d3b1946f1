"""The end of an apply, for a person and as JSON (`format_version` 1)."""

import json
from collections.abc import Iterator

from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.render.escape import terminal
from reconciler.render.plan_text import duration
from reconciler.render.style import PLAIN, Style

_WORDS = {
    Status.APPLIED: "applied",
    Status.ALREADY_DONE: "already done",
    Status.CONFLICT: "in conflict",
    Status.FAILED: "failed",
    Status.HELD_BACK: "held back",
    Status.NOT_TRIED: "not tried",
    Status.UNKNOWN: "unknown",
}


def outcome_as_text(outcome: Outcome, style: Style = PLAIN) -> str:
    """List what went wrong, agent by agent, then the counts in one line."""
    lines = [*_troubles(outcome, style), *_verified(outcome, style), _summary(outcome, style)]
    return "".join(f"{line}\n" for line in lines)


def agent_line(agent: AgentOutcome, style: Style = PLAIN) -> str:
    """Say in one line how the write of one agent ended."""
    word = agent.status.value.replace("_", " ")
    paint = style.green if agent.status.is_as_planned else style.red
    message = f": {terminal(agent.message)}" if agent.message else ""
    return f"{paint(word)} {terminal(agent.agent.label)}{message}"


def _troubles(outcome: Outcome, style: Style) -> Iterator[str]:
    for agent in outcome.agents:
        if not agent.status.is_as_planned:
            yield agent_line(agent, style)


def _verified(outcome: Outcome, style: Style) -> Iterator[str]:
    if not outcome.is_verified:
        yield style.yellow("Not verified: what was written could not all be read again as planned.")


def _summary(outcome: Outcome, style: Style) -> str:
    counts = outcome.counts
    words = ", ".join(
        f"{counts[status]} {_WORDS[status]}" for status in Status if counts[status] or status == "applied"
    )
    cost = f"{outcome.requests} requests, {outcome.throttled} throttled, {duration(outcome.seconds)}"
    done = style.green("Apply complete!") if outcome.is_complete else style.red("Apply incomplete!")
    return f"{done} {words}; {cost}."


def outcome_as_json(outcome: Outcome) -> str:
    """Write the outcome as one document, in ASCII."""
    return json.dumps(outcome_as_dict(outcome), indent=2) + "\n"


def outcome_as_dict(outcome: Outcome) -> dict[str, object]:
    """Give the outcome as JSON has it."""
    counts = outcome.counts
    return {
        "format_version": 1,
        "run": outcome.run,
        "tenant": outcome.tenant,
        "digest": outcome.digest,
        "summary": {
            "applied": counts[Status.APPLIED],
            "already_done": counts[Status.ALREADY_DONE],
            "conflict": counts[Status.CONFLICT],
            "failed": counts[Status.FAILED],
            "held_back": counts[Status.HELD_BACK],
            "not_tried": counts[Status.NOT_TRIED],
            "unknown": counts[Status.UNKNOWN],
            "requests": outcome.requests,
            "throttled": outcome.throttled,
            "seconds": round(outcome.seconds, 1),
            "verified": outcome.is_verified,
        },
        "agents": [_agent(agent) for agent in outcome.agents],
    }


def _agent(outcome: AgentOutcome) -> dict[str, object]:
    agent = outcome.agent
    return {
        "agent": {"id": agent.id, "email": agent.email, "user_name": agent.user_name, "ref": agent.ref},
        "status": outcome.status.value,
        "message": outcome.message,
    }
