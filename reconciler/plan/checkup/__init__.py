"""Judges what a checkup found out, check by check, in an order in which the first failure explains the rest."""

from collections.abc import Callable

from reconciler.plan.checkup.connecting import (
    check_address,
    check_clock,
    check_connection,
    check_credential,
    check_rate_limit,
)
from reconciler.plan.checkup.facts import Facts
from reconciler.plan.checkup.local import check_files, check_git, check_state_folder, check_terminal, check_tool
from reconciler.plan.checkup.permissions import (
    check_agents,
    check_reading_skills,
    check_skills,
    check_versions,
    check_writing,
)
from reconciler.plan.checkup.verdict import Check, Checkup

__all__ = ["judge"]

_CHECKS: tuple[Callable[[Facts], Check], ...] = (
    check_files,
    check_address,
    check_connection,
    check_credential,
    check_clock,
    check_reading_skills,
    check_agents,
    check_writing,
    check_rate_limit,
    check_versions,
    check_skills,
    check_state_folder,
    check_git,
    check_tool,
    check_terminal,
)


def judge(facts: Facts) -> Checkup:
    """Put every fact through its check."""
    return Checkup(facts.files.name, tuple(check(facts) for check in _CHECKS), facts.requests)
