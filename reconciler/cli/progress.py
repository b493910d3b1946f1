"""How far an apply is: a bar where somebody watches, a line now and then in a log."""

import time
from typing import TYPE_CHECKING

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from reconciler.plan.outcome import AgentOutcome

_LINE_EVERY_S = 5.0


class Progress:
    """Counts agents as they end."""

    def __init__(self, console: Console, agents: int) -> None:
        self._console = console
        self._agents = agents
        self._ended = 0
        self._troubled = 0
        self._last_line = time.monotonic()
        self._bar: tuple[Bar, TaskID] | None = None
        if console.is_live:
            self._bar = _start_bar(agents, has_color=console.talk_style.has_color)
            console.show_stages_by(self._describe)

    def advance(self, outcome: "AgentOutcome") -> None:
        """Count one agent."""
        self._ended += 1
        self._troubled += not outcome.status.is_as_planned
        if self._bar is not None:
            bar, task = self._bar
            bar.update(task, advance=1, troubled=f"{self._troubled} not written" if self._troubled else "")
        elif self._ended == self._agents or time.monotonic() - self._last_line >= _LINE_EVERY_S:
            self._last_line = time.monotonic()
            troubled = f", {self._troubled} of them not written" if self._troubled else ""
            self._console.say(f"{self._ended} of {self._agents} agents{troubled}")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None
            self._console.show_stages_by(None)

    def _describe(self, stage: str) -> None:
        if self._bar is not None:
            bar, task = self._bar
            bar.update(task, description=stage)


def _start_bar(agents: int, *, has_color: bool) -> "tuple[Bar, TaskID]":
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[troubled]}", markup=False),
        console=RichConsole(stderr=True, no_color=not has_color),
        transient=True,
    )
    task = bar.add_task("Writing", total=agents, troubled="")
    bar.start()
    return bar, task
