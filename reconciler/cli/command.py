"""What every command shares: help that shows examples first, and options that the environment can set."""

import click

# (what to type, what it does)
Examples = tuple[tuple[str, str], ...]


class Command(click.Command):
    """A command with examples; each option also listens to `RECONCILE_<COMMAND>_<OPTION>` and `RECONCILE_<OPTION>`."""

    def __init__(self, *args: object, examples: Examples = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # click's own long list of parameters, passed on
        self.examples = examples
        for parameter in self.params:
            if isinstance(parameter, click.Option):
                parameter.envvar = variables_of(parameter.opts[0].lstrip("-"), self.name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; whatever is wrong names the command that it is about, which click leaves out at times."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the text."""
        write_examples(formatter, self.examples)
        super().format_help_text(ctx, formatter)


def variables_of(option: str, command: str | None = None) -> list[str]:
    """Give the variables that set an option (`no-color`), the more particular first."""
    name = option.replace("-", "_").upper()
    return [f"RECONCILE_{command.upper()}_{name}", f"RECONCILE_{name}"] if command else [f"RECONCILE_{name}"]


def write_examples(formatter: click.HelpFormatter, examples: Examples) -> None:
    """Write what to type first: most people came for that."""
    with formatter.section("Examples"):
        formatter.write_dl(list(examples), col_max=48)
