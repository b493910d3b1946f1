"""How far the coverage of each skill may still sink while a plan is written: asked before every write, told after."""

from collections import Counter
from collections.abc import Sequence

from reconciler.plan.change import AgentChange, Part, SkillName, Step


class Cover:
    """Keeps the coverage of every skill at or above the lower of before and after, whatever is in flight or fails.

    A skill's *room* is how many active agents may still lose it. It begins as `before - min(before, after)`, which is
    the plan's net loss, so that nobody needs to know the coverage itself; a loss uses it up from the moment its write
    starts, a gain adds to it once its write is proved. While no room is below zero, neither is any skill too low.
    """

    def __init__(self, changes: Sequence[AgentChange]) -> None:
        self._names = {each.skill.id: each.skill for change in changes for each in change.skills}
        self._losses = [_shifted(change, -1) for change in changes]
        self._gains = [_shifted(change, 1) for change in changes]
        net: Counter[str] = Counter(skill for skills in self._gains for skill in skills)
        net.subtract(skill for skills in self._losses for skill in skills)
        self._room = {skill: max(0, -by) for skill, by in net.items()}
        self._united: set[int] = set()

    def losses_of(self, step: Step) -> tuple[str, ...]:
        """Give the ids of the skills that the agent can no longer take after this write."""
        return () if step.part is Part.UNION else self._losses[step.change]

    def gains_of(self, step: Step) -> tuple[str, ...]:
        """Give the ids of the skills that the agent can take after this write, and could not before."""
        return () if step.part is Part.FINAL else self._gains[step.change]

    def is_loss(self, step: Step) -> bool:
        """Whether the write takes cover away; one that does not may go at any time."""
        return bool(self.losses_of(step))

    def room_of(self, skill_id: str) -> int:
        """Give how many agents may still lose the skill."""
        return self._room[skill_id]

    def forbidding(self, step: Step) -> tuple[SkillName, ...]:
        """Give the skills that would be short of cover if this write started now; none: it may start.

        The second half of a change is forbidden, by all that it takes away, until the first is proved.
        """
        if step.part is Part.FINAL and step.change not in self._united:
            return tuple(self._names[skill] for skill in self._losses[step.change])
        return tuple(self._names[skill] for skill in self.losses_of(step) if self._room[skill] < 1)

    def begin(self, step: Step) -> None:
        """Count the losses of a write that starts."""
        for skill in self.losses_of(step):
            self._room[skill] -= 1

    def end(self, step: Step, *, is_committed: bool | None) -> None:
        """Count the gains of a write that was committed, or give back the losses of one that was not.

        None is for a write of which nobody knows: its losses stay counted, its gains do not count.
        """
        if is_committed is None:
            return
        for skill in self.gains_of(step) if is_committed else self.losses_of(step):
            self._room[skill] += 1
        if is_committed and step.part is Part.UNION:
            self._united.add(step.change)


def _shifted(change: AgentChange, by: int) -> tuple[str, ...]:
    """Give the ids of the skills whose coverage this agent shifts by so much; an inactive one shifts none."""
    return tuple(each.skill.id for each in change.skills if each.coverage_shift == by) if change.is_active else ()
