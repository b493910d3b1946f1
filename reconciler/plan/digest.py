"""The name of a plan by its content: what a reviewer saw is what is applied, or it is refused."""

import json
from collections.abc import Iterable
from hashlib import sha256

from reconciler.model.assignments import Assignment
from reconciler.plan.change import AgentChange


def digest_of(tenant: str, changes: Iterable[AgentChange]) -> str:
    """Hash tenant, agents, and every changed assignment before and after; nothing that moves with time."""
    content = [
        tenant,
        sorted(
            [
                change.agent.id,
                sorted([each.skill.id, _values(each.before), _values(each.after)] for each in change.skills),
            ]
            for change in changes
        ),
    ]
    return "sha256:" + sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _values(assignment: Assignment | None) -> list[int] | None:
    return None if assignment is None else [assignment.proficiency, int(assignment.available)]
