"""Turns plans, outcomes and messages into text; pure, so that one caller writes it and golden files can hold it.

Growth is by the tables here: a format is one module and one line.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.plan.change import Plan
from reconciler.plan.outcome import Outcome
from reconciler.render.gitlab import plan_as_gitlab
from reconciler.render.markdown import plan_as_markdown
from reconciler.render.messages import messages_as_github, messages_as_json
from reconciler.render.outcome import outcome_as_json, outcome_as_text
from reconciler.render.plan_json import plan_as_json
from reconciler.render.plan_text import plan_as_text
from reconciler.render.style import Style
from reconciler.render.view import View

__all__ = ["MESSAGE_FORMATS", "OUTCOME_FORMATS", "PLAN_FORMATS", "View"]


def _plan_as_html(plan: Plan, view: View) -> str:
    from reconciler.render.html import plan_as_html  # noqa: PLC0415 - the other formats need no templates

    return plan_as_html(plan, view)


PLAN_FORMATS: Mapping[str, Callable[[Plan, View], str]] = MappingProxyType(
    {
        "text": lambda plan, view: plan_as_text(
            plan, view.folder, view.rate_limit, view.style, shows_every_skill=view.shows_every_skill
        ),
        "json": lambda plan, view: plan_as_json(plan, view.created_at),
        "markdown": plan_as_markdown,
        "gitlab": lambda plan, _: plan_as_gitlab(plan),
        "html": _plan_as_html,
    }
)
OUTCOME_FORMATS: Mapping[str, Callable[[Outcome, Style], str]] = MappingProxyType(
    {"text": outcome_as_text, "json": lambda outcome, _: outcome_as_json(outcome)}
)
MESSAGE_FORMATS = MappingProxyType({"json": messages_as_json, "github": messages_as_github})
