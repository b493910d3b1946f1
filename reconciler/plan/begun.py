"""What overrides began and ended by themselves: all that an apply on a schedule may write."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.agents import LiveAgent
from reconciler.model.assignments import decode, unpack
from reconciler.model.desired import DesiredState
from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import value_words
from reconciler.plan.match import Matched, Row, ref_of, table_and_row
from reconciler.plan.resolve import ResolvedState
from reconciler.plan.scope import Scope
from reconciler.plan.timed import OverrideUse, members_of

_Uses = Mapping[Row, Mapping[int, list[OverrideUse]]]


@dataclass(frozen=True, slots=True)
class _Edited:
    """An assignment whose live code (None: absent) no override and no lasting line asks for."""

    row: Row
    number: int
    code: int | None
    use: OverrideUse


def only_begun(
    scope: Scope, resolved: ResolvedState, live: tuple[Matched, SkillCatalog, Collection[int]], now: datetime
) -> tuple[Scope, tuple[Diagnostic, ...]]:
    """Narrow to the assignments that an override which has begun is about, and say which of them somebody edited.

    Edited is what is live with a value that the files ask for at no time: neither as it lasts, nor as one of these
    overrides makes it. It is left alone, unless a hold says so anyway. `live` are the agents, the skills, and the
    numbers of those that others own.
    """
    matched, catalog, ignored = live
    desired = resolved.desired
    chosen: dict[Row, frozenset[int]] = {}
    edited: list[_Edited] = []
    for row, uses in _begun(desired, catalog, ignored, now).items():
        agent = matched.live.get(row)
        asked = {number: uses[number] for number in uses if scope.skills is None or number in scope.skills}
        if not scope.holds(row) or not asked or not (agent or _has_open(asked, now)):
            continue
        found = () if agent is None else tuple(_edited(resolved, row, agent, asked))
        edited += found
        chosen[row] = frozenset(asked) - {each.number for each in found}
    return replace(scope, begun=chosen), tuple(_said(desired, catalog, each) for each in edited)


def _begun(desired: DesiredState, catalog: SkillCatalog, ignored: Collection[int], now: datetime) -> _Uses:
    """Find what overrides that have begun are about; of those that have ended, a skill or an agent may be gone."""
    members = members_of(desired)
    uses: defaultdict[Row, defaultdict[int, list[OverrideUse]]] = defaultdict(lambda: defaultdict(list))
    for override in desired.overrides:
        if not override.window.has_begun(now):
            continue
        rows = members(override.selection)
        for entry in override.entries:
            numbers = catalog.numbers_named(entry.skill)
            if len(numbers) != 1 or numbers[0] in ignored:
                continue
            for row in rows:
                uses[row][numbers[0]].append(OverrideUse(override, entry))
    return uses


def _has_open(uses: Mapping[int, Iterable[OverrideUse]], now: datetime) -> bool:
    return any(use.override.window.is_open(now) for each in uses.values() for use in each)


def _edited(
    resolved: ResolvedState, row: Row, agent: LiveAgent, asked: Mapping[int, list[OverrideUse]]
) -> Iterator[_Edited]:
    if agent.assignments is None:
        return
    live = unpack(agent.assignments)
    lasting = {number: code for number, (code, _) in resolved.lasting_steps(*table_and_row(row)).items()}
    for number, uses in asked.items():
        base, code = lasting.get(number), live.get(number)
        if code in {base, *(use.entry.over(base) for use in uses)} or resolved.in_force.is_held(row, number):
            continue
        yield _Edited(row, number, code, max(uses, key=lambda use: use.override.window.until))


def _said(desired: DesiredState, catalog: SkillCatalog, edited: _Edited) -> Diagnostic:
    value = value_words(None if edited.code is None else decode(edited.code))
    return Diagnostic(
        "timed-edited",
        f"`{ref_of(desired, edited.row)}`, `{catalog[edited.number].name}`: live is {value}, which the files ask for "
        "neither with this override nor without it, so it is left alone",
        "look at it: reconcile plan; then apply, or write what is meant into the files",
        edited.use.entry.position,
        Severity.WARN,
    )
