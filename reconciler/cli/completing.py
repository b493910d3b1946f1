"""The names that a shell completes: tenants, agents, teams, skills, past runs; found when they are asked for."""

from collections.abc import Callable

import click


def completer(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Complete a name of that kind (a field of `desired.Names`)."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from pathlib import Path

        from reconciler.desired import names

        root = ctx.find_root().params.get("root") or "desired-state"
        found: tuple[str, ...] = getattr(names(Path(root)), kind)
        return [name for name in found if name.casefold().startswith(incomplete.casefold())]

    return complete


complete_tenant = completer("tenants")


def complete_run(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's own
    """Complete the name of a past run, the newest first."""
    import os

    from reconciler.settings import state_folder

    names = (path.stem for path in (state_folder(os.environ) / "runs").glob("*.jsonl"))
    return ["last", *sorted((name for name in names if name.startswith(incomplete)), reverse=True)]
