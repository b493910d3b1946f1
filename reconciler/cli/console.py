"""The two streams: results go to stdout and nothing else does; talk goes to stderr, as text or JSON lines.

Whatever leaves has been through the redactor, and on a GitHub runner holds nothing that it would obey.
"""

import codecs
import os
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, TextIO

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.diagnostics import Diagnostic
    from reconciler.live import ASGIApp
    from reconciler.model.redactor import Redactor
    from reconciler.pipeline import Chosen, Context
    from reconciler.plan.outcome import Outcome
    from reconciler.render.style import Style


_HEAR_SIGNALS_S = 0.1


# The minus of an offset (`−05:00`) has a plain one that says the same; what has none is shown by its number.
UNENCODABLE = "reconcile"
_PLAIN = {"\N{MINUS SIGN}": "-"}


def _unencodable(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and (plain := _PLAIN.get(error.object[error.start])):
        return plain, error.start + 1
    if isinstance(error, UnicodeEncodeError):
        ends = (at for at in range(error.start, error.end) if error.object[at] in _PLAIN)
        error.end = next(ends, error.end)
    return codecs.backslashreplace_errors(error)


codecs.register_error(UNENCODABLE, _unencodable)


class Verbosity(IntEnum):
    """How much is said on the way."""

    QUIET = 0
    NORMAL = 1
    LOUD = 2


class Console:
    """What the global options decided, and the one writer of both streams."""

    # The console of this process's command, for the one place that reports how it ended.
    latest: ClassVar["Console | None"] = None
    # What was typed behind `reconcile`.
    typed: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        root: str,
        tenant: str | None,
        verbosity: Verbosity = Verbosity.NORMAL,
        *,
        wants_color: bool = True,
        logs_json: bool = False,
    ) -> None:
        self.root = root
        self.tenant = tenant
        self.logs_json = logs_json
        # Learns in the course of the run what must never be shown.
        self._redactor: Redactor | None = None
        self._is_on_runner = "GITHUB_ACTIONS" in os.environ
        # The folder that the places of messages are relative to; a command narrows it to its tenant's.
        self.folder = os.path.normpath(root).replace(os.sep, "/")
        self._verbosity = verbosity
        self._wants_color = wants_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._transient = False
        self._show_stage: Callable[[str], None] = self._show_line
        self.has_failed_output = False
        # What a report of this command will say.
        self._report: Path | None = None
        self._command = ""
        self._heard: list[Diagnostic] = []
        self.outcome: Outcome | None = None
        # From the first write on an interruption may leave something half done.
        self.is_writing = False
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors=UNENCODABLE)  # a name that the locale cannot show stops nothing
        Console.latest = self

    @property
    def redactor(self) -> "Redactor":
        """What learns the secrets of this run; made when first asked for: the overview and completion never do."""
        if self._redactor is None:
            from reconciler.model.redactor import Redactor

            self._redactor = Redactor()
        return self._redactor

    @property
    def has_color(self) -> bool:
        """Whether stdout takes colours."""
        return self._wants_color and sys.stdout.isatty()

    @property
    def is_loud(self) -> bool:
        """Whether `-v` was given."""
        return self._verbosity is Verbosity.LOUD

    @property
    def is_live(self) -> bool:
        """Whether somebody watches stderr, so that progress may move."""
        return sys.stderr.isatty() and not self.logs_json and self._verbosity is not Verbosity.QUIET

    @property
    def style(self) -> "Style":
        """The colours of stdout."""
        from reconciler.render.style import Style

        return Style(self.has_color)

    @property
    def talk_style(self) -> "Style":
        """The colours of stderr."""
        from reconciler.render.style import Style

        return Style(self._wants_color and sys.stderr.isatty())

    def write(self, text: str) -> None:
        """Write a result. A reader who has gone (`| head`) or a full disk stops nothing; the disk is told of."""
        self.clear()
        try:
            sys.stdout.write(self._fit(text))
            sys.stdout.flush()
        except OSError as error:
            _silence(sys.stdout)
            if not isinstance(error, BrokenPipeError):
                self.has_failed_output = True
                self.say(f"the result could not be written to stdout: {error.strerror}", "error")

    def say(self, text: str, level: str = "info") -> None:
        """Tell a person something in one line, unless `-q`; foreign text may be in it as it is."""
        self.show(_escaped(text), level)

    def show(self, text: str, level: str = "info") -> None:
        """Show a rendered text on stderr, unless `-q`: a plan, where stdout is taken."""
        if self._verbosity is not Verbosity.QUIET:
            self._talk(text, level)

    @classmethod
    def typed_with(cls, option: str) -> str:
        """Give the command line with one more option at its end, to be typed again."""
        import shlex

        return shlex.join(["reconcile", *cls.typed, option])

    def ask(self, question: str) -> str:
        """Ask on stderr, with `-q` too, and give the line that was typed; foreign text may be in it as it is."""
        self._emit(f"\n{_escaped(question)} ")
        if sys.stdin.isatty():
            from select import select

            # A Ctrl-C right before the reading began would else be heard only after the next line. A terminal gives one
            # line at a time, so that nothing is read ahead which this would not see.
            while not select([sys.stdin], [], [], _HEAR_SIGNALS_S)[0]:
                pass
        return sys.stdin.readline().strip()

    def stage(self, text: str) -> None:
        """Show what is going on; gone again with the next line. In a log only with `-v`. Foreign text as for `say`."""
        if self.is_live:
            self._show_stage(self._fit(_escaped(text)))
        elif self.is_loud:
            self._talk(_escaped(text), "debug")

    def show_stages_by(self, show: "Callable[[str], None] | None") -> None:
        """Let a progress bar show the stages while there is one; None when it has gone."""
        self.clear()
        self._show_stage = show or self._show_line

    def _show_line(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text} …")
        sys.stderr.flush()
        self._transient = True

    def clear(self) -> None:
        """Take back what `stage` showed."""
        if self._transient:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._transient = False

    def diagnose(self, diagnostics: Iterable["Diagnostic"], folder: str = "") -> None:
        """Write messages to stderr, errors even with `-q`, and keep them for a report."""
        from reconciler.diagnostics import Severity
        from reconciler.render.messages import messages_as_log, messages_as_text

        diagnostics = tuple(diagnostics)
        shown = [
            each
            for each in map(self._masked, diagnostics)
            if self._verbosity is not Verbosity.QUIET or each.severity in (Severity.ERROR, Severity.BLOCK)
        ]
        self.record(diagnostics, folder)
        text = messages_as_log(shown, folder) if self.logs_json else messages_as_text(shown, folder, self.talk_style)
        self._emit(text)

    def record(self, diagnostics: Iterable["Diagnostic"], folder: str = "") -> None:
        """Keep messages for a report, with their places from where the command was started."""
        from dataclasses import replace

        from reconciler.render.messages import words_of

        for each in diagnostics:
            at = each.position
            if at is not None and folder:
                at = replace(at, file=f"{folder}/{at.file}")
            self._heard.append(replace(each, message=words_of(each, folder), position=at, related=()))

    def report_to(self, file: str, command: str) -> None:
        """Have a report of this command written to a file at its end. InvalidInput where no file can be."""
        from pathlib import Path

        from reconciler.diagnostics import Diagnostic
        from reconciler.errors import InvalidInput

        path = Path(file)
        try:
            path.parent.stat()
            path.unlink(missing_ok=True)  # whatever happens, an older report is not taken for this one
        except OSError as error:
            hint = "give a file in a folder that exists and that you may write"
            raise InvalidInput(Diagnostic("out-file", f"--report {path}: {error.strerror}", hint)) from error
        self._report, self._command = path, command

    def close(self, code: int) -> None:
        """Write the report, if one was asked for; what goes wrong with it changes nothing that was done."""
        if self._report is None:
            return
        from reconciler.apply.whole_file import write_whole
        from reconciler.render.report import Report, report_as_json

        text = report_as_json(Report(self._command, code, tuple(self._heard), self.outcome))
        try:
            write_whole(self._report, self.redactor.mask_json(text))
        except OSError as error:
            self.has_failed_output = True
            self.say(f"the report could not be written to {self._report}: {error.strerror}", "error")

    def context(self) -> "Context":
        """Make what the pipeline is given from outside."""
        from pathlib import Path
        from random import SystemRandom

        from reconciler.cli.logs import listen
        from reconciler.clock import SystemClock
        from reconciler.pipeline import Context
        from reconciler.settings import read_author

        listen(self.show, self.redactor, is_loud=self.is_loud)
        return Context(
            root=Path(self.root),
            environ=os.environ,
            clock=SystemClock(),
            random=SystemRandom(),
            embedded=_embedded_tenant,
            stage=self.stage,
            notice=self.diagnose,
            author=lambda: read_author(os.environ, Path(self.root)),
            redactor=self.redactor,
        )

    def load(self) -> "tuple[Context, Chosen]":
        """Load the one tenant that a command is about, say what there is to say, and give places from its folder on."""
        from reconciler.pipeline import load_one

        context = self.context()
        chosen = load_one(context, self.tenant)
        self.diagnose(chosen.warnings, self.folder)
        self.folder = chosen.path.as_posix()
        return context, chosen

    def _talk(self, text: str, level: str) -> None:
        if self.logs_json:
            import json

            # Before it is JSON: afterwards a mask could go through an escape.
            text = json.dumps({"level": level, "message": self.redactor.mask(text)})
        self._emit(f"{text}\n")

    def _emit(self, text: str) -> None:
        self.clear()
        try:
            sys.stderr.write(self._fit(text))
            sys.stderr.flush()
        except BrokenPipeError:
            _silence(sys.stderr)

    def _masked(self, diagnostic: "Diagnostic") -> "Diagnostic":
        from dataclasses import replace

        hint = None if diagnostic.hint is None else self.redactor.mask(diagnostic.hint)
        return replace(diagnostic, message=self.redactor.mask(diagnostic.message), hint=hint)

    def _fit(self, text: str) -> str:
        """Make a text fit to leave the process."""
        masked = text if self._redactor is None else self._redactor.mask_json(text)
        if not self._is_on_runner:
            return masked
        from reconciler.render.escape import WorkflowCommands, runner

        return runner(WorkflowCommands(masked) if isinstance(text, WorkflowCommands) else masked)


def _escaped(text: str) -> str:
    from reconciler.render.escape import terminal

    return terminal(text)


def _embedded_tenant(folder: "Path", name: str) -> "ASGIApp":
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput
    from reconciler.simulator import embedded_app

    try:
        return embedded_app(folder, name)
    except OSError as error:
        message = f"{folder}: the embedded tenant's state cannot be kept there: {error.strerror}"
        hint = "export RECONCILE_STATE_DIR=~/.reconcile, or another folder on a local disk that you may write"
        raise InvalidInput(Diagnostic("state-folder", message, hint)) from error


def _silence(stream: TextIO) -> None:
    """Send what is still to be written nowhere, so that the interpreter's last flush is quiet too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
