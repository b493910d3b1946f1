"""`reconcile` itself: the global options, the table of commands, and the exit code of every way to end."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from click.core import ParameterSource

from reconciler import __version__
from reconciler.cli.command import variables_of, write_examples
from reconciler.cli.completing import complete_tenant
from reconciler.cli.console import Console, Verbosity
from reconciler.cli.exits import Exit, tell

# Name -> module below `reconciler.cli` (which holds a command of that name), and its line in the overview: a command is
# loaded when it is called, so that the overview and completion stay fast.
COMMANDS = {
    "plan": ("plan", "Compare the files with the tenant and show what differs; never writes."),
    "apply": ("apply", "Plan, ask, write what differs, read it again."),
    "calendar": ("calendar", "List what begins and ends by itself in the days to come."),
    "show": ("show", "Show a saved plan."),
    "why": ("why", "Show where each value of an agent comes from."),
    "comment": ("comment", "Keep the plan comment of a pull request up to date."),
    "reviewed": ("reviewed", "Find what the pull request of a merged commit showed."),
    "issue": ("issue", "Open an issue for drift, update it, close it when there is none."),
    "runs": ("runs", "List past applies, or show one in detail."),
    "rollback": ("rollback", "Undo a past apply, as a plan like any other."),
    "doctor": ("doctor", "Check all that a first plan relies on."),
    "validate": ("validate", "Check the files, without the network."),
    "fmt": ("fmt", "Put the files into canonical layout; comments stay."),
    "init": ("init", "Describe a live tenant in new files, workflows included."),
    "pull": ("pull", "Write files from what the tenant holds."),
    "schema": ("schema", "Print the JSON Schema of the files, for editors."),
    "adopt": ("adopt", "Write what differs on the tenant into the files, in place."),
    "simulate": ("simulate", "Serve a simulated tenant to try things out."),
    "completion": ("completion", "Print the completion script for your shell."),
}
_EXAMPLES = (
    ("reconcile --plan", "what would change on the tenant"),
    ("reconcile apply", "change it, after asking"),
    ("reconcile validate", "check the files alone"),
    ("reconcile -C other-dir --tenant acme plan", "another folder, one of its tenants"),
)


class App(click.Group):
    """The group of all commands, loaded one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command by its name."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"reconciler.cli.{module}"), cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `--plan` before any command as the command `plan`."""
        return super().parse_args(ctx, _with_plan_as_command(args, _options_with_value(self)))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the text."""
        write_examples(formatter, _EXAMPLES)
        super().format_help_text(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the table, without loading what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _options_with_value(group: click.Group) -> frozenset[str]:
    return frozenset(
        name
        for parameter in group.params
        if isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count
        for name in parameter.opts
    )


def _with_plan_as_command(args: list[str], options_with_value: frozenset[str]) -> list[str]:
    """Replace `--plan` among the global options by `plan`; behind a command it is that command's own."""
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] != "--":
        if args[at] == "--plan":
            # The global options that follow it still belong before the command.
            return [*args[:at], *_with_plan_last(args[at + 1 :], options_with_value)]
        at += 2 if args[at] in options_with_value else 1
    return args


def _with_plan_last(rest: list[str], options_with_value: frozenset[str]) -> list[str]:
    ahead: list[str] = []
    behind: list[str] = []
    at = 0
    while at < len(rest):
        width = 2 if rest[at] in options_with_value else 1
        (ahead if width > 1 or rest[at] in _GLOBAL_FLAGS else behind).extend(rest[at : at + width])
        at += width
    return [*ahead, "plan", *behind]


_GLOBAL_FLAGS = frozenset({"--no-color", "-q", "--quiet", "-v", "--verbose"})


@click.group(cls=App, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-C", "--dir", "root", metavar="DIR", default="desired-state", show_default=True,
              envvar=variables_of("dir"), type=click.Path(), help="The folder with the desired state.")  # fmt: skip
@click.option("--tenant", metavar="NAME", envvar=variables_of("tenant"), shell_complete=complete_tenant,
              help="One of several tenants in DIR.")  # fmt: skip
@click.option("--plan", "as_plan", is_flag=True, help="The same as the command `plan`.")
@click.option("--no-color", is_flag=True, envvar=variables_of("no-color"), help="No colours; NO_COLOR does the same.")
@click.option("-q", "--quiet", is_flag=True, envvar=variables_of("quiet"), help="Say nothing on the way.")
@click.option("-v", "--verbose", is_flag=True, envvar=variables_of("verbose"), help="Say every request.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              envvar=variables_of("log-format"), help="How progress and warnings are written to stderr.")  # fmt: skip
@click.option("--report", metavar="FILE", type=click.Path(dir_okay=False), envvar=variables_of("report"),
              help="Write to FILE, as JSON, how the command ended, in whatever way.")  # fmt: skip
@click.version_option(__version__, prog_name="reconcile", message="%(prog)s %(version)s")
@click.pass_context
def app(
    ctx: click.Context,
    root: str,
    tenant: str | None,
    as_plan: bool,  # noqa: ARG001 - rewritten to the command before parsing; stands here for --help
    no_color: bool,
    quiet: bool,
    verbose: bool,
    log_format: str,
    report: str | None,
) -> None:
    """Keep the skills of every agent of a contact centre in reviewed YAML.

    Reads what the files declare, compares it with the live tenant, and writes only what differs.
    """
    if quiet and verbose:
        quiet, verbose = _louder(ctx)
    verbosity = Verbosity.QUIET if quiet else Verbosity.LOUD if verbose else Verbosity.NORMAL
    console = Console(root, tenant, verbosity, wants_color=not no_color, logs_json=log_format == "json")
    ctx.obj = console
    ctx.color = console.has_color
    if report is not None and ctx.invoked_subcommand is not None:
        console.report_to(report, ctx.invoked_subcommand)
    if ctx.invoked_subcommand is None:
        console.write(ctx.get_help() + "\n")
        ctx.exit(Exit.INVALID if sys.argv[1:] else Exit.DONE)


def _louder(ctx: click.Context) -> tuple[bool, bool]:
    """Choose between `-q` and `-v`: what is typed wins over a variable, and both typed is a slip."""
    typed = [ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("quiet", "verbose")]
    if typed[0] == typed[1]:
        message = "-q and -v ask for opposite things: give one of them"
        raise click.UsageError(message, ctx)
    return typed[0], typed[1]


def run(args: Sequence[str]) -> int:
    """Run one command line and give its exit code; nothing that can be expected leaves as a traceback."""
    Console.latest, Console.typed = None, tuple(args)
    try:
        with _terminated_as_interrupted():
            result: Any = app.main(args=list(args), prog_name="reconcile", standalone_mode=False)
        code = int(result or Exit.DONE)
    except BaseException as error:  # noqa: BLE001 - the one place where every way to end gets its words and its code
        code = tell(error)
    return _closed(Console.latest, code)


def _closed(console: Console | None, code: int) -> int:
    """Write what is still to be written; a result that was lost is a failure."""
    if console is None:
        return code
    console.close(code)
    return Exit.FAILED if code == Exit.DONE and console.has_failed_output else code


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Take SIGTERM, which CI sends, for the Ctrl-C of a person; whoever serves or writes has its own way with both."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
