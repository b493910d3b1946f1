"""A plan as one page of HTML for a browser: one file that fetches nothing, and is readable without its script."""

from reconciler.plan.change import Plan
from reconciler.plan.coverage import worst_first
from reconciler.render.html.bars import bars_of
from reconciler.render.html.cards import MOST_LINES, cards_of, held_cards, some_changes
from reconciler.render.html.coming import coming_of
from reconciler.render.html.head import cost_of, figures_of, left_alone, narrowed_by, verdict_of
from reconciler.render.html.notices import notices_of
from reconciler.render.html.page import write_page
from reconciler.render.markdown.words import SkillLabels, many
from reconciler.render.moments import moment
from reconciler.render.view import View

__all__ = ["plan_as_html"]

# So many agents are shown of whom something is held.
_MOST_HELD = 500


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
        held=held_cards(plan, labels, view.folder, _MOST_HELD),
        held_left_out=_held_left_out(plan),
        coming=coming_of(plan, labels, view.folder),
        at="" if plan.at is None else moment(plan.at, None),
        is_offer=bool(plan.changes) and not plan.is_blocked and plan.at is None,
    )


def _held_left_out(plan: Plan) -> str:
    left = len(plan.held) - _MOST_HELD
    return f"and {many(left, 'more agent')}" if left > 0 else ""
