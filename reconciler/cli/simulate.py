"""`reconcile simulate`: serves a simulated tenant over HTTP, to try things out."""

from collections.abc import Callable

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import Whole

_EXAMPLES = (
    ("reconcile simulate", "the tenant of the shipped example, on a free port"),
    ("reconcile simulate --port 8080 --agents 1000 --limit 100", "a larger one, at a fixed port"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--port", type=Whole(0, 65535), default=0, show_default=True, metavar="N",
              help="The port, 0 to 65535; 0 is a free one.")  # fmt: skip
@click.option(
    "--agents", type=Whole(1, 200_000), metavar="N", help="How many agents, 1 to 200000; the example's otherwise."
)
@click.option("--limit", type=Whole(1), default=100, show_default=True, metavar="N",
              help="Requests a minute, then 429.")  # fmt: skip
@click.pass_obj
def simulate(console: Console, port: int, agents: int | None, limit: int) -> int:
    """Serve a simulated tenant on this machine until Ctrl-C.

    It keeps its state in memory: every start is a fresh tenant.
    """
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput
    from reconciler.simulator import Behaviour, demo_tenant, generated_tenant, make_app, serve

    behaviour = Behaviour(limit=limit)
    tenant = demo_tenant(behaviour) if agents is None else generated_tenant(agents, behaviour=behaviour)
    try:
        serve(make_app(tenant), port, _announcer(console, limit))
    except OSError as error:
        message = f"port {port} cannot be had: {error.strerror}"
        raise InvalidInput(Diagnostic("port", message, "give another, or --port 0 for a free one")) from error
    return Exit.DONE


def _announcer(console: Console, limit: int) -> Callable[[int], None]:
    from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET

    def ready(bound: int) -> None:
        console.write(
            f"Simulated tenant at http://127.0.0.1:{bound}, {limit} requests per 60 s. In another terminal:\n\n"
            f"  export CXONE_BASE_URL=http://127.0.0.1:{bound}\n"
            f"  export CXONE_CLIENT_ID={DEMO_CLIENT_ID}\n"
            f"  export CXONE_CLIENT_SECRET={DEMO_CLIENT_SECRET}\n"
            "  reconcile --plan\n\n"
        )
        console.say("Ctrl-C stops it")

    return ready
