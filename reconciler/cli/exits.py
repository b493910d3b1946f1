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
        from reconciler.cli.usage import wrong_use

        console.diagnose([wrong_use(error)])
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


def _surprise(error: BaseException) -> "Diagnostic":
    text = f"{type(error).__name__}: {error}" if f"{error}" else type(error).__name__
    hint = "this is a fault of the tool; type it again with -v before the command, and report what it prints"
    return _message("surprise", f"unexpected {text}", hint)
