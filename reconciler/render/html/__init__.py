"""A plan as one page of HTML for a browser: one file that fetches nothing, and is readable without its script."""

from reconciler.plan.change import Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.html.bars import bars_of
from reconciler.render.html.cards import MOST_LINES, cards_of, some_changes
from reconciler.render.html.head import cost_of, figures_of, left_alone, narrowed_by, verdict_of
from reconciler.render.html.notices import notices_of
from reconciler.render.html.page import write_page
from reconciler.render.markdown.words import SkillLabels
from reconciler.render.view import View

__all__ = ["plan_as_html"]


def plan_as_html(plan: Plan, view: View, most_lines: int = MOST_LINES) -> str:
    """Write the page: verdict, figures, findings, coverage, then the agents by team, as many as a browser can bear."""
    labels = SkillLabels(plan)
    rows = [row for row in plan.coverage if view.shows_every_skill or row.before != row.after]
    return write_page(
        tenant=plan.tenant,
        digest=plan.digest,
        created_at=view.created_at,
        verdict=verdict_of(plan, labels),
        figures=figures_of(plan),
        narrowed=narrowed_by(plan.filters),
        left_alone=left_alone(plan.summary),
        cost=cost_of(plan.summary, view.rate_limit),
        notices=notices_of(plan.findings, view.folder),
        bars=bars_of(worst_first(rows), labels),
        cards=cards_of(plan, some_changes(plan.changes, most_lines), labels, view.folder),
        is_offer=bool(plan.changes) and not plan.is_blocked,
    )
