"""The fewest union steps that a plan needs, by trying everything: slow, and right."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from random import Random

from reconciler.plan.change import AgentChange
from tests.plan.changes import moving


def random_swaps(random: Random) -> tuple[AgentChange, ...]:
    """Make a small plan that is hard to order: pairs of agents who mostly swap what they hold."""
    changes: list[AgentChange] = []
    for pair in range(3):
        skills = "".join(random.sample("abcdef", random.randint(2, 4)))
        others = skills if random.random() < 0.7 else "".join(random.sample("abcdef", random.randint(2, 4)))
        cut = random.randint(1, min(len(skills), len(others)) - 1)
        changes.append(moving(f"x{pair}", skills[:cut], skills[cut:]))
        changes.append(moving(f"y{pair}", others[cut:], others[:cut]))
    return tuple(changes)


def fewest_unions(changes: Sequence[AgentChange]) -> int:
    """Try every choice of agents to split, fewest first, until some order of the others leaves no skill short."""
    return next(
        count
        for count in range(len(changes) + 1)
        for split in combinations(range(len(changes)), count)
        if _can_be_ordered(changes, split)
    )


def _can_be_ordered(changes: Sequence[AgentChange], split: Collection[int]) -> bool:
    net = Counter[str]()
    for each in changes:
        net.update(_shifts(each))
    room = {skill: max(0, -by) for skill, by in net.items()}
    for number in split:
        room |= {skill: room[skill] + 1 for skill, by in _shifts(changes[number]).items() if by > 0}
    seen: set[frozenset[int]] = set()
    unseen = [frozenset(range(len(changes))) - frozenset(split)]
    while unseen:
        left = unseen.pop()
        if not left:
            return True
        if left not in seen:
            seen.add(left)
            unseen += [left - {number} for number in left if _is_permitted(changes, room, left, (*split, number))]
    return False


def _is_permitted(
    changes: Sequence[AgentChange], room: Mapping[str, int], left: Collection[int], rest: Sequence[int]
) -> bool:
    """Whether the last of `rest` may be written, when all others have been but for those left and the rest."""
    now = Counter(room)
    for number in range(len(changes)):
        if number not in left and number not in rest:
            now.update(_shifts(changes[number]))
    return all(now[skill] > 0 for skill, by in _shifts(changes[rest[-1]]).items() if by < 0)


def _shifts(change: AgentChange) -> dict[str, int]:
    return {each.skill.id: each.coverage_shift for each in change.skills}
