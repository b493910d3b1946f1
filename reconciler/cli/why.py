"""`reconcile why`: where each value of an agent comes from."""

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.completing import completer
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import at_option, format_option

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from reconciler.model.commits import History
    from reconciler.pipeline import Context
    from reconciler.plan.explanation import Explanation

_EXAMPLES = (
    ("reconcile why ana.silva@example.com", "each skill: its value, and the line that asks for it"),
    ("reconcile why ana.silva@example.com Spanish", "one skill, layer by layer, with commits"),
    ("reconcile why ana.silva@example.com --offline", "without asking the tenant"),
    ("reconcile why ana.silva@example.com --format json", "for a script"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("agent", shell_complete=completer("agents"))
@click.argument("skill", required=False, shell_complete=completer("skills"))
@format_option("text", "json")
@at_option
@click.option("--offline", is_flag=True, help="Do not ask the tenant: only what the files say.")
@click.pass_obj
def why(
    console: Console,
    agent: str,
    skill: str | None,
    format: str,  # noqa: A002 - the option's own name
    at: "datetime | None",
    offline: bool,
) -> int:
    """Show where the skills of AGENT come from: profiles, own lines, overrides, holds, and what is live.

    With SKILL, every layer of that one. Nothing is ever written.
    """
    import asyncio

    from reconciler import pipeline
    from reconciler.render.why_json import why_as_json
    from reconciler.render.why_text import why_as_text

    context, chosen = console.load()
    question = pipeline.Question(agent, skill, at, is_offline=offline)
    explanation = asyncio.run(pipeline.why(context, chosen.desired, question))
    history = _history(context, chosen.path, explanation)
    _note_gap(console, history)
    if format == "json":
        console.write(why_as_json(explanation, console.folder, history))
    else:
        console.write(why_as_text(explanation, console.folder, history, console.style))
    return Exit.DONE


def _history(context: "Context", folder: "Path", explanation: "Explanation") -> "History":
    from reconciler.settings import read_history

    places = (link.position for chain in explanation.chains for link in chain.links)
    lines = [(place.file, place.line) for place in places]
    return read_history(os.environ, folder, lines, context.clock.monotonic)


def _note_gap(console: Console, history: "History") -> None:
    from reconciler.diagnostics import Diagnostic, Severity

    if history.gap:
        message = f"commits are not shown: {history.gap}"
        console.diagnose([Diagnostic("history-unknown", message, history.hint, severity=Severity.INFO)])
