"""Assignments (one agent x one skill), and the packed form in which a hundred thousand sets of them fit into memory.

A *code* is one assignment's value as a small integer: `proficiency * 2 + available`, 0..201. A *packed set* is an
agent's whole set: for each skill `number << 8 | code` as an unsigned 32-bit integer, sorted. Two packed sets over
the same skill numbers are equal exactly when the maps `{skill: (proficiency, available)}` are.
"""

import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache
from struct import Struct
from typing import NamedTuple

MAX_PROFICIENCY = 100
CODE_BITS = 8
CODE_MASK = (1 << CODE_BITS) - 1
# An entry's bytes, and which of them is its code: the lowest.
ENTRY_BYTES = 4
CODE_BYTE = 0 if sys.byteorder == "little" else ENTRY_BYTES - 1
# In desired tables only: the skill is dropped although a profile gives it.
ABSENT = CODE_MASK


class Assignment(NamedTuple):
    """How an agent holds a skill: `proficiency` 0..100 (higher routes first) and whether contacts are offered."""

    proficiency: int
    available: bool


def encode(proficiency: int, available: bool) -> int:  # noqa: FBT001 - the two halves of one value, in its order
    """Make the code of an assignment."""
    return proficiency * 2 + available


# 202 values in all: every set shares these tuples.
_ASSIGNMENTS = tuple(Assignment(code >> 1, bool(code & 1)) for code in range(2 * MAX_PROFICIENCY + 2))


def decode(code: int) -> Assignment:
    """Make the assignment of a code."""
    return _ASSIGNMENTS[code]


def pack(codes: Mapping[int, int]) -> bytes:
    """Pack `{skill number: code}`."""
    return pack_entries([number << CODE_BITS | code for number, code in codes.items()])


def pack_entries(entries: Collection[int]) -> bytes:
    """Pack `number << 8 | code` of every skill, in any order; no number twice."""
    return _packer(len(entries))(*sorted(entries))


@cache
def _packer(length: int) -> Callable[..., bytes]:
    """Give what packs so many integers: half the time of an array."""
    return Struct(f"{length}I").pack


def unpack(packed: bytes) -> dict[int, int]:
    """Undo `pack`."""
    return {entry >> CODE_BITS: entry & CODE_MASK for entry in memoryview(packed).cast("I")}
