"""When a run ends early although nobody asked: what is wrong with one agent is wrong with all of them."""

from collections import deque

from reconciler.apply.write import Ended
from reconciler.diagnostics import Diagnostic
from reconciler.plan.outcome import Status

# More than half of so many must have failed: a few odd agents stop nobody else.
_LAST = 10
_FAILED = frozenset({Status.FAILED, Status.UNKNOWN})
_AGAIN = "mend that, then run the same command again; what is done stays done"


class StopRules:
    """Hears how each write ends, and says when to stop, and why."""

    def __init__(self) -> None:
        self._last_refusal = ""
        self._failures: deque[bool] = deque(maxlen=_LAST)

    def judge(self, ended: Ended) -> Diagnostic | None:
        """Give the reason to stop, or None to go on."""
        if ended.defers:
            return Diagnostic("rate-limited", ended.outcome.message, "run the same command again after that pause")
        same_again = bool(ended.refusal) and ended.refusal == self._last_refusal
        self._last_refusal = ended.refusal
        self._failures.append(ended.outcome.status in _FAILED)
        if same_again:
            message = f"the tenant refused two agents in a row with the same words: {ended.outcome.message}"
            return Diagnostic("same-refusal", message, _AGAIN)
        if len(self._failures) == _LAST and sum(self._failures) * 2 > _LAST:
            message = f"{sum(self._failures)} of the last {_LAST} writes failed, the last one: {ended.outcome.message}"
            return Diagnostic("too-many-failures", message, _AGAIN)
        return None
