"""Which comment is due: decided by what is known of the plan and of how the command ended."""

from dataclasses import dataclass, replace

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.plan.change import Plan
from reconciler.render.markdown import (
    applied_comment,
    applying_comment,
    failed_comment,
    plan_comment,
    refused_comment,
    stopped_comment,
    valid_comment,
)
from reconciler.render.marker import Marker
from reconciler.render.report import Report
from reconciler.render.view import View

# Exit codes of a command, as its report has them.
_PLANNED = (0, 2)
_DENIED = 4
_REFUSED = 5
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Known:
    """What a comment is made of.

    `plan` is the newest one, `reviewed` the one that a reviewer saw, where it is another. `report` says how validate,
    plan or apply ended; `is_merged`, that the pull request is merged, so that its comment tells of the apply and keeps
    the marker of the review. `is_applying`: the apply is about to begin. Unless it `is_named`, the tenant is a guess.
    """

    tenant: str
    commit: str = ""
    run: str = ""
    plan: Plan | None = None
    reviewed: Plan | None = None
    report: Report | None = None
    is_merged: bool = False
    is_applying: bool = False
    is_fork: bool = False
    is_named: bool = True

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What went wrong, as the report says it."""
        found = () if self.report is None else self.report.diagnostics
        return tuple(each for each in found if each.severity in (Severity.ERROR, Severity.BLOCK))

    @property
    def is_old(self) -> bool:
        """Whether the apply was refused for nothing but its commit, which is not the newest."""
        return bool(self.errors) and all(each.code == "commit-old" for each in self.errors)

    @property
    def exit_code(self) -> int:
        """How the command ended; -1 where it left no report."""
        return -1 if self.report is None else self.report.exit_code

    @property
    def is_news(self) -> bool:
        """Whether it is worth a comment where there is none yet: a pull request that changes nothing is not.

        Unless something begins or ends by itself later, which nobody else is shown before it is written.
        """
        if self.is_applying:
            return self.reviewed is not None and bool(self.reviewed.changes)
        if self.is_merged and self.report is not None and self.report.outcome is not None:
            return bool(self.report.outcome.agents)
        if self.is_merged or self.plan is None or self.exit_code not in {-1, *_PLANNED}:
            return True
        return bool(self.plan.changes or self.plan.coming) or self.plan.is_blocked


def body_of(known: Known, before: Marker | None, view: View) -> str:
    """Write the comment; `before` is the marker of the one that is there already."""
    if known.is_merged or known.is_applying:
        return _merged(known, before or Marker(known.tenant), view)
    digest = "" if known.plan is None else known.plan.digest
    marker = Marker(known.tenant, known.commit, digest, known.run)
    failed = known.report is not None and known.exit_code not in _PLANNED
    if failed or (known.plan is None and known.report is None):
        return failed_comment(replace(marker, digest="", run=""), known.errors, view, exit_code=known.exit_code)
    if known.plan is None:
        return valid_comment(marker, view, is_fork=known.is_fork)
    return plan_comment(marker, known.plan, view)


def _merged(known: Known, marker: Marker, view: View) -> str:
    if known.is_applying:
        return applying_comment(marker, known.reviewed or known.plan, view)
    if known.report is not None and known.report.outcome is not None:
        # A report says beside its outcome why it stopped, or why a complete one could not be verified.
        is_complete = known.report.outcome.is_complete
        outcome = replace(
            known.report.outcome,
            stopped_by=() if is_complete else known.errors,
            unverified_by=known.errors if is_complete else (),
            is_denied=known.exit_code == _DENIED,
            is_interrupted=known.exit_code == _INTERRUPTED,
        )
        return applied_comment(marker, outcome, known.plan, view)
    if known.exit_code == _REFUSED:
        return refused_comment(marker, known.errors, known.plan, known.reviewed, view)
    has_begun = known.report is not None and known.report.command == "apply"
    return stopped_comment(marker, known.errors, view, exit_code=known.exit_code if has_begun else -1)
