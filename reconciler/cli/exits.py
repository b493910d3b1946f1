"""Exit codes, and the words for every way in which a command can end badly."""

from enum import IntEnum
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic


class Exit(IntEnum):
    """The codes that `docs/reference/exit-codes.md` promises."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    INVALID = 3
    DENIED = 4
    REFUSED = 5
    PARTLY = 6
    INTERRUPTED = 130


def tell(error: BaseException) -> int:
    """Say on stderr what happened, and give the code for it."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):  # click leaves this way once it has answered a shell's completion
        return int(error.code or Exit.DONE)
    from reconciler.errors import ReconcileError

    console = _console()
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        console.diagnose([_interrupted(console)])
        return Exit.INTERRUPTED
    if isinstance(error, click.ClickException):
        console.diagnose([_usage(error)])
        return Exit.INVALID
    if isinstance(error, ReconcileError):
        console.diagnose(error.diagnostics, console.folder)
        return code_of(error)
    console.diagnose([_surprise(error)])
    if console.is_loud:
        import traceback

        from reconciler.render.escape import terminal_lines

        text = "".join(traceback.format_exception(error)).rstrip("\n")
        console.show(terminal_lines(text), "debug")
    return Exit.FAILED


def code_of(error: Exception) -> Exit:
    """Give the exit code of an expected failure."""
    from reconciler.errors import AccessDenied, InvalidInput, Refused

    for kind, code in ((InvalidInput, Exit.INVALID), (AccessDenied, Exit.DENIED), (Refused, Exit.REFUSED)):
        if isinstance(error, kind):
            return code
    return Exit.FAILED


def _console() -> Console:
    """Give the console of the run that failed, or a plain one where it did not get that far."""
    return Console.latest or Console("desired-state", None)


def _message(code: str, message: str, hint: str | None = None) -> "Diagnostic":
    from reconciler.diagnostics import Diagnostic

    return Diagnostic(code, message, hint)


def _interrupted(console: Console) -> "Diagnostic":
    if not console.is_writing:
        return _message("interrupted", "interrupted; nothing was written")
    message = "left at once; what was in flight may have been written"
    return _message("interrupted", message, "reconcile plan, which shows what is left to do")


def _usage(error: click.ClickException) -> "Diagnostic":
    """Put click's words into ours: lower case, no full stop, and what to type."""
    message = error.format_message().partition(" Did you mean")[0].partition(" (Did you mean")[0].rstrip(".")
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"{ctx.command_path if ctx else 'reconcile'} --help"
    if isinstance(error, (click.NoSuchOption, click.NoSuchCommand)) and error.possibilities:
        hint = f"did you mean {' or '.join(sorted(error.possibilities))}?"
    if isinstance(error, click.NoSuchOption) and ctx is not None and ctx.parent is not None:
        app = ctx.parent.command
        if any(error.option_name in parameter.opts for parameter in app.params):
            hint = f"{error.option_name} stands before the command: reconcile {error.option_name} … {ctx.info_name}"
    return _message("usage", message[:1].lower() + message[1:], hint)


def _surprise(error: BaseException) -> "Diagnostic":
    text = f"{type(error).__name__}: {error}" if f"{error}" else type(error).__name__
    hint = "this is a fault of the tool; type it again with -v before the command, and report what it prints"
    return _message("surprise", f"unexpected {text}", hint)
