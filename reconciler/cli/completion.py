"""`reconcile completion SHELL`: the script that lets a shell complete commands, options and names."""

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit

_EXAMPLES = (
    ('eval "$(reconcile completion bash)"', "in ~/.bashrc; the same for zsh"),
    ("reconcile completion fish > ~/.config/fish/completions/reconcile.fish", "for fish"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the completion script for SHELL: bash, zsh or fish.

    It completes commands and options, and the tenants, teams, agents and skills that the files name.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        message = f"no completion for {shell}"
        raise click.UsageError(message, ctx)
    console: Console = ctx.obj
    console.write(kind(ctx.find_root().command, {}, "reconcile", "_RECONCILE_COMPLETE").source() + "\n")
    return Exit.DONE
