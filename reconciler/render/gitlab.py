"""The counts of a plan as GitLab shows them in a merge request (`artifacts:reports:terraform`)."""

import json

from reconciler.plan.change import Plan


def plan_as_gitlab(plan: Plan) -> str:
    """Write `{"create", "update", "delete"}`: assignments added, changed, removed; one line."""
    summary = plan.summary
    counts = {
        "create": summary.assignments_added,
        "update": summary.assignments_changed,
        "delete": summary.assignments_removed,
    }
    return json.dumps(counts) + "\n"
