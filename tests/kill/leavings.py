"""What a killed run leaves in its journal, read by a reader of its own: the one under test is not asked."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.kill.story import Held


@dataclass
class Left:
    """What a journal says of one agent: the sets asked for, in order, its last outcome since, who looked after it."""

    asked: list[Held] = field(default_factory=list)
    status: str | None = None
    resolved: list[tuple[str, str, str]] = field(default_factory=list)  # status, words, by which run

    @property
    def is_doubtful(self) -> bool:
        """Whether nobody knows yet how it ended."""
        return bool(self.asked) and not self.resolved and self.status in {None, "unknown"}


def lines_of(journal: bytes) -> list[dict[str, Any]]:
    """Give the whole lines; a torn last one was never written."""
    return [json.loads(line) for line in journal.split(b"\n")[:-1]]


def read_left(journal: bytes) -> dict[str, Left]:
    """Read what a journal says of each agent, by id."""
    agents: dict[str, Left] = {}
    for line in lines_of(journal):
        match line["type"]:
            case "intent":
                left = agents.setdefault(line["agent"]["id"], Left())
                left.asked.append(_held(line["after"]))
                left.status, left.resolved = None, []
            case "outcome":
                agents.setdefault(line["agent"]["id"], Left()).status = line["status"]
            case "resolved":
                agents[line["agent_id"]].resolved.append((line["status"], line["message"], line["by_run"]))
    return agents


def intents_of(journals: Mapping[str, bytes], agent_id: str) -> list[Held]:
    """Give the sets that a run's journal says it was about to send to an agent."""
    return [held for journal in journals.values() for held in read_left(journal).get(agent_id, Left()).asked]


def is_closed(journal: bytes) -> bool:
    """Whether its last line says that nothing is in doubt."""
    *_, last = lines_of(journal) or [{"type": "settled"}]
    return bool(last["type"] == "settled" or (last["type"] == "end" and last["doubtful"] == 0))


def _held(values: Mapping[str, Iterable[Any]]) -> Held:
    return {skill: (proficiency, available) for skill, (proficiency, available) in values.items()}
