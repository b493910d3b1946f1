"""Skill sets that many agents share: found among those of one file, so that each is written once and named by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# One value of one skill: what an agent holds, and what a profile gives.
Item = tuple[int, int]

# A profile that two share is read more often than it saves.
FEWEST_AGENTS = 3
_MOST_PROFILES = 30
# How often agents are counted for one file: an end for sets that have nothing in common, far above what people make.
_MOST_COUNTS = 200_000
# What a profile takes beside its skills: its name, and `skills:`.
_OVERHEAD = 2


@dataclass(frozen=True, slots=True)
class Shared:
    """`profiles` are skills with their codes; `chosen` is for each agent the number of its profile, or None."""

    profiles: tuple[Mapping[int, int], ...]
    chosen: tuple[int | None, ...]


class _Masks(NamedTuple):
    """A set as bits: one for each skill with its value, and one for each skill whatever its value."""

    items: int
    skills: int


def find_shared(sets: Sequence[Mapping[int, int]], rank: Mapping[int, object]) -> Shared:
    """Find profiles for agents who hold `sets` (skill number -> code); `rank` sorts the numbers, for equal counts.

    The value of most agents comes first; then, among those who hold it, again and again the next one that most of them
    hold, as long as three do. Of all the sets on that way the one that saves most lines becomes a profile; so it goes
    on with who is left. Then each agent takes the one profile that leaves it the fewest lines, if that saves any: a
    value that differs is written over it, a skill that it lacks is `absent`. What is not worth its lines is dropped.
    """
    items = sorted(
        {item for codes in sets for item in codes.items()},
        key=lambda item: (rank[item[0]], item),
    )
    profiles = _grow(sets, items)
    bits = {item: 1 << place for place, item in enumerate(items)}
    places = {number: 1 << place for place, number in enumerate(dict.fromkeys(number for number, _ in items))}

    def masks(codes: Mapping[int, int]) -> _Masks:
        return _Masks(sum(bits[item] for item in codes.items()), sum(places[number] for number in codes))

    return _settle([masks(codes) for codes in sets], profiles, [masks(profile) for profile in profiles])


def _grow(sets: Sequence[Mapping[int, int]], items: Sequence[Item]) -> list[dict[int, int]]:
    holders = dict.fromkeys(items, 0)
    for place, codes in enumerate(sets):
        for item in codes.items():
            holders[item] |= 1 << place
    left = (1 << len(sets)) - 1
    counts_left = _MOST_COUNTS
    found: list[dict[int, int]] = []
    while len(found) < _MOST_PROFILES and counts_left > 0:
        profile, supporters, counts = _best(holders, left)
        if not profile:
            break
        found.append(profile)
        left &= ~supporters
        counts_left -= counts
    return found


def _best(holders: Mapping[Item, int], left: int) -> tuple[dict[int, int], int, int]:
    """Give the set that saves most lines among agents `left`, those who hold it, and how often they were counted."""
    candidates = list(holders)
    path: list[Item] = []
    best, best_length, best_supporters = 0, 0, 0
    supporters, counts = left, 0
    while True:
        counts += len(candidates)
        counted = [(count, item) for item in candidates if (count := (holders[item] & supporters).bit_count())]
        counted = [(count, item) for count, item in counted if count >= FEWEST_AGENTS]
        if not counted:
            break
        count, item = max(counted, key=lambda each: each[0])  # the first of equals
        candidates = [other for _, other in counted if other[0] != item[0]]
        path.append(item)
        supporters &= holders[item]
        saved = count * (len(path) - 1) - len(path) - _OVERHEAD
        if saved > best:
            best, best_length, best_supporters = saved, len(path), supporters
    return dict(path[:best_length]), best_supporters, counts


def _settle(sets: Sequence[_Masks], profiles: Sequence[dict[int, int]], masks: Sequence[_Masks]) -> Shared:
    """Let each agent choose, and drop what too few have chosen, until every profile is worth its lines."""
    kept = list(range(len(profiles)))
    while True:
        answers = {each: _choice(each, kept, masks) for each in set(sets)}
        saved = dict.fromkeys(kept, 0)
        users = dict.fromkeys(kept, 0)
        for each in sets:
            profile, lines = answers[each]
            if profile is not None:
                saved[profile] += lines
                users[profile] += 1
        worth = [
            each for each in kept if users[each] >= FEWEST_AGENTS and saved[each] > len(profiles[each]) + _OVERHEAD
        ]
        if worth == kept:
            break
        kept = worth
    number = {profile: place for place, profile in enumerate(kept)}
    chosen = (answers[each][0] for each in sets)
    return Shared(
        tuple(profiles[each] for each in kept), tuple(None if each is None else number[each] for each in chosen)
    )


def _choice(agent: _Masks, kept: Sequence[int], masks: Sequence[_Masks]) -> tuple[int | None, int]:
    """Give the profile that saves this agent most lines, the first of equals, and how many."""
    best, most = None, 0
    for each in kept:
        profile = masks[each]
        # What it gives, less the line that names it and a line for each skill that the agent lacks.
        saved = (agent.items & profile.items).bit_count() - 1 - (profile.skills & ~agent.skills).bit_count()
        if saved > most:
            best, most = each, saved
    return best, most
