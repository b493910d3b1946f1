"""Judges the package that it finds: exit code 1 as soon as a schedule breaks the promise, 0 when none does.

    python -m tests.mutants.judge swarm P1 200 pages-move

plays those of the first schedules that have the trouble `pages-move`, so many at most; without promise (``) any counts.
"""

import sys
from collections.abc import Sequence
from itertools import islice

from tests.simulation.run import KINDS, play

_SCHEDULES = 2000


def main(args: Sequence[str]) -> int:
    """Play the first schedules of a kind; whatever else goes wrong is a traceback, and another exit code."""
    kind, promise, most, family = args
    drawn = ((seed, KINDS[kind](seed)) for seed in range(_SCHEDULES))
    chosen = ((seed, schedule) for seed, schedule in drawn if family in {"", *schedule.families})
    for seed, schedule in islice(chosen, int(most)):
        for violation in play(schedule)[1]:
            if promise in {"", violation.promise}:
                sys.stdout.write(f"seed {seed}: {violation}\n")
                return 1
    return 0


def guarded(args: Sequence[str]) -> int:
    """As `main`; 2 for a crash, which Python would call 1."""
    try:
        return main(args)
    except Exception as error:  # noqa: BLE001 - a crash is told from a verdict
        sys.stdout.write(f"crashed: {error!r}\n")
        return 2


if __name__ == "__main__":
    sys.exit(guarded(sys.argv[1:]))
