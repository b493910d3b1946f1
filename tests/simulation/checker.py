"""The checker: every promise of the tool, and the function that says where the evidence breaks it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.simulation import recording, sending, writing
from tests.simulation.evidence import Evidence

# P11 and P16 are about policies and shown text: no tenant's log can tell; they have tests elsewhere.
PROMISES: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "P1": writing.replaces_what_was_planned,
    "P2": writing.stores_what_was_planned,
    "P3": writing.says_what_happened,
    "P3, P19": recording.records_first,
    "P3, P17": recording.accounts_for_every_intent,
    "P4": sending.keeps_the_budget,
    "P5": writing.writes_nothing_when_it_must_not,
    "P6": sending.shows_no_secret,
    "P7": writing.converges,
    "P8": sending.ends,
    "P9": writing.keeps_one_plan_of_two,
    "P10": sending.misses_nobody,
    "P12": recording.keeps_cover,
    "P13": sending.goes_nowhere_else,
    "P14": writing.leaves_the_rest_alone,
    "P15": sending.plans_the_same_twice,
    "P17": sending.stops_at_a_signal,
    "P18": sending.reads_by_get,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise, and how the evidence breaks it."""

    promise: str
    text: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.text}"


def check(evidence: Evidence) -> list[Violation]:
    """Give every violation."""
    return [Violation(promise, text) for promise, find in PROMISES.items() for text in find(evidence)]
