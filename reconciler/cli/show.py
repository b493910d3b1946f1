"""`reconcile show FILE`: a saved plan, in any format."""

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import all_coverage_option, format_option

_EXAMPLES = (
    ("reconcile show plan.json", "as the plan was printed"),
    ("reconcile show plan.json --format html > plan.html", "a page for a browser"),
    ("reconcile show plan.json --format json | jq .changes", "for a script"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("file", type=click.Path(dir_okay=False))
@all_coverage_option
@format_option("text", "json", "markdown", "gitlab", "html")
@click.pass_obj
def show(console: Console, file: str, format: str, all_coverage: bool) -> int:  # noqa: A002 - the option's own name
    """Show a plan that `reconcile plan --out FILE` saved.

    A file that was damaged or edited is refused: its digest must fit its content.
    """
    from reconciler.cli.documents import read_saved
    from reconciler.cli.plan import written

    saved = read_saved(file)
    console.write(written(saved.plan, format, saved.created_at, console, all_coverage=all_coverage))
    return Exit.DONE
