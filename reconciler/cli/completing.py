"""The names that a shell completes: tenants, agents, teams, skills, past runs; found when they are asked for."""

import re
from collections.abc import Callable

import click

# What bash would split at, expand or obey; all else that is no letter or digit too, for names come from files.
_OBEYED = re.compile(r"[^\w@%+=:,./-]")


def completer(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Complete a name of that kind (a field of `desired.Names`)."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from pathlib import Path

        from reconciler.desired import names

        root = ctx.find_root().params.get("root") or "desired-state"
        found: tuple[str, ...] = getattr(names(Path(root)), kind)
        return [_typed(name) for name in found if name.casefold().startswith(incomplete.casefold())]

    return complete


def _typed(name: str) -> str:
    """Write a name as it stands on a command line. Other shells than bash do that themselves."""
    import os

    is_bash = os.environ.get("_RECONCILE_COMPLETE", "").startswith("bash")
    return _OBEYED.sub(r"\\\g<0>", name) if is_bash else name


complete_tenant = completer("tenants")


def complete_run(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's own
    """Complete the name of a past run, the newest first."""
    import os

    from reconciler.settings import state_folder

    names = (path.stem for path in (state_folder(os.environ) / "runs").glob("*.jsonl"))
    return ["last", *sorted((name for name in names if name.startswith(incomplete)), reverse=True)]
