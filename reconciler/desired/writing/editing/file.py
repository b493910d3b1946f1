"""The edits of one file: found, put in, and read again by the reader that will read the file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from reconciler.desired.parsed import ParsedFile
from reconciler.desired.parsing import parse_bytes
from reconciler.desired.report import Report
from reconciler.desired.tree import MAX_BYTES
from reconciler.desired.writing.editing.agent import edit_agent
from reconciler.desired.writing.editing.finding import AgentFinder
from reconciler.desired.writing.editing.page import OddLayoutError, Page, Splice
from reconciler.model.assignments import CODE_BITS, CODE_MASK
from reconciler.model.edits import LineEdit

_UNLIKE = "the file would not say what was meant"


class Unfit(NamedTuple):
    """An edit that was not made, and why."""

    edit: LineEdit
    reason: str


class Edited(NamedTuple):
    """The content of a file with the edits made; all that were not are in `unfit`."""

    data: bytes
    unfit: tuple[Unfit, ...] = ()


def edit(data: bytes, edits: Sequence[LineEdit]) -> Edited:
    """Change assignments of a file, and nothing else: what comes out reads as before but for them.

    All edits of an agent are made or none.
    """
    by_agent: dict[str, list[LineEdit]] = {}
    for each in edits:
        by_agent.setdefault(each.agent, []).append(each)
    parsed = _parsed(data)
    if parsed is None:
        return Edited(data, tuple(Unfit(each, "the file has faults") for each in edits))
    editor = _Editor(Page.of(data), parsed)
    found, unfit = editor.find(by_agent)
    edited = editor.made(found, by_agent)
    if edited is not None:
        return Edited(edited, tuple(unfit))
    return _one_by_one(data, editor, found, by_agent, unfit)


def _one_by_one(
    data: bytes,
    editor: "_Editor",
    found: Mapping[str, list[Splice]],
    wanted: Mapping[str, list[LineEdit]],
    unfit: list[Unfit],
) -> Edited:
    """Leave out those who do not come out right even alone."""
    good = {ref: splices for ref, splices in found.items() if editor.made({ref: splices}, wanted) is not None}
    edited = editor.made(good, wanted)
    left = found.keys() if edited is None else found.keys() - good.keys()
    unfit += [Unfit(each, _UNLIKE) for ref in sorted(left) for each in wanted[ref]]
    return Edited(data if edited is None else edited, tuple(unfit))


class _Editor:
    def __init__(self, page: Page, parsed: ParsedFile) -> None:
        self._page = page
        self._finder = AgentFinder(page, parsed.refs, parsed.table("").positions)
        self._before = _declared(parsed)

    def find(self, wanted: Mapping[str, list[LineEdit]]) -> tuple[dict[str, list[Splice]], list[Unfit]]:
        """Find the splices of each agent, and the edits that cannot be made."""
        found: dict[str, list[Splice]] = {}
        unfit: list[Unfit] = []
        for ref, edits in wanted.items():
            try:
                page, agent, offset = self._finder.find(ref)
                found[ref] = [
                    Splice(start + offset, end + offset, text) for start, end, text in edit_agent(page, agent, edits)
                ]
            except OddLayoutError as error:
                unfit += [Unfit(each, str(error)) for each in edits]
        return found, unfit

    def made(self, found: Mapping[str, list[Splice]], wanted: Mapping[str, list[LineEdit]]) -> bytes | None:
        """Make the edits; None where what comes out does not read as it should."""
        data = self._page.spliced(splice for splices in found.values() for splice in splices)
        if len(data) > MAX_BYTES:
            return None
        parsed = _parsed(data)
        if parsed is None:
            return None
        return data if _declared(parsed) == self._before.edited(each for ref in found for each in wanted[ref]) else None


class _Declared(NamedTuple):
    """What a file declares, without places: of each agent its profiles and its own codes; and all else, as it is."""

    agents: dict[str, tuple[list[str], dict[str, int]]]
    others: tuple[object, ...]

    def edited(self, edits: Iterable[LineEdit]) -> "_Declared":
        agents = {ref: (profiles, dict(codes)) for ref, (profiles, codes) in self.agents.items()}
        for agent, skill, code, _ in edits:
            if code is None:
                del agents[agent][1][skill]
            else:
                agents[agent][1][skill] = code
        return _Declared(agents, self.others)


def _parsed(data: bytes) -> ParsedFile | None:
    report = Report("")
    parsed = parse_bytes(data, report)
    return None if report.found else parsed


def _declared(parsed: ParsedFile) -> _Declared:
    table = parsed.table("")
    agents = {}
    for row, ref in enumerate(table.refs):
        own = table.entries[table.starts[row] : table.starts[row + 1]]
        codes = {table.skills[entry >> CODE_BITS]: entry & CODE_MASK for entry in own}
        agents[ref] = (list(table.profile_lists[table.profile_index[row]]), codes)
    return _Declared(agents, (parsed.team, _profiles(parsed), len(parsed.overrides), len(parsed.holds)))


def _profiles(parsed: ParsedFile) -> list[object]:
    return [
        (profile.name, [use.name for use in profile.extends], [(skill, code) for skill, code, _ in profile.entries])
        for profile in parsed.profiles
    ]
