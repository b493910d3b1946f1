"""Options that several commands share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.completing import completer

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.plan.scope import Filters

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Names(click.types.StringParamType):
    """Names of agents, teams, skills: they hold blanks, so a variable separates them by commas."""

    envvar_list_splitter = ","


class Teams(click.types.StringParamType):
    """Teams with their globs: they hold blanks and commas, so a variable separates them by semicolons."""

    envvar_list_splitter = ";"


class Whole(click.ParamType[int]):
    """A whole number from `least` on, up to `most` where that is given."""

    name = "N"

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least = least
        self._most = most

    def convert(self, value: "str | int", param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read `5`."""
        try:
            number = int(value)
        except ValueError:
            number = None
        if number is None or number < self._least or (self._most is not None and number > self._most):
            end = "on" if self._most is None else f"to {self._most}"
            self.fail(f"'{value}' is not a whole number from {self._least} {end}", param, ctx)
        return number


class Amount(click.ParamType[float]):
    """A number that is not negative; above zero where `is_some`."""

    name = "N"

    def __init__(self, *, is_some: bool = False) -> None:
        self._is_some = is_some

    def convert(self, value: "str | float", param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read `1.5`."""
        try:
            number = float(value)
        except ValueError:
            number = None
        # Not the other way round: what is not a number (`nan`) is neither.
        if number is None or not (number > 0 if self._is_some else number >= 0):
            self.fail(f"'{value}' is not a number {'above 0' if self._is_some else 'from 0 on'}", param, ctx)
        return number


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
            type=Names(),
            multiple=True,
            metavar="X",
            help=text,
            shell_complete=completer(kind),
        )
        function = option(function)
    return function


def no_removals(function: _Function) -> _Function:
    """Give a command `--no-removals`."""
    return click.option("--no-removals", is_flag=True, help="Add and change only; what would be removed stays.")(
        function
    )


def timed_option(function: _Function) -> _Function:
    """Give a command `--timed`."""
    return click.option(
        "--timed",
        is_flag=True,
        help="Only what overrides began and ended, and nobody edited; for a schedule.",
    )(function)


def all_coverage_option(function: _Function) -> _Function:
    """Give a command `--all-coverage`."""
    return click.option(
        "--all-coverage", is_flag=True, help="Show who can take each skill, also of skills that keep their agents."
    )(function)


class _Moment(click.ParamType["datetime"]):
    """A moment with its offset."""

    name = "TIME"

    def convert(self, value: "str | datetime", param: click.Parameter | None, ctx: click.Context | None) -> "datetime":
        """Read `2026-11-27T06:00:00-05:00` or the same with `Z`."""
        from datetime import UTC, datetime

        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            moment.astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is None or moment.tzinfo is None:
            example = "2026-11-27T06:00:00-05:00 or 2026-11-27T11:00:00Z"
            self.fail(f"{value!r} is not a time with its offset, such as {example}", param, ctx)
        return moment


def at_option(function: _Function) -> _Function:
    """Give a command `--at`."""
    return click.option(
        "--at",
        type=_Moment(),
        metavar="TIME",
        help="As the files will have it then, by overrides, holds and waivers; with its offset.",
    )(function)


def make_filters(
    agents: tuple[str, ...],
    teams: tuple[str, ...],
    skills: tuple[str, ...],
    *,
    no_removals: bool = False,
    timed: bool = False,
) -> "Filters":
    """Make of these options what the pipeline takes."""
    from reconciler.plan.scope import Filters

    return Filters(agents, teams, skills, no_removals, timed)


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
