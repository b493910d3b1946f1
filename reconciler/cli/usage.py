"""What is wrong with a command line, in our words instead of click's, and what to type."""

from collections.abc import Iterable

import click

from reconciler.diagnostics import Diagnostic
from reconciler.plan.suggest import nearest

# What people type where it means nothing, by command (empty: any other) and option, and what they are after.
_ELSEWHERE = {
    ("apply", "--at"): "an apply is always for now; another moment is shown by: reconcile plan --at TIME",
    ("plan", "--plan"): "leave it out: `reconcile plan` and `reconcile --plan` are the same",
    ("", "--plan"): "leave it out; what would change is shown by: reconcile plan",
}


def wrong_use(error: click.ClickException) -> Diagnostic:
    """Say it in lower case, without a full stop and on one line."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    hint = (ctx and _hint(error, ctx)) or f"{ctx.command_path if ctx else 'reconcile'} --help"
    message = _words(error)
    return Diagnostic("usage", message[:1].lower() + message[1:], hint)


def _words(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption | click.NoSuchCommand):
        return error.message.rstrip(".")
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        error.param_hint = f"'{(error.param.name or '').upper()}'"
    # Behind that stands, in lines of its own, what the hint says.
    return error.format_message().partition(". Choose from:\n")[0].rstrip(".")


def _hint(error: click.ClickException, ctx: click.Context) -> str | None:
    match error:
        case click.NoSuchCommand() if isinstance(ctx.command, click.Group):
            return _did_you_mean(error.command_name, ctx.command.list_commands(ctx))
        case click.NoSuchOption():
            return _hint_for_option(error.option_name, ctx)
        case click.MissingParameter() if error.param is not None and isinstance(error.param.type, click.Choice):
            *most, last = error.param.type.choices
            return f"give {', '.join(most)} or {last}"
        case _:
            return None


def _hint_for_option(option: str, ctx: click.Context) -> str | None:
    command = ctx.info_name or ""
    elsewhere = _ELSEWHERE.get((command, option)) or (_ELSEWHERE.get(("", option)) if ctx.parent else None)
    if elsewhere is not None:
        return elsewhere
    if ctx.parent is not None and any(option in each.opts for each in ctx.parent.command.params):
        return f"{option} stands before the command: reconcile {option} … {command}"
    by_name = {
        each.lstrip("-"): each for parameter in ctx.command.params for each in parameter.opts if each[:2] == "--"
    }
    return _did_you_mean(option.lstrip("-"), by_name, by_name)


def _did_you_mean(word: str, names: Iterable[str], shown: dict[str, str] | None = None) -> str | None:
    """Give the nearest names, as they are `shown`; None where none is near."""
    found = sorted(nearest(word, names))
    return f"did you mean {' or '.join((shown or {}).get(name, name) for name in found)}?" if found else None
