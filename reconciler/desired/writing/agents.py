"""Files of agents: one for each team, cut where it grows too large to review, every set exactly as it is live."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.desired.writing.nameable import AgentRefs, SkillRefs, is_writable
from reconciler.desired.writing.scalar import scalar
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.assignments import decode, unpack
from reconciler.model.skills import SkillCatalog

# GitHub shows no differences of a larger file; the reader takes five times as much.
MAX_FILE_BYTES = 1 << 20
_ALL = "all"
_OTHERS = "others"
_LONGEST_STEM = 60
_HEAD = (
    "# An agent that is listed is managed: it holds exactly what is written, and whatever else it holds is removed.\n"
    "# An agent that is listed nowhere is left alone. Take care: `skills: {}` strips an agent.\n\n"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Agents that share files; `team` is their label, None for those without one."""

    team: str | None
    agents: tuple[LiveAgent, ...]


class File(NamedTuple):
    """A file to be: its path below the tenant's folder, its text, and how many agents it declares."""

    path: str
    text: str
    agents: int


class LeftOut(NamedTuple):
    """An agent that desired state cannot express, and why."""

    agent: LiveAgent
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """`files`, the patterns that `ignore_skills` needs beside them (glob -> why), and who could not be written."""

    files: tuple[File, ...]
    ignored: Mapping[str, str]
    left_out: tuple[LeftOut, ...]


class _Entry(NamedTuple):
    """One agent's lines, and what they are sorted by."""

    key: tuple[str, str]
    text: str


def write_agents(state: LiveState, groups: Sequence[Group], max_file_bytes: int = MAX_FILE_BYTES) -> Written:
    """Write the agents of `groups`; `state` holds everyone, for a name has to mean one agent of all.

    A skill that no file may name (inactive, or not in the tenant's list) goes to `ignored`, which carries it over in
    every write; where that would take along a skill that files do name, those who hold it are left out.
    """
    writer = _Writer(state)
    files: list[File] = []
    stems: set[str] = set()
    for group in groups:
        entries = sorted(writer.entries(group.agents))
        stem = _free_stem(_stem(group.team, is_alone=len(groups) == 1), stems)
        files += _files(stem, group.team, entries, max_file_bytes)
    return Written(tuple(files), dict(sorted(writer.ignored.items())), tuple(writer.left_out))


class _Writer:
    """Writes agents one by one, and gathers what cannot be written."""

    def __init__(self, state: LiveState) -> None:
        self.ignored: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self._catalog: SkillCatalog = state.catalog
        self._unreadable = state.unreadable
        self._agents = AgentRefs(state.agents)
        self._skills = SkillRefs(state.catalog)
        # Of each skill, the name that its lines are sorted by, how a line begins, and how it ends.
        self._lines: dict[int, tuple[str, str, str]] = {}

    def entries(self, agents: Iterable[LiveAgent]) -> Iterator[_Entry]:
        """Write those who can be written."""
        for agent in agents:
            ref = self._agents.ref_of(agent)
            reason = self._why_not(agent, ref)
            if ref is None or reason is not None:
                self.left_out.append(LeftOut(agent, reason or ""))
                continue
            text = f"  {scalar(ref)}:{_who(agent, ref)}\n{self._set(unpack(agent.assignments or b''))}"
            yield _Entry((ref.casefold(), ref), text)

    def _why_not(self, agent: LiveAgent, ref: str | None) -> str | None:
        if agent.assignments is None:
            return self._unreadable.get(agent.id, "the tenant does not say which skills it holds")
        if ref is None:
            return "its e-mail, user name and id are all empty, odd or shared with another agent"
        for number in sorted(unpack(agent.assignments)):
            if self._skills.ref_of(number) is None and self._skills.glob_for(number) is None:
                skill = self._catalog[number]
                return f"it holds the skill {skill.name} ({skill.id}), which {self._skills.why_not(number)}"
        return None

    def _set(self, codes: Mapping[int, int]) -> str:
        named: list[tuple[tuple[str, str, str], int]] = []
        for number, code in codes.items():
            if self._skills.ref_of(number) is None:
                self._ignore(number)
            else:
                named.append((self._line(number), code))
        if not named:
            return "    skills: {}\n"
        lines = (f"      {start}: {_value(code)}{end}\n" for (_, start, end), code in sorted(named))
        return "    skills:\n" + "".join(lines)

    def _ignore(self, number: int) -> None:
        glob = self._skills.glob_for(number)
        if glob is not None:
            self.ignored[glob] = self._skills.why_not(number)

    def _line(self, number: int) -> tuple[str, str, str]:
        line = self._lines.get(number)
        if line is None:
            ref, name = self._skills.ref_of(number) or "", self._catalog[number].name
            comment = f"  # {name}" if ref != name and is_writable(name) else ""
            line = self._lines[number] = (name.casefold(), scalar(ref), comment)
        return line


def _value(code: int) -> str:
    proficiency, available = decode(code)
    return str(proficiency) if available else f"{{proficiency: {proficiency}, available: false}}"


def _who(agent: LiveAgent, ref: str) -> str:
    """Say beside an id, as a comment, whose it is."""
    names = [name for name in dict.fromkeys((agent.email, agent.user_name)) if ref == agent.id and is_writable(name)]
    return f"  # {', '.join(names)}" if names else ""


def _stem(team: str | None, *, is_alone: bool) -> str:
    """Make a file's name of a team's: plain letters, so that it is the same on every file system."""
    if team is None:
        return _ALL if is_alone else _OTHERS
    plain = unicodedata.normalize("NFKD", team).encode("ascii", "ignore").decode("ascii").lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_STEM].rstrip("-") or "team"
    # A `tenant.yaml` down here would be taken for another tenant.
    return f"{stem}-team" if stem == "tenant" else stem


def _free_stem(stem: str, taken: set[str]) -> str:
    free, number = stem, 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    taken.add(free)
    return free


def _files(stem: str, team: str | None, entries: Sequence[_Entry], max_bytes: int) -> Iterator[File]:
    """Cut the entries into files of at most `max_bytes`, as long as one agent fits into that."""
    head = _HEAD + ("" if team is None else f"team: {scalar(team)}\n\n") + "agents:\n"
    parts: list[list[str]] = []
    room = 0
    for entry in entries:
        size = len(entry.text.encode()) + 1
        if size > room:
            parts.append([])
            room = max_bytes - len(head.encode())
        parts[-1].append(entry.text)
        room -= size
    for number, part in enumerate(parts, 1):
        name = stem if len(parts) == 1 else f"{stem}.part-{number:0{len(str(len(parts)))}}"
        yield File(f"agents/{name}.yaml", head + "\n".join(part), len(part))
