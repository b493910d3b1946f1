"""Whose turn it is: a step starts only when no skill can be short of cover by it, whatever is still in flight."""

from collections import deque
from collections.abc import Collection, Iterator

from reconciler.plan.change import Part, Plan, SkillName, Step
from reconciler.plan.cover import Cover


class Turns:
    """The steps of a plan that are still to be taken.

    The probes go first and alone, until `release`. Then steps that take no cover away, in any number; then the others
    in the order of the plan, each as soon as what it relies upon is committed. Where something went wrong that order
    may lead nowhere: when nothing is in flight any more, the next that is allowed goes all the same, one by one, and
    what is left in the end is held back.
    """

    def __init__(self, plan: Plan, probes: Collection[int]) -> None:
        self._cover = Cover(plan.changes)
        self._free: deque[Step] = deque()
        self._losing: deque[Step] = deque()
        self._probes: deque[Step] = deque()
        self._in_flight = 0
        self._is_probing = bool(probes)
        for step in plan.order:
            self._queue_of(step, probes).append(step)

    def _queue_of(self, step: Step, probes: Collection[int]) -> deque[Step]:
        if step.change in probes and step.part is not Part.FINAL:
            return self._probes
        return self._losing if self._cover.is_loss(step) else self._free

    @property
    def in_flight(self) -> int:
        """How many steps have been taken and not ended."""
        return self._in_flight

    def release(self) -> None:
        """Let everybody else go."""
        self._is_probing = False
        while self._probes:  # one that was not allowed so far takes its turn with the others
            step = self._probes.pop()
            (self._losing if self._cover.is_loss(step) else self._free).appendleft(step)

    def take(self) -> Step | None:
        """Take the next step that may start, or None when none may at the moment."""
        if self._is_probing:
            step = self._first_allowed(self._probes, len(self._probes))
        elif self._free:
            step = self._free.popleft()
        else:
            step = self._first_allowed(self._losing, 1 if self._in_flight else len(self._losing))
        if step is not None:
            self._in_flight += 1
            self._cover.begin(step)
        return step

    def end(self, step: Step, *, is_committed: bool | None) -> None:
        """Say how a step ended; None when nobody knows. With a failed first step its second is given up."""
        self._in_flight -= 1
        self._cover.end(step, is_committed=is_committed)
        if not is_committed and step.part is Part.UNION:
            self._losing = deque(each for each in self._losing if each.change != step.change)

    def rest(self) -> Iterator[tuple[Step, tuple[SkillName, ...]]]:
        """Give what was never taken, with the skills that forbade it."""
        for step in (*self._probes, *self._free, *self._losing):
            yield step, self._cover.forbidding(step)

    def _first_allowed(self, queue: deque[Step], depth: int) -> Step | None:
        for at, step in enumerate(queue):
            if at >= depth:
                break
            if not self._cover.forbidding(step):
                del queue[at]
                return step
        return None
