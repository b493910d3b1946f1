"""What a text had no room for: counted exactly, and said in the order in which it is left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from reconciler.plan.change import Action, AgentChange
from reconciler.render.escape import sentence
from reconciler.render.markdown.words import is_proficiency_only, listed, loses, many


class Shown(IntEnum):
    """How much of an agent is shown."""

    NOTHING = 0
    LOSSES = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many notes; agents whose proficiencies change; adds and changes, of so many agents; losses.

    `unnamed`: further losses, of which even the agents are left out.
    """

    notes: int = 0
    proficiency_only: int = 0
    adds: int = 0
    changes: int = 0
    gaining: int = 0
    losses: int = 0
    unnamed: int = 0

    def __bool__(self) -> bool:
        return any(self._phrases())

    def _phrases(self) -> Iterator[str]:
        if self.notes:
            yield many(self.notes, "note")
        if self.proficiency_only:
            yield f"the proficiency changes of {many(self.proficiency_only, 'agent')}"
        if self.gaining:
            counts = [many(number, noun) for number, noun in ((self.adds, "add"), (self.changes, "change")) if number]
            yield f"{' and '.join(counts)} of {many(self.gaining, 'agent')}"
        if self.losses:
            yield f"the details of {many(self.losses, 'removal')}"
        if self.unnamed:
            yield f"the agents of {many(self.unnamed, 'removal')}"

    def text(self, whole_plan: str) -> str:
        """Say it in a line, and where the whole plan is; empty when nothing is left out."""
        if not self:
            return ""
        where = f" The whole plan is {sentence(whole_plan)}." if whole_plan else ""
        return f"**Left out to fit**: {listed(self._phrases())}.{where}"


def count_left_out(changes: Iterable[tuple[AgentChange, Shown]], notes: int = 0, unnamed: int = 0) -> LeftOut:
    """Count what is not shown of the agents. An agent whose losses are listed alone has its gains left out."""
    adds = others = gaining = proficiency_only = lost = 0
    for change, shown in changes:
        if shown is Shown.ALL:
            continue
        losing = sum(map(loses, change.skills))
        lost += losing if shown is Shown.NOTHING else 0
        if is_proficiency_only(change):
            proficiency_only += 1
        elif losing < len(change.skills):
            added = sum(each.action is Action.ADD for each in change.skills)
            gaining += 1
            adds += added
            others += len(change.skills) - losing - added
    return LeftOut(notes, proficiency_only, adds, others, gaining, lost, unnamed)
