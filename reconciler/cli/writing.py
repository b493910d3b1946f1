"""The options of everything that writes to the tenant, and what the pipeline makes of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from reconciler.cli.options import Amount, Whole

if TYPE_CHECKING:
    from reconciler.cli.dialog import Dialog
    from reconciler.pipeline import Apply
    from reconciler.plan.canary import CanarySize
    from reconciler.render.plan_json import SavedPlan

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Canary(click.ParamType["CanarySize"]):
    """A count of agents, or a percentage of those who change."""

    name = "N|P%"

    def convert(
        self, value: "str | CanarySize", param: click.Parameter | None, ctx: click.Context | None
    ) -> "CanarySize":
        """Read `5` or `10%`."""
        from reconciler.plan.canary import CanarySize

        size = CanarySize.parse(value) if isinstance(value, str) else value
        if size is None:
            self.fail(f"{value!r} is neither a count from 1 on, such as 5, nor a percentage, such as 10%", param, ctx)
        return size


# What `--allow` takes: a plan's findings that block (`reconciler.plan.policies.BLOCKING`), and an old plan.
ALLOWABLE = (
    "agent-empty",
    "agent-missing",
    "coverage-floor",
    "coverage-unknown",
    "max-agents-changed",
    "max-agents-changed-per-team",
    "max-assignments-removed",
    "max-assignments-removed-per-skill",
    "max-assignments-removed-per-team",
    "old-plan",
)
_WRITING = (
    click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal."),
    click.option("--expect", metavar="DIGEST", help="Go on only if the plan has this digest."),
    click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Save the plan made afresh as JSON."),
    click.option(
        "--allow",
        "allowed",
        type=click.Choice(ALLOWABLE),
        multiple=True,
        metavar="CODE",
        help="Override what blocks under that code; typed on a terminal, or in RECONCILE_ALLOW. Repeatable.",
    ),
    click.option(
        "--canary",
        type=_Canary(),
        metavar="N|P%",
        help="So many agents first, of different teams; read again before the rest goes on.",
    ),
    click.option(
        "--max-concurrency",
        type=Whole(1, 100),
        metavar="N",
        help="Requests under way at once, 1 to 100; tenant.yaml's `max_concurrency` otherwise.",
    ),
    click.option(
        "--deadline",
        type=Amount(is_some=True),
        metavar="MINUTES",
        help="Start no write after that; by the size of the plan otherwise.",
    ),
    click.option(
        "--lock-timeout",
        type=Amount(),
        default=0.0,
        show_default=True,
        metavar="SECONDS",
        help="Wait so long for another apply to the same tenant.",
    ),
)


def writing(function: _Function) -> _Function:
    """Give a command the options of everything that writes; `Writing.of` takes what was given."""
    for option in reversed(_WRITING):
        function = option(function)
    return function


def _check_override(allowed: tuple[str, ...]) -> None:
    """Refuse a typed `--allow` without a terminal: a line in a script would override for ever, and nobody decides."""
    import sys

    from click.core import ParameterSource

    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import Refused

    source = click.get_current_context().get_parameter_source("allowed")
    if source is ParameterSource.COMMANDLINE and not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = "--allow needs somebody at a terminal; nothing was written"
        hint = f"where there is none, say it for this one run: RECONCILE_ALLOW='{' '.join(allowed)}'"
        raise Refused(Diagnostic("allow-unattended", message, hint))


@dataclass(frozen=True, slots=True)
class Writing:
    """What the options of `writing` were given; the names are theirs."""

    yes: bool
    expect: str | None
    out: str | None
    allowed: tuple[str, ...]
    canary: "CanarySize | None"
    max_concurrency: int | None
    deadline: float | None
    lock_timeout: float

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Make it of click's own keywords; Refused where an override was typed and nobody is there."""
        how = cls(**given)
        if how.allowed:
            _check_override(how.allowed)
        return how

    def make(
        self,
        dialog: "Dialog",
        claim: "SavedPlan | None" = None,
        reviewed: "SavedPlan | None" = None,
        gate: "Callable[[], Awaitable[None]] | None" = None,
    ) -> "Apply":
        """Make what the pipeline takes."""
        from reconciler.pipeline import Apply

        return Apply(
            dialog.confirm,
            dialog.stop,
            dialog.advance,
            max_concurrency=self.max_concurrency,
            claim=claim,
            expect=self.expect,
            reviewed=reviewed,
            planned=lambda plan: dialog.keep(plan, self.out),
            gate=gate,
            allowed=frozenset(self.allowed),
            show=dialog.show,
            canary=self.canary,
            deadline_s=None if self.deadline is None else self.deadline * 60,
            lock_timeout_s=self.lock_timeout,
        )
