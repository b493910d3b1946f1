"""What the comment of a merged pull request says: applying, applied, partly applied, refused, or stopped."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.plan.change import Plan
from reconciler.plan.moved import moved
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.render.escape import code, link, sentence
from reconciler.render.markdown.comment import assembled, by_hand, origin, problems, with_plan
from reconciler.render.markdown.findings import message_list
from reconciler.render.markdown.fit import fitted
from reconciler.render.markdown.plan import counts
from reconciler.render.markdown.words import many
from reconciler.render.marker import Marker
from reconciler.render.plan_text import duration
from reconciler.render.view import View

# What needs a person most stands first.
_TROUBLES = {
    Status.UNKNOWN: "may have been written: the next apply finds out",
    Status.FAILED: "failed",
    Status.CONFLICT: "in conflict: somebody else changed the agent meanwhile",
    Status.HELD_BACK: "held back: a skill would have been short of agents",
    Status.NOT_TRIED: "not tried",
}
_MOST_NAMED = 30
_AGAIN = "what is applied is not written again"


def applying_comment(marker: Marker, plan: Plan | None, view: View) -> str:
    """Say that the apply has begun; `plan` is the one that was reviewed."""
    what = "" if plan is None else f": {counts(plan)}"
    return with_plan(marker, [f"**Applying**{what}", origin(view)], plan, view, "The plan that was reviewed")


def applied_comment(marker: Marker, outcome: Outcome, plan: Plan | None, view: View) -> str:
    """Say how the apply ended, by name where an agent is not as planned; `plan` is the one that was applied."""
    parts = [_verdict(outcome), *_troubles(outcome, view), *_reasons(outcome, view)]
    parts.append("\n".join(_facts(outcome, view)))
    return with_plan(marker, parts, plan, view, "The plan that was applied")


def _verdict(outcome: Outcome) -> str:
    whole = len(outcome.agents)
    done = sum(agent.status.is_as_planned for agent in outcome.agents)
    if not whole:
        return "**Applied**: there was nothing left to do"
    words = f"{done:,} of {many(whole, 'agent')}"
    if not outcome.is_complete:
        return f"**Partly applied: {words}**"
    verified = "read again and found as planned" if outcome.is_verified else "**not verified**"
    return f"**Applied {words}**, {verified}"


def _troubles(outcome: Outcome, view: View) -> Iterator[str]:
    """List the agents that are not as planned by status, at most thirty each, in at most a third of the comment."""
    for status, words in _TROUBLES.items():
        lines = [_agent(agent) for agent in outcome.agents if agent.status is status]
        if lines:
            shown = fitted(lines[:_MOST_NAMED], view.limit // 3 // len(_TROUBLES), partial(_more, len(lines)))
            if len(shown) == _MOST_NAMED < len(lines):
                shown.append(_more(len(lines), _MOST_NAMED))
            yield f"**{many(len(lines), 'agent')}** {words}\n\n" + "\n".join(shown)


def _agent(agent: AgentOutcome) -> str:
    message = f": {sentence(agent.message)}" if agent.message else ""
    return f"- {code(agent.agent.label)}{message}"


def _more(whole: int, kept: int) -> str:
    return f"- and {many(whole - kept, 'more agent')}"


def _reasons(outcome: Outcome, view: View) -> Iterator[str]:
    room = view.limit // 10
    if outcome.stopped_by:
        yield f"Why it stopped:\n\n{message_list(outcome.stopped_by, view, room=room)}"
    if outcome.unverified_by:
        yield f"Why it is not verified:\n\n{message_list(outcome.unverified_by, view, room=room)}"
    if outcome.unrecorded:
        yield f"The journal of the run lacks {many(len(outcome.unrecorded), 'agent')}"


def _facts(outcome: Outcome, view: View) -> Iterator[str]:
    if not outcome.is_complete:
        yield f"* Next: {_next_step(outcome)}"
    verified = "verified" if outcome.is_verified else "not verified"
    cost = f"{many(outcome.requests, 'request')}, {outcome.throttled:,} throttled, {duration(outcome.seconds)}"
    yield f"* Cost: {cost}; {verified}"
    run = outcome.run
    yield f"* Run: {code(run)}; {code(f'reconcile runs {run}')} shows it, {code(f'reconcile rollback {run}')} undoes it"
    if source := origin(view):
        yield source


def _next_step(outcome: Outcome) -> str:
    first = "let the credential write, then run" if outcome.is_denied else "run"
    return f"{first} this job again, or {code('reconcile apply')}: {_AGAIN}"


def refused_comment(
    marker: Marker, diagnostics: Sequence[Diagnostic], fresh: Plan | None, reviewed: Plan | None, view: View
) -> str:
    """Say that nothing was written, why, and what moved since the review; then the plan as it is now."""
    parts = ["**Refused**: nothing was written", message_list(diagnostics, view, room=view.limit // 4)]
    if fresh is not None and reviewed is not None:
        parts.append(_moved(diagnostics, fresh, reviewed, view))
    if fresh is not None:
        parts.append(f"To go on, {_ways_on(diagnostics, fresh)}.")
        parts += [origin(view), "#### The plan as it is now"]
    return with_plan(marker, parts, fresh, view)


def _ways_on(diagnostics: Sequence[Diagnostic], fresh: Plan) -> str:
    """A plan that was reviewed, and is only blocked, needs no new review but a decision."""
    if fresh.filters.timed:
        return (
            "settle it in a pull request, where a waiver can stand beside a floor: what its plan shows is applied "
            "with the merge, the rest by the next run on the schedule"
        )
    if all(each.code == "plan-blocked" for each in diagnostics):
        settle = "settle what is blocked below in a new pull request; or, if the plan is meant as it is"
        return f"{settle}, {by_hand(fresh)}: that is for one run, and recorded in its journal"
    return f"open a new pull request, so that the plan as it is now is reviewed, or {by_hand(fresh)}"


def _moved(diagnostics: Sequence[Diagnostic], fresh: Plan, reviewed: Plan, view: View) -> str:
    said = {each.message for each in diagnostics}
    news = [replace(each, severity=Severity.INFO) for each in moved(reviewed, fresh) if each.message not in said]
    listed = message_list(news, view, view.folder, view.limit // 4)
    return f"#### What moved since the review\n\n{listed}" if news else ""


def stopped_comment(marker: Marker, diagnostics: Sequence[Diagnostic], view: View, *, exit_code: int) -> str:
    """Say that the apply ended without saying how; a negative exit code is one that nobody knows."""
    known = f" with exit code {exit_code}" if exit_code >= 0 else ", and nobody knows how"
    where = f"; {link('the run', view.run_url)} has more" if view.run_url else ""
    verdict = f"**The apply ended early**{known}{where}"
    after = f"Run the job again: it finds out what was written, and {_AGAIN}."
    return assembled(marker, verdict, problems(diagnostics, view), after)
