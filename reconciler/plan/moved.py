"""What moved between a saved plan and a fresh one, assignment by assignment: live, the files, or both."""

from collections.abc import Iterator
from itertools import islice

from reconciler.diagnostics import Diagnostic
from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange, AssignmentChange, Plan, value_words

_MOST_LINES = 20


def moved(saved: Plan, fresh: Plan) -> tuple[Diagnostic, ...]:
    """List what differs, by agent and skill; after twenty lines only how many more there are.

    `saved` may come from a file, whose agents have no more of their sets than the assignments that change; those of
    `fresh` are whole.
    """
    differences = _differences(saved, fresh)
    shown = tuple(islice(differences, _MOST_LINES))
    more = sum(1 for _ in differences)
    return (*shown, Diagnostic("plan-moved", f"and {more} more")) if more else shown


def _differences(saved: Plan, fresh: Plan) -> Iterator[Diagnostic]:
    olds = {change.agent.id: change for change in saved.changes}
    news = {change.agent.id: change for change in fresh.changes}
    known = {**olds, **news}
    for agent_id in sorted(known, key=lambda each: (known[each].agent.label.casefold(), each)):
        old, new = olds.get(agent_id), news.get(agent_id)
        if old is not None and new is not None:
            yield from _in_both(old, new)
        elif old is not None:
            yield _alone(old, f"only in the saved plan, with {_counted(old)}; nothing to do now")
        elif new is not None:
            yield _alone(new, f"not in the saved plan; now there is {_counted(new)} to make")


def _alone(change: AgentChange, message: str) -> Diagnostic:
    text = f"`{change.agent.label}`: {message}: live or the files moved"
    return Diagnostic("plan-moved", text, position=change.source)


def _counted(change: AgentChange) -> str:
    count = len(change.skills)
    return "1 change" if count == 1 else f"{count} changes"


def _in_both(old: AgentChange, new: AgentChange) -> Iterator[Diagnostic]:
    olds = {each.skill.id: each for each in old.skills}
    news = {each.skill.id: each for each in new.skills}
    known = {**olds, **news}
    for skill_id in sorted(known, key=lambda each: (known[each].skill.name, each)):
        row = known[skill_id]
        thing = f"`{new.agent.label}`, `{row.skill.name}`"
        planned, fresh = olds.get(skill_id), news.get(skill_id)
        if planned is None:
            text = f"{thing}: not in the saved plan; now {_arrow(row)}: live or the files moved"
            yield Diagnostic("plan-moved", text, position=row.source)
            continue
        # Where nothing is left to do, what is live is what the files want.
        settled = new.before.get(skill_id)
        before, after = (settled, settled) if fresh is None else (fresh.before, fresh.after)
        if found := _moved_values(thing, planned, before, after):
            yield found


def _moved_values(
    thing: str, planned: AssignmentChange, before: Assignment | None, after: Assignment | None
) -> Diagnostic | None:
    text, at = f"{thing}: the saved plan says {_arrow(planned)}", planned.source
    if before == planned.before and after == planned.after:
        return None
    if after == planned.after:
        return Diagnostic("live-moved", f"{text}, but live moved to {value_words(before)}", position=at)
    if before == planned.before:
        return Diagnostic("files-moved", f"{text}, but the files moved to {value_words(after)}", position=at)
    text = f"{text}, but live moved to {value_words(before)} and the files to {value_words(after)}"
    return Diagnostic("plan-moved", text, position=at)


def _arrow(row: AssignmentChange) -> str:
    return f"{value_words(row.before)} -> {value_words(row.after)}"
