"""`reconcile doctor`: checks what a first plan relies on, and says for each thing that is wrong what to do."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import format_option

if TYPE_CHECKING:
    from reconciler.plan.checkup.facts import Machine
    from reconciler.plan.checkup.verdict import Checkup

_EXAMPLES = (
    ("reconcile doctor", "before the first plan; reads only"),
    ("reconcile doctor --write", "also write one agent as it stands"),
    ("reconcile doctor --format json", "for a script"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@format_option("text", "json")
@click.option("--write", is_flag=True, help="Also write one managed agent exactly as it stands, after asking.")
@click.option(
    "--yes", is_flag=True, help="Do not ask before that write. Needed with --write where there is no terminal."
)
@click.pass_obj
def doctor(console: Console, format: str, write: bool, yes: bool) -> int:  # noqa: A002 - the option's own name
    """Check files, address, credential, permissions, clock, rate limit, state folder, git and terminal.

    Every check runs as far as it can although others failed; begin with the first that did. Without --write nothing
    but GET can be sent, and the request for the token.
    """
    import asyncio

    from reconciler.pipeline.checkup import check_up

    ask = _asker(console, is_asking=not yes) if write else None
    checkup = asyncio.run(check_up(console.context(), console.tenant, _machine(console), ask))
    console.is_writing = False
    console.write(_rendered(console, checkup, format))
    return _code(checkup)


def _asker(console: Console, *, is_asking: bool) -> Callable[[str], str]:
    """Make what is asked before the one write; it gives why nobody said yes."""
    is_alone = is_asking and not (sys.stdin.isatty() and sys.stderr.isatty())

    def ask(agent: str) -> str:
        words = f"`{agent}` is written exactly as it stands, to see whether that is allowed"
        if is_alone:
            return "there is no terminal to ask on; with --yes it goes without asking"
        if not is_asking:
            console.say(words)
        elif not _is_confirmed(console, f"{words}. Go on? Only `yes` is accepted:"):
            return "nobody confirmed; nothing was written"
        console.is_writing = True
        return ""

    return ask


def _is_confirmed(console: Console, question: str) -> bool:
    import signal

    # While a person thinks, Ctrl-C ends the question at once.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return console.ask(question) == "yes"
    finally:
        signal.signal(signal.SIGINT, before)


def _machine(console: Console) -> "Machine":
    import platform

    from reconciler import __version__
    from reconciler.plan.checkup.facts import Machine

    return Machine(
        version=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        encoding=sys.stdout.encoding or "ascii",
        why_plain="" if console.has_color else _why_plain(),
        is_ci=bool(os.environ.get("CI")),
    )


def _why_plain() -> str:
    if not sys.stdout.isatty():
        return "stdout is no terminal"
    if os.environ.get("NO_COLOR"):
        return "NO_COLOR is set"
    return "TERM is dumb" if os.environ.get("TERM") == "dumb" else "--no-color was given"


def _rendered(console: Console, checkup: "Checkup", format: str) -> str:  # noqa: A002 - as above
    import shutil

    from reconciler.render.checkup import checkup_as_json, checkup_as_text

    if format == "json":
        return checkup_as_json(checkup)
    columns = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
    return checkup_as_text(checkup, console.style, columns or None)


def _code(checkup: "Checkup") -> Exit:
    """Give the code that fits the first failure."""
    from reconciler.plan.checkup.verdict import Fault

    first = checkup.first_failure
    if first is None:
        return Exit.DONE
    return {Fault.INPUT: Exit.INVALID, Fault.ACCESS: Exit.DENIED}.get(first.fault or Fault.TENANT, Exit.FAILED)
