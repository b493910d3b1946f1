"""The conversation of an apply: shows the plan, asks, shows how far it is, hears signals, says how it ended."""

import sys
from typing import TYPE_CHECKING, Self

from reconciler.cli.console import Console
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from reconciler.cli.progress import Progress
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.tenant import Tenant
    from reconciler.plan.change import Plan
    from reconciler.plan.outcome import AgentOutcome, Outcome


class Dialog:
    """The apply's side of the conversation: shows the plan, asks, then shows how far it is and hears signals."""

    def __init__(self, console: Console, tenant: "Tenant", *, is_asking: bool, shows_plan_on_stdout: bool) -> None:
        import asyncio

        self.stop = asyncio.Event()
        self._console = console
        self._tenant = tenant
        self._is_asking = is_asking
        self._shows_plan_on_stdout = shows_plan_on_stdout
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            import asyncio
            import signal

            self._progress.close()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().remove_signal_handler(number)
                signal.signal(number, signal.default_int_handler)  # as it was before: see `cli.app`

    def confirm(self, plan: "Plan") -> bool:
        """Show the plan and ask whether to go on; a plan without changes needs no answer."""
        self.show(plan)
        if not plan.changes:
            return True
        if self._is_asking and not self._ask(plan):
            return False
        self._begin(len(plan.changes))
        return True

    def keep(self, plan: "Plan", file: str | None) -> None:
        """Save the plan made afresh, where that was asked for; a disk that takes no file stops no apply."""
        if file is None:
            return
        from pathlib import Path

        from reconciler.cli.documents import save, timestamp
        from reconciler.clock import SystemClock
        from reconciler.errors import InvalidInput

        try:
            save(plan, Path(file), timestamp(SystemClock().now()), self._console)
        except InvalidInput as error:
            self._console.has_failed_output = True
            self._console.diagnose(error.diagnostics)

    def advance(self, outcome: "AgentOutcome") -> None:
        """Count one more agent."""
        if self._progress is not None:
            self._progress.advance(outcome)

    def show(self, plan: "Plan") -> None:
        """Show the plan in full, where the result of the command does not go."""
        from reconciler.render.plan_text import plan_as_text

        if self._shows_plan_on_stdout:
            self._console.write(plan_as_text(plan, self._console.folder, self._tenant.rate_limit, self._console.style))
        else:
            text = plan_as_text(plan, self._console.folder, self._tenant.rate_limit, self._console.talk_style)
            self._console.show(text.rstrip("\n"))

    def _ask(self, plan: "Plan") -> bool:
        import signal

        from reconciler.diagnostics import Diagnostic
        from reconciler.errors import Refused

        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            message = "there is no terminal to ask on; nothing was written"
            hint = f"{self._console.typed_with('--yes')}, once the plan was reviewed"
            raise Refused(Diagnostic("not-confirmed", message, hint))
        # While a person thinks, Ctrl-C ends the question at once.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return self._console.ask(f"Write this to {plan.tenant}? Only `yes` is accepted:") == "yes"
        finally:
            signal.signal(signal.SIGINT, before)

    def _begin(self, agents: int) -> None:
        import asyncio
        import signal

        from reconciler.cli.progress import Progress

        self._progress = Progress(self._console, agents)
        self._console.is_writing = True
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)

    def _interrupt(self) -> None:
        """Stop at the first signal; at the second, leave at once."""
        if self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()
        self._console.say("stopping: waiting for what is in flight; once more to leave at once", "warning")


def conclude(console: Console, outcome: "Outcome", format: str) -> Exit:  # noqa: A002 - the option's own name
    """Write how an apply ended, and give its exit code."""
    from reconciler.render import OUTCOME_FORMATS

    console.is_writing = False
    console.outcome = outcome
    console.diagnose(outcome.stopped_by)
    console.diagnose(outcome.unverified_by)
    console.diagnose(_unrecorded(outcome))
    if outcome.agents or format == "json":
        gap = "\n" if format == "text" else ""  # between the plan and what became of it
        console.write(gap + OUTCOME_FORMATS[format](outcome, console.style))
    return _code(outcome)


def _unrecorded(outcome: "Outcome") -> "list[Diagnostic]":
    """Say what the journal lacks: only here does it stand."""
    from reconciler.diagnostics import Diagnostic

    hint = "keep these lines: `reconcile runs` and `reconcile rollback` do not know of them"
    return [
        Diagnostic("not-recorded", f"the journal lacks: {each.agent.label}, {each.status}", hint)
        for each in outcome.unrecorded
    ]


def _code(outcome: "Outcome") -> Exit:
    if outcome.is_interrupted:
        return Exit.INTERRUPTED
    if outcome.is_denied:
        return Exit.DENIED
    if not outcome.is_complete:
        return Exit.PARTLY
    return Exit.DONE if outcome.is_verified else Exit.FAILED
