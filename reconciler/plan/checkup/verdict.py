"""What a checkup says: one line for each check, a hint where there is something to do, and whose fault a failure is."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import AccessDenied, InvalidInput, ReconcileError


class State(StrEnum):
    """How a check ended; `skipped` says why in its message."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Fault(StrEnum):
    """Where a failure is to be mended: what was given to us, what the tenant allows, or how it answers."""

    INPUT = "input"
    ACCESS = "access"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Check:
    """One line; `hint` is what to type or to do. Both may hold foreign text. `fault` stands with a failure only."""

    name: str
    state: State
    message: str
    hint: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Checkup:
    """All checks in their order, the tenant's name as far as it is known, and how many requests were sent."""

    tenant: str
    checks: tuple[Check, ...]
    requests: int

    @property
    def first_failure(self) -> Check | None:
        """The failure that explains the others."""
        return next((check for check in self.checks if check.state is State.FAIL), None)

    def count(self, state: State) -> int:
        """How many checks ended that way."""
        return sum(check.state is state for check in self.checks)


def ok(name: str, message: str) -> Check:
    """Nothing to do."""
    return Check(name, State.OK, message)


def warn(name: str, message: str, hint: str) -> Check:
    """Worth knowing; a plan works all the same."""
    return Check(name, State.WARN, message, hint)


def fail(name: str, message: str, hint: str | None, fault: Fault) -> Check:
    """To be mended first."""
    return Check(name, State.FAIL, message, hint, fault)


def skipped(name: str, why: str) -> Check:
    """Not checked, and why."""
    return Check(name, State.SKIPPED, why)


def failed_by(name: str, error: ReconcileError) -> Check:
    """The words of an error, its first message, as a failed check."""
    first, *others = error.diagnostics
    more = f" (and {len(others)} more)" if others else ""
    return fail(name, first.message + more, first.hint, fault_of(error))


def fault_of(error: ReconcileError) -> Fault:
    """Tell where an error is to be mended."""
    for kind, fault in ((InvalidInput, Fault.INPUT), (AccessDenied, Fault.ACCESS)):
        if isinstance(error, kind):
            return fault
    return Fault.TENANT


def counted(number: int, noun: str) -> str:
    """Write a count with its noun: `1 agent`, `2 agents`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
