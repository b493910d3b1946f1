"""The canaries of an apply: a few agents, of different teams, that are written and verified before all others."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.plan.change import AgentChange, Plan, Step
from reconciler.plan.cover import Cover

_SIZE = re.compile(r"0*([1-9][0-9]{0,8})(%?)", re.ASCII)
_WHOLE_PERCENT = 100


@dataclass(frozen=True, slots=True)
class CanarySize:
    """How many agents go first: a number of them, or a percentage of those to write."""

    number: int
    is_percentage: bool = False

    @classmethod
    def parse(cls, text: str) -> "CanarySize | None":
        """Read `5` or `10%`; None where it is neither, is nothing, or is more than all."""
        match = _SIZE.fullmatch(text)
        if match is None:
            return None
        size = cls(int(match[1]), is_percentage=bool(match[2]))
        return None if size.is_percentage and size.number > _WHOLE_PERCENT else size

    def of(self, changes: int) -> int:
        """Give how many of so many agents go first: a percentage rounded up, and never more than there are."""
        wanted = -(-changes * self.number // _WHOLE_PERCENT) if self.is_percentage else self.number
        return min(wanted, changes)


def choose_probes(plan: Plan, size: CanarySize | None) -> frozenset[int]:
    """Choose who goes first and alone: the canary, else one agent."""
    if size is None:
        return frozenset(step.change for step in plan.order[:1])
    return choose_canary(plan.changes, plan.order, size.of(len(plan.changes)))


def choose_canary(changes: Sequence[AgentChange], order: Sequence[Step], count: int) -> frozenset[int]:
    """Choose up to `count` agents, by their places in `changes`: one team after the other, in the order of the plan.

    Chosen is only whose first step in `order` can go before everything else, with none of the canaries' own gains
    counted, and so that the order of the rest still holds; there may be fewer such agents than asked for. The agent of
    the first step always is one. Of a change in two steps the canary is the first, which takes nothing away; the second
    keeps its place in `order`. Agents without a team count as one team.
    """
    cover = Cover(changes)
    rooms = _rooms_before(cover, order)
    teams: dict[str | None, list[int]] = {}
    for number in reversed(range(len(changes))):
        teams.setdefault(changes[number].team, []).append(number)
    taken: Counter[str] = Counter()
    chosen: set[int] = set()
    rounds = [teams[team] for team in dict.fromkeys(change.team for change in changes)]
    while rounds and len(chosen) < count:
        for waiting in rounds:
            place = _next_permitted(waiting, rooms, taken)
            if place is not None and len(chosen) < count:
                chosen.add(place)
                taken.update(rooms[place].keys())
        rounds = [waiting for waiting in rounds if waiting]
    return frozenset(chosen)


def _next_permitted(waiting: list[int], rooms: Sequence[dict[str, int]], taken: Counter[str]) -> int | None:
    """Take from the end of `waiting` until one has room left; one without room now will never have it."""
    while waiting:
        place = waiting.pop()
        if all(room > taken[skill] for skill, room in rooms[place].items()):
            return place
    return None


def _rooms_before(cover: Cover, order: Sequence[Step]) -> list[dict[str, int]]:
    """Give for each change, by skill that its first step takes, the least room there is up to that step.

    So much can be taken ahead of the order without leaving any write in it short of room.
    """
    lowest = {skill: cover.room_of(skill) for step in order for skill in cover.losses_of(step)}
    rooms: dict[int, dict[str, int]] = {}
    for step in order:
        losses = cover.losses_of(step)
        rooms.setdefault(step.change, {skill: lowest[skill] for skill in losses})
        cover.begin(step)
        for skill in losses:
            lowest[skill] = min(lowest[skill], cover.room_of(skill))
        cover.end(step, is_committed=True)
    return [rooms[number] for number in range(len(rooms))]
