"""The canonical layout of an agents file, read line by line: several times faster than through YAML events.

It takes only lines whose meaning in YAML is beyond doubt, and only files without any fault; for all else it gives
None, and the file is read in full (`nodes`, `agentfile`), with the same result where both can read it.

    team: Billing EMEA
    agents:
      ana.silva@example.com:
        profiles: [everyone]
        skills:
          Spanish: 90
          Fraud: {proficiency: 40, available: false}

Indents are equal steps of any width; blank lines and comments may stand anywhere.
"""

import re
from array import array

from reconciler.desired.naming import check_name
from reconciler.desired.parsed import Columns, NameUse, ParsedFile
from reconciler.desired.scalars import CODES
from reconciler.desired.text import REPLACEMENT
from reconciler.model.assignments import CODE_BITS, CODE_MASK
from reconciler.model.position import pack_position

# Names that begin with a letter, a digit or an underscore and hold nothing that YAML could mean something by.
_PLAIN = r"\w(?:[\w @.+/()&'-]*[\w@.+/()&'-])?"
_NAME = rf"""(?:(?P<plain>{_PLAIN})|"(?P<double>[^"\\\t]*)"|'(?P<single>[^'\t]*)')"""
_END = r" *(?: #.*)?"
_NUMBER = r"(?:0|[1-9][0-9]?|100)"
_SKIPPED = re.compile(r" *(?:#.*)?")
_TEAM = re.compile(rf"team: +{_NAME}{_END}")
_AGENTS = re.compile(rf"agents:{_END}")
_REF = re.compile(rf"( +){_NAME}:{_END}")
_SKILLS = re.compile(rf"( +)skills:(?P<none> +\{{\}})?{_END}")
_PROFILES = re.compile(rf"( +)profiles: +\[ *({_PLAIN}(?:, *{_PLAIN})*) *\]{_END}")
_PROFILE = re.compile(_PLAIN)
_ENTRY = re.compile(
    rf"( +){_NAME}: +(?:(?P<short>{_NUMBER}|absent)"
    rf"|\{{ *proficiency: +(?P<first>{_NUMBER})(?: *, +available: +(?P<then>true|false))? *\}}"
    rf"|\{{ *available: +(?P<before>true|false) *, +proficiency: +(?P<last>{_NUMBER}) *\}}){_END}"
)
_NULL_WORDS = frozenset({"null", "Null", "NULL"})
_MAX_LINES = 200_000
# Stands for the known lines where no assignment may stand.
_NOTHING: dict[str, int] = {}


class LineMemo:
    """Lines of assignments seen so far in one load, with what they say: files repeat them over and over."""

    __slots__ = ("_by_indent", "_numbers", "names")

    def __init__(self) -> None:
        self._by_indent: dict[int, dict[str, int]] = {}
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []

    def at_indent(self, indent: int) -> dict[str, int]:
        """The known lines with that indent, each as `number of the skill's name << 8 | code`."""
        known = self._by_indent.setdefault(indent, {})
        if len(known) > _MAX_LINES:
            known.clear()
        return known

    def learn(self, line: str, indent: int) -> int | None:
        """Read a line of an assignment; None when it is not beyond doubt."""
        found = _ENTRY.fullmatch(line)
        if found is None or len(found[1]) != indent:
            return None
        name = _good_name(found, "skill name")
        if name is None:
            return None
        code = CODES[found["short"] or found["first"] or found["last"]]
        if (found["then"] or found["before"]) == "false":
            code -= 1
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        known = self._by_indent[indent][line] = number << CODE_BITS | code
        return known


def _good_name(found: re.Match[str], what: str) -> str | None:
    name = found["plain"]
    if name is None:
        name = found["double"] if found["double"] is not None else found["single"]
    return name if check_name(name, what, is_live=True) is None and REPLACEMENT not in name else None


def read_lines(text: str, memo: LineMemo) -> ParsedFile | None:
    """Read a file in the canonical layout; None when it is not, or when anything in it may be wrong."""
    return _LineReader(memo).read(text.split("\n"))


class _LineReader:
    """Reads lines in order; every method for odd lines says whether the line is beyond doubt where it stands."""

    def __init__(self, memo: LineMemo) -> None:
        self._memo = memo
        self._columns = Columns()
        self._team: str | None = None
        self._has_agents = False
        self._is_in_agents = False
        self._step = 0
        # The agent that is open: its name and place, its profiles and whether it has skills, as far as they were read.
        self._ref: str | None = None
        self._ref_at = 0
        self._profiles: tuple[str, ...] | None = None
        self._has_skills = False
        # Lines of assignments that may follow, and whether one must.
        self._known = _NOTHING
        self._needs_entry = False
        self._refs: set[str] = set()
        self._uses: dict[str, int] = {}

    def read(self, lines: list[str]) -> ParsedFile | None:
        """Read the lines of a file."""
        add_entry, add_place = self._columns.entries.append, self._columns.entry_positions.append
        known, column = self._known, 0
        for number, line in enumerate(lines, 1):
            entry = known.get(line)
            if entry is None:
                if _SKIPPED.fullmatch(line):
                    continue
                entry = self._learn(line)
                if entry is None:
                    if not self._odd_line(line, number):
                        return None
                    known, column = self._known, 3 * self._step + 1
                    continue
            add_entry(entry)
            add_place(number << 24 | column)
        return self._parsed() if self._end_agent() and self._columns.refs else None

    def _learn(self, line: str) -> int | None:
        return self._memo.learn(line, 3 * self._step) if self._known is not _NOTHING else None

    def _odd_line(self, line: str, number: int) -> bool:
        if line.startswith(" "):
            return self._is_in_agents and (self._part(line, number) or self._begin_agent(line, number))
        if not self._end_agent():
            return False
        self._is_in_agents = False
        if _AGENTS.fullmatch(line) and not self._has_agents:
            self._has_agents = self._is_in_agents = True
            return True
        found = _TEAM.fullmatch(line)
        if found is None or self._team is not None:
            return line == "---" and not self._has_agents and self._team is None
        self._team = _good_name(found, "team")
        return self._team is not None and self._team not in _NULL_WORDS

    def _begin_agent(self, line: str, number: int) -> bool:
        found = _REF.fullmatch(line)
        if found is None or not self._end_agent():
            return False
        self._step = self._step or len(found[1])
        ref = _good_name(found, "agent name")
        if ref is None or len(found[1]) != self._step or ref in self._refs:
            return False
        self._refs.add(ref)
        self._ref, self._ref_at = ref, pack_position(number, self._step + 1)
        self._profiles, self._has_skills = None, False
        return True

    def _part(self, line: str, number: int) -> bool:
        """Read `skills:` or `profiles: […]` of the open agent."""
        if self._ref is None or self._is_owed():
            return False
        found = _SKILLS.fullmatch(line)
        if found is not None and len(found[1]) == 2 * self._step and not self._has_skills:
            self._has_skills = True
            self._needs_entry = found["none"] is None
            self._known = self._memo.at_indent(3 * self._step) if self._needs_entry else _NOTHING
            return True
        found = _PROFILES.fullmatch(line)
        if found is None or len(found[1]) != 2 * self._step or self._profiles is not None:
            return False
        self._known = _NOTHING
        return self._read_profiles(found, number)

    def _read_profiles(self, found: re.Match[str], number: int) -> bool:
        names = []
        for place in _PROFILE.finditer(found.string, *found.span(2)):
            name = place.group()
            if name in _NULL_WORDS or name in names or check_name(name, "profile name") or REPLACEMENT in name:
                return False
            names.append(name)
            self._uses.setdefault(name, pack_position(number, place.start() + 1))
        self._profiles = tuple(names)
        return True

    def _is_owed(self) -> bool:
        """Whether `skills:` stands there without a value."""
        return self._needs_entry and len(self._columns.entries) == self._columns.starts[-1]

    def _end_agent(self) -> bool:
        if self._ref is None:
            return True
        own = self._columns.entries[self._columns.starts[-1] :]
        is_bare = self._profiles is None and not self._has_skills
        if is_bare or self._is_owed() or len({entry >> CODE_BITS for entry in own}) != len(own):
            return False
        self._columns.end_agent(self._ref, self._ref_at, self._profiles or ())
        self._ref, self._known, self._needs_entry = None, _NOTHING, False
        return True

    def _parsed(self) -> ParsedFile | None:
        """Number the skills by their first use in this file instead of in this load."""
        columns = self._columns
        used = {number: local for local, number in enumerate(dict.fromkeys([e >> CODE_BITS for e in columns.entries]))}
        columns.skills = {self._memo.names[number]: local for number, local in used.items()}
        columns.entries = array("I", [used[e >> CODE_BITS] << CODE_BITS | e & CODE_MASK for e in columns.entries])
        return columns.parsed(self._team, [NameUse(name, at) for name, at in self._uses.items()], [])
