"""What to do when it is not plain whether a write happened: compare live with the plan, assignment by assignment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange


class Verdict(StrEnum):
    """What live says of a planned write."""

    DONE = "done"  # live is as planned
    RETRY = "retry"  # nothing but the plan's own before and after: the write may go (again)
    CONFLICT = "conflict"  # somebody else set something: not ours to overwrite


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the body for a retry, and the skills (ids) that somebody else set."""

    verdict: Verdict
    body: Mapping[str, Assignment]
    moved: tuple[str, ...] = ()


def decide(change: AgentChange, live: Mapping[str, Assignment], ignored: Collection[str]) -> Decision:
    """Judge `live` by the plan: equal to `after` is done, to `before` may be written, anything else is a conflict.

    The rule of the write protocol, per assignment. Ignored skills belong to others: whatever live says of them goes
    into the body and never makes a conflict.
    """
    planned = {skill: value for skill, value in change.after.items() if skill not in ignored}
    visible = {skill: value for skill, value in live.items() if skill not in ignored}
    body = planned | {skill: value for skill, value in live.items() if skill in ignored}
    if visible == planned:
        return Decision(Verdict.DONE, body)
    moved = tuple(
        sorted(
            skill
            for skill in visible.keys() | planned.keys() | (change.before.keys() - set(ignored))
            if visible.get(skill) not in (change.before.get(skill), planned.get(skill))
        )
    )
    return Decision(Verdict.CONFLICT if moved else Verdict.RETRY, body, moved)
