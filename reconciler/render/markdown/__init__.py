"""Plans, and what becomes of them, as Markdown for a pull request: every text fits, and nothing foreign is obeyed."""

from reconciler.render.markdown.comment import failed_comment, outdated_comment, plan_comment, valid_comment
from reconciler.render.markdown.drift import drift_issue, in_sync_comment
from reconciler.render.markdown.ending import applied_comment, applying_comment, refused_comment, stopped_comment
from reconciler.render.markdown.plan import plan_as_markdown

__all__ = [
    "applied_comment",
    "applying_comment",
    "drift_issue",
    "failed_comment",
    "in_sync_comment",
    "outdated_comment",
    "plan_as_markdown",
    "plan_comment",
    "refused_comment",
    "stopped_comment",
    "valid_comment",
]
