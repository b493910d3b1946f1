"""What a broken variant is, and the kinds of simulation that may notice it."""

from dataclasses import dataclass

SWARM, STORM, STORM_UNVERSIONED = "swarm", "lost-updates", "lost-updates-without-versions"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One variant. `old` stands once in `file`, below `reconciler/`.

    `judge` is a kind of simulation, whose first schedules (those with the trouble `family`, if one is named) must break
    `promise`; or the test, by its place below `tests/`, that must go red.
    """

    name: str
    file: str
    old: str
    new: str
    promise: str
    judge: str = SWARM
    family: str = ""
