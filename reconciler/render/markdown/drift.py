"""The issue that says that a tenant differs from its files, though nobody asked for it."""

from dataclasses import replace

from reconciler.plan.change import Plan
from reconciler.render.escape import code, terminal
from reconciler.render.markdown.comment import by_hand, origin, with_plan
from reconciler.render.marker import Marker
from reconciler.render.view import View

_MOST_OF_TITLE = 200


def drift_issue(plan: Plan, view: View, marker: Marker) -> tuple[str, str]:
    """Give title and body; the title is the same whatever the drift, and no Markdown.

    What comes by itself is no drift, and is left out.
    """
    title = f"Drift on {terminal(plan.tenant)}"[:_MOST_OF_TITLE]
    now = replace(plan, coming=(), coming_later=0)
    verdict = "**Live differs from the files**, and no pull request asked for it"
    undo = f"- To undo what was changed on the tenant: {code('reconcile apply')}, or {by_hand(plan)}"
    ways = f"{undo}\n- To keep it: {code('reconcile adopt')} writes it into the files; open a pull request with them"
    after = "This issue is brought up to date as long as there is drift, and closed when there is none."
    return title, with_plan(marker, [verdict, ways, after, origin(view), "#### What an apply would do"], now, view)


def in_sync_comment(view: View) -> str:
    """Say why the issue of a drift is closed."""
    return "\n\n".join(filter(None, ["**No drift any more**: live is as the files declare", origin(view)])) + "\n"
