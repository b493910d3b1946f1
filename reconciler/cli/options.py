"""Options that several commands share, and the names that their values complete to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from reconciler.plan.scope import Filters

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _completer(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from pathlib import Path

        from reconciler.desired import names

        root = ctx.find_root().params.get("root") or "desired-state"
        found: tuple[str, ...] = getattr(names(Path(root)), kind)
        return [name for name in found if name.casefold().startswith(incomplete.casefold())]

    return complete


complete_tenant = _completer("tenants")


class _Names(click.types.StringParamType):
    """Names of agents, teams, skills: they hold blanks, so a variable separates them by commas."""

    envvar_list_splitter = ","


def filters(function: _Function) -> _Function:
    """Give a command `--agent`, `--team` and `--skill`."""
    for name, kind, text in (
        ("skill", "skills", "Only this skill; its name or id. Repeatable."),
        ("team", "teams", "Only agents of this team. Repeatable."),
        ("agent", "agents", "Only this agent; its e-mail, user name or id. Repeatable."),
    ):
        option = click.option(
            f"--{name}",
            kind,
            type=_Names(),
            multiple=True,
            metavar="X",
            help=text,
            shell_complete=_completer(kind),
        )
        function = option(function)
    return function


def make_filters(agents: tuple[str, ...], teams: tuple[str, ...], skills: tuple[str, ...]) -> "Filters":
    """Make of the three options what the pipeline takes."""
    from reconciler.plan.scope import Filters

    return Filters(agents, teams, skills)


def format_option(*formats: str) -> Callable[[_Function], _Function]:
    """Give a command `--format`; the first is the default."""
    return click.option(
        "--format",
        "format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How the result is written to stdout.",
    )
