"""From the tree of one file to what it declares: `team`, `profiles`, `agents`; every mistake on the way is noted."""

from collections.abc import Mapping as AbstractMapping

from reconciler.desired.naming import check_name
from reconciler.desired.nodes import Broken, Mapping, Node, Scalar, Sequence
from reconciler.desired.parsed import Columns, NameUse, ParsedFile, ParsedProfile
from reconciler.desired.report import Report, did_you_mean, listed, shown
from reconciler.desired.scalars import CODES, is_absent, kind, read_available, read_proficiency
from reconciler.desired.windows import read_holds, read_overrides
from reconciler.model.assignments import ABSENT, encode

_NULL_HINTS: AbstractMapping[str, str] = {
    "skills": "write `skills: {}` if no skills are meant, or remove the key",
    "profiles": "write the profiles' names in brackets, or remove the key",
    "extends": "write the profiles' names in brackets, or remove the key",
    "overrides": "write `overrides: []`, or remove the key",
    "holds": "write `holds: []`, or remove the key",
    "team": "write the team's name, or remove the key",
}
_TOP_KEYS = ("team", "profiles", "agents", "overrides", "holds")
_TENANT_KEYS = ("version", "tenant", "ignore_skills", "policies")
_ENTRY_KEYS = ("proficiency", "available")


def read_file(root: Node, report: Report) -> ParsedFile:
    """Read a file of a tenant's folder, other than `tenant.yaml`."""
    return _FileReader(report).read(root)


class _FileReader:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._columns = Columns()
        self._uses: dict[str, int] = {}
        self._skills_seen: set[str] = set()
        self._checked: set[tuple[str, str]] = set()

    def read(self, root: Node) -> ParsedFile:
        top = self._mapping(root, "the file", _TOP_KEYS)
        team = self._team(top.get("team"))
        profiles = [self._profile(key, node) for key, node in self._named(top.get("profiles"), "profiles")]
        for key, node in self._named(top.get("agents"), "agents"):
            self._agent(key, node)
        uses = [NameUse(name, at) for name, at in self._uses.items()]
        overrides = read_overrides(*top["overrides"], self._report) if "overrides" in top else []
        holds = read_holds(*top["holds"], self._report) if "holds" in top else []
        return self._columns.parsed(team, uses, profiles, overrides, holds)

    def _mapping(self, node: Node, what: str, allowed: tuple[str, ...]) -> dict[str, tuple[Scalar, Node]]:
        """The allowed entries of a mapping that have a value; all else is noted."""
        if isinstance(node, Broken):
            return {}
        if not isinstance(node, Mapping):
            said = "has no value" if isinstance(node, Scalar) and node.is_null else f"is a {kind(node)}, not a mapping"
            keys = "`agents:`" if allowed is _TOP_KEYS else listed(allowed)
            self._report.error("not-a-mapping", node.at, f"{what} {said}", f"write {keys} there, and lines below it")
            return {}
        good = {}
        for name, (key, value) in node.entries.items():
            if name == "<<" and isinstance(value, Broken):
                continue
            if name not in allowed:
                self._unknown_key(key, what, allowed)
            elif isinstance(value, Scalar) and value.is_null and name not in _ENTRY_KEYS:
                self._null(key, allowed)
            else:
                good[name] = (key, value)
        return good

    def _unknown_key(self, key: Scalar, what: str, allowed: tuple[str, ...]) -> None:
        if allowed is _TOP_KEYS and key.text in _TENANT_KEYS:
            hint: str | None = "this key belongs into `tenant.yaml`"
        else:
            hint = did_you_mean(key.text, allowed)
        message = f"the key {shown(key.text)} is unknown in {what}; allowed are {listed(allowed)}"
        self._report.error("unknown-key", key.at, message, hint)

    def _null(self, key: Scalar, allowed: tuple[str, ...]) -> None:
        empty = f"write `{key.text}: {{}}`, or remove the key"
        is_mapping = allowed is _TOP_KEYS and key.text == "profiles"
        hint = empty if is_mapping else _NULL_HINTS.get(key.text, empty)
        self._report.error("null-value", key.at, f"the key {shown(key.text)} has no value", hint)

    def _named(self, entry: tuple[Scalar, Node] | None, what: str) -> list[tuple[Scalar, Node]]:
        """The entries of a mapping whose keys are names of our users' choice."""
        if entry is None or isinstance(entry[1], Broken):
            return []
        key, node = entry
        if isinstance(node, Mapping):
            return [entry for entry in node.entries.values() if not isinstance(entry[1], Broken)]
        self._report.error(
            "not-a-mapping",
            node.at,
            f"{shown(key.text)} is a {kind(node)}, not a mapping of {what}",
            f"write `{key.text}: {{}}` for none",
        )
        return []

    def _name(self, node: Scalar, what: str, *, is_live: bool = False) -> str:
        """The text of a name; each is checked once for a file."""
        if (node.text, what) not in self._checked:
            self._checked.add((node.text, what))
            problem = check_name(node.text, what, is_live=is_live)
            if problem is not None:
                self._report.problem(node.at, problem)
        return node.text

    def _team(self, entry: tuple[Scalar, Node] | None) -> str | None:
        if entry is None or isinstance(entry[1], Broken):
            return None
        node = entry[1]
        if isinstance(node, Scalar):
            return self._name(node, "team")
        self._report.error("not-a-text", node.at, f"`team` is a {kind(node)}, not a text", "write one team's name")
        return None

    def _profile(self, key: Scalar, node: Node) -> ParsedProfile:
        what = f"the profile {shown(self._name(key, 'profile name'))}"
        parts = self._mapping(node, what, ("extends", "skills"))
        extends = self._list(parts.get("extends"))
        return ParsedProfile(key.text, key.at, extends, self._skills(parts.get("skills")))

    def _agent(self, key: Scalar, node: Node) -> None:
        ref = self._name(key, "agent name", is_live=True)
        if (isinstance(node, Mapping) and not node.entries) or (isinstance(node, Scalar) and node.is_null):
            self._report.error(
                "nothing-declared",
                key.at,
                f"nothing is declared for the agent {shown(ref)}",
                "write `skills: {}` below it to strip it of all skills, or remove it",
            )
            parts: dict[str, tuple[Scalar, Node]] = {}
        else:
            parts = self._mapping(node, f"the agent {shown(ref)}", ("profiles", "skills"))
        profiles = self._list(parts.get("profiles"))
        for use in profiles:
            self._uses.setdefault(use.name, use.at)
        self._columns.add_entries(self._skills(parts.get("skills")))
        self._columns.end_agent(ref, key.at, tuple(use.name for use in profiles))

    def _list(self, entry: tuple[Scalar, Node] | None) -> list[NameUse]:
        """A list of profiles' names, none twice."""
        if entry is None or isinstance(entry[1], Broken):
            return []
        key, node = entry
        if not isinstance(node, Sequence):
            hint = f"write `{key.text}: [{node.text[:40]}]`" if isinstance(node, Scalar) else "write names in brackets"
            self._report.error("not-a-list", node.at, f"{shown(key.text)} is a {kind(node)}, not a list", hint)
            return []
        found: dict[str, NameUse] = {}
        for item in node.items:
            if isinstance(item, Scalar) and not item.is_null:
                name = self._name(item, "profile name")
                if name in found:
                    self._report.error("listed-twice", item.at, f"{shown(name)} is listed twice", "keep one of the two")
                found.setdefault(name, NameUse(name, item.at))
            elif not isinstance(item, Broken):
                said = "nothing" if isinstance(item, Scalar) else f"a {kind(item)}"
                self._report.error(
                    "not-a-text", item.at, f"{said} stands where a profile's name is due", "write its name"
                )
        return list(found.values())

    def _skills(self, entry: tuple[Scalar, Node] | None) -> list[tuple[str, int, int]]:
        """The assignments of a `skills` mapping, as (skill, code, packed position of the skill's name)."""
        if entry is None or isinstance(entry[1], Broken):
            return []
        node = entry[1]
        if not isinstance(node, Mapping):
            message = f"`skills` is a {kind(node)}, not a mapping of skills to proficiencies"
            self._report.error("not-a-mapping", node.at, message, "write one `Skill: 60` per line below it")
            return []
        found = []
        seen = self._skills_seen
        for skill, (key, value) in node.entries.items():
            if skill not in seen:
                seen.add(skill)
                self._name(key, "skill name", is_live=True)
            if isinstance(value, Scalar) and not value.style and value.text in CODES:
                code: int | None = CODES[value.text]
            else:
                code = self._odd_code(value)
            if code is not None:
                found.append((skill, code, key.at))
        return found

    def _odd_code(self, node: Node) -> int | None:
        """The code of an assignment in its long form; None for what is wrong, which is noted."""
        if isinstance(node, Broken):
            return None
        if isinstance(node, Mapping):
            return self._entry(node)
        absent = is_absent(node)
        if absent is True:
            return ABSENT
        read = absent or read_proficiency(node)
        if isinstance(read, int):
            return encode(read, True)  # noqa: FBT003 - a pair of values
        self._report.problem(node.at, read)
        return None

    def _entry(self, node: Mapping) -> int | None:
        parts = self._mapping(node, "an assignment", _ENTRY_KEYS)
        proficiency = self._part(parts, "proficiency")
        available = self._part(parts, "available")
        if "proficiency" not in node.entries:
            message = "the assignment has no `proficiency`"
            self._report.error(
                "missing-key", node.at, message, "write `proficiency:` with a whole number from 0 to 100"
            )
        if proficiency is None:
            return None
        return encode(proficiency, available is None or bool(available))

    def _part(self, parts: dict[str, tuple[Scalar, Node]], name: str) -> int | None:
        if name not in parts or isinstance(parts[name][1], Broken):
            return None
        node = parts[name][1]
        read = read_proficiency(node) if name == "proficiency" else read_available(node)
        if isinstance(read, int):
            return read
        self._report.problem(node.at, read)
        return None
