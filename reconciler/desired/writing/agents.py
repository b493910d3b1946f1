"""Files of agents: one for each team, cut where it grows too large to review, every set exactly as it is live."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import NamedTuple

from reconciler.desired.modeline import Kind, modeline
from reconciler.desired.writing.layout.lines import MAX_WIDTH
from reconciler.desired.writing.nameable import AgentRefs, SkillRefs, is_writable
from reconciler.desired.writing.profiles import find_shared
from reconciler.desired.writing.scalar import scalar
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.assignments import ABSENT, decode, unpack
from reconciler.model.skills import SkillCatalog
from reconciler.plan.ignored import ignoring_glob

# GitHub shows no differences of a larger file; the reader takes five times as much.
MAX_FILE_BYTES = 1 << 20
_FOLDER = "agents/"
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
    """One agent: what it is sorted by, the line of its name, and what it holds as {skill number: code}."""

    key: tuple[str, str]
    head: str
    codes: Mapping[int, int]


def write_agents(  # noqa: PLR0913 - all that files are made of
    state: LiveState,
    groups: Sequence[Group],
    max_file_bytes: int = MAX_FILE_BYTES,
    *,
    ignore_skills: Sequence[str] | None = None,
    taken_profiles: Iterable[str] | None = None,
    below: str = "",
) -> Written:
    """Write the agents of `groups`; `state` holds everyone, for a name has to mean one agent of all.

    A skill that no file may name (inactive, or not in the tenant's list) goes to `ignored`, which carries it over in
    every write; where that would take along a skill that files do name, those who hold it are left out. A tenant that
    is described already has its own `ignore_skills`: what these match is not written, and nothing goes to `ignored`.
    With `taken_profiles`, names that others have, what agents share is written as profiles. `below` is where the files
    go, seen from the folder of the tenant's schemas; it ends with `/`, or is empty.
    """
    writer = _Writer(state, ignore_skills, below)
    taken = None if taken_profiles is None else set(taken_profiles)
    files: list[File] = []
    stems: set[str] = set()
    for group in groups:
        entries = sorted(writer.entries(group.agents), key=lambda entry: entry.key)
        stem = _free_stem(_stem(group.team, is_alone=len(groups) == 1), stems)
        files += _files(writer, stem, group.team, entries, max_file_bytes, taken)
    return Written(tuple(files), dict(sorted(writer.ignored.items())), tuple(writer.left_out))


class _Writer:
    """Writes agents one by one, and gathers what cannot be written."""

    def __init__(self, state: LiveState, ignore_skills: Sequence[str] | None, below: str) -> None:
        self.head = modeline(Kind.AGENTS, f"{below}{_FOLDER}") + _HEAD
        self.ignored: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self._catalog: SkillCatalog = state.catalog
        self._unreadable = state.unreadable
        self._agents = AgentRefs(state.agents)
        self._skills = SkillRefs(state.catalog)
        self._ignore_skills = ignore_skills
        # Of each skill, the name that its lines are sorted by, how a line begins, and how it ends.
        self._lines: dict[int, tuple[str, str, str]] = {}
        # Of each skill, whether its lines are written; and, where that is no, why who holds it cannot be.
        self._verdicts: dict[int, tuple[bool, str | None]] = {}

    def entries(self, agents: Iterable[LiveAgent]) -> Iterator[_Entry]:
        """Find the lines of those who can be written."""
        for agent in agents:
            ref = self._agents.ref_of(agent)
            reason = self._why_not(agent, ref)
            if ref is None or reason is not None:
                self.left_out.append(LeftOut(agent, reason or ""))
                continue
            codes = unpack(agent.assignments or b"")
            named = {number: code for number, code in codes.items() if self._verdict(number)[0]}
            if self._ignore_skills is None and len(named) < len(codes):
                self._ignore(codes.keys() - named.keys())
            yield _Entry((ref.casefold(), ref), f"  {scalar(ref)}:{_who(agent, ref)}\n", named)

    def line(self, number: int) -> tuple[str, str, str]:
        """Give what a skill's lines are sorted by, how one begins, and how it ends."""
        line = self._lines.get(number)
        if line is None:
            ref, name = self._skills.ref_of(number) or "", self._catalog[number].name
            comment = f"  # {name}" if ref != name and is_writable(name) else ""
            line = self._lines[number] = (name.casefold(), scalar(ref), comment)
        return line

    def lines(self, codes: Mapping[int, int]) -> str:
        """Write the lines of a set, or of a part of one."""
        named = sorted((self.line(number), code) for number, code in codes.items())
        return "".join(_line(start, code, end) for (_, start, end), code in named)

    def _why_not(self, agent: LiveAgent, ref: str | None) -> str | None:
        if agent.assignments is None:
            return self._unreadable.get(agent.id, "the tenant does not say which skills it holds")
        if ref is None:
            return "its e-mail, user name and id are all empty, odd or shared with another agent"
        for number in sorted(unpack(agent.assignments)):
            reason = self._verdict(number)[1]
            if reason is not None:
                skill = self._catalog[number]
                return f"it holds the skill {skill.name} ({skill.id}), which {reason}"
        return None

    def _verdict(self, number: int) -> tuple[bool, str | None]:
        verdict = self._verdicts.get(number)
        if verdict is None:
            verdict = self._verdicts[number] = self._judge(number)
        return verdict

    def _judge(self, number: int) -> tuple[bool, str | None]:
        ref = self._skills.ref_of(number)
        if self._ignore_skills is None:
            is_lost = ref is None and self._skills.glob_for(number) is None
            return ref is not None, self._skills.why_not(number) if is_lost else None
        if ignoring_glob(self._catalog[number].name, self._ignore_skills) is not None:
            return False, None
        if ref is None:
            return False, self._skills.why_not(number)
        # The reader, without the tenant, compares whatever stands in a file.
        glob = ignoring_glob(ref, self._ignore_skills)
        return glob is None, None if glob is None else f"only an id names, and `ignore_skills` matches that ({glob})"

    def _ignore(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            glob = self._skills.glob_for(number)
            if glob is not None:
                self.ignored[glob] = self._skills.why_not(number)


def _line(start: str, code: int, end: str) -> str:
    """Write an assignment, in the canonical layout: below its skill where the line would be too long."""
    if code == ABSENT:
        return f"      {start}: absent{end}\n"
    proficiency, available = decode(code)
    if available:
        return f"      {start}: {proficiency}{end}\n"
    line = f"      {start}: {{proficiency: {proficiency}, available: false}}"
    if len(line) <= MAX_WIDTH:
        return f"{line}{end}\n"
    return f"      {start}:{end}\n        proficiency: {proficiency}\n        available: false\n"


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


def _files(  # noqa: PLR0913, PLR0917 - all that a file is made of
    writer: _Writer, stem: str, team: str | None, entries: Sequence[_Entry], max_bytes: int, taken: set[str] | None
) -> Iterator[File]:
    """Cut the entries into files of at most `max_bytes`, as long as one agent fits into that."""
    head = writer.head + ("" if team is None else f"team: {scalar(team)}\n\n")
    parts = list(_parts(writer, entries, max_bytes - len(f"{head}agents:\n".encode())))
    for number, part in enumerate(parts, 1):
        name = stem if len(parts) == 1 else f"{stem}.part-{number:0{len(str(len(parts)))}}"
        body = "agents:\n" + "\n".join(text for _, text in part)
        if taken is not None:
            body = _with_profiles(writer, stem, [entry for entry, _ in part], body, taken)
        yield File(f"{_FOLDER}{name}.yaml", head + body, len(part))


def _parts(writer: _Writer, entries: Sequence[_Entry], max_bytes: int) -> Iterator[list[tuple[_Entry, str]]]:
    part: list[tuple[_Entry, str]] = []
    room = 0
    for entry in entries:
        text = _agent(writer, entry, entry.codes)
        size = len(text.encode()) + 1
        if size > room:
            if part:
                yield part
            part, room = [], max_bytes
        part.append((entry, text))
        room -= size
    if part:
        yield part


def _agent(writer: _Writer, entry: _Entry, codes: Mapping[int, int], profile: str | None = None) -> str:
    named = "" if profile is None else f"    profiles: [{scalar(profile)}]\n"
    if codes:
        return f"{entry.head}{named}    skills:\n{writer.lines(codes)}"
    return f"{entry.head}{named}" if named else f"{entry.head}    skills: {{}}\n"


def _with_profiles(writer: _Writer, stem: str, entries: Sequence[_Entry], body: str, taken: set[str]) -> str:
    """Write the same agents with what they share as profiles, where that is shorter than `body`."""
    rank = {number: writer.line(number) for entry in entries for number in entry.codes}
    shared = find_shared([entry.codes for entry in entries], rank)
    if not shared.profiles:
        return body
    free = (name for number in count(1) if (name := f"{stem}-{number}") not in taken)
    names = list(islice(free, len(shared.profiles)))
    profiles = [
        f"  {scalar(name)}:\n    skills:\n{writer.lines(codes)}"
        for name, codes in zip(names, shared.profiles, strict=True)
    ]
    agents = []
    for entry, chosen in zip(entries, shared.chosen, strict=True):
        base = {} if chosen is None else shared.profiles[chosen]
        own = {number: code for number, code in entry.codes.items() if base.get(number) != code}
        lacking = dict.fromkeys(base.keys() - entry.codes.keys(), ABSENT)
        agents.append(_agent(writer, entry, own | lacking, None if chosen is None else names[chosen]))
    shorter = "profiles:\n" + "\n".join(profiles) + "\nagents:\n" + "\n".join(agents)
    # A team's long name may cost more than a few short lines.
    if len(shorter.encode()) >= len(body.encode()):
        return body
    taken.update(names)
    return shorter
