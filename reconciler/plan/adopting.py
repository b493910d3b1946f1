"""Decides what the files would have to say for desired to be as live is: edits, and what cannot be said, with why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import ABSENT, CODE_BITS, encode
from reconciler.model.edits import LineEdit
from reconciler.plan.build import Sides
from reconciler.plan.change import AgentChange, AgentName, AssignmentChange, Plan
from reconciler.plan.ignored import ignored_skills, ignoring_glob
from reconciler.plan.match import position_of, ref_of, row_at, table_and_row
from reconciler.plan.moments import moment
from reconciler.plan.scope import Scope
from reconciler.plan.timed import EndedUses, OverrideUse, ended_uses


class SkillNames(Protocol):
    """What a file may call a skill."""

    def ref_of(self, number: int) -> str | None:
        """Give a name that means it alone; None where there is none."""

    def why_not(self, number: int) -> str:
        """Say why there is none."""


class Adopted(NamedTuple):
    """One assignment that the files are to declare as it is live, and the edit that does it."""

    file: str
    edit: LineEdit
    agent: AgentName
    change: AssignmentChange

    def left(self, reason: str) -> Diagnostic:
        """Say that it stays as the files have it, for they are laid out so that it cannot be written there."""
        return _left(self.agent, self.change, Reason(reason, "write the line by hand, or lay it out more plainly"))


class Reason(NamedTuple):
    """Why something is not adopted, and what to do about it."""

    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be adopted of a plan, and what of it cannot."""

    adopted: tuple[Adopted, ...]
    refused: tuple[Diagnostic, ...]


def choose(plan: Plan, sides: Sides, scope: Scope, names: SkillNames) -> Choice:
    """Find an edit for every assignment that differs; a value of a profile gets a line of the agent's own."""
    ended = ended_uses(sides.resolved.desired, sides.live.catalog, sides.now)
    found = [each for change in plan.changes for each in _agent(change, sides, names, ended)]
    return Choice(
        tuple(each for each in found if isinstance(each, Adopted)),
        (
            *(each for each in found if isinstance(each, Diagnostic)),
            *_held_left(plan),
            *_agents_left(plan, sides, scope),
            *_skills_left(sides, scope),
        ),
    )


def _agent(change: AgentChange, sides: Sides, names: SkillNames, ended: EndedUses) -> Iterator[Adopted | Diagnostic]:
    lines, numbers = _lines_of(sides, change.agent.ref, ended), sides.live.catalog.numbers_by_id
    for each in change.skills:
        number = numbers[each.skill.id]
        ref = lines.own.get(number) or names.ref_of(number)
        reason = _why_not(each, number, lines, names, sides.resolved.desired.ignore_skills)
        if reason is not None or ref is None:
            yield _left(change.agent, each, reason or _nameless(names, number))
            continue
        note = each.skill.name if ref == each.skill.id != each.skill.name else ""
        code = _code(each, is_given=number in lines.given)
        yield Adopted(change.source.file, LineEdit(change.agent.ref, ref, code, note), change.agent, each)


class _Lines(NamedTuple):
    """What an agent declares, by skill number: the refs of its own lines, what its profiles give, what overrides do."""

    own: Mapping[int, str]
    given: frozenset[int]
    overridden: Mapping[int, OverrideUse]
    lasting: Mapping[int, int]
    ended: Mapping[int, Sequence[OverrideUse]]

    def left_by(self, number: int, code: int | None) -> OverrideUse | None:
        """Give the override that is over, still stands in the files, and would have made of the skill what is live."""
        lasting = self.lasting.get(number)
        return next((use for use in self.ended.get(number, ()) if use.entry.over(lasting) == code), None)


def _lines_of(sides: Sides, ref: str, ended: EndedUses) -> _Lines:
    resolved = sides.resolved
    table, row = table_and_row(sides.rows[ref.casefold()])
    columns, numbers = resolved.desired.tables[table], resolved.numbers[table]
    entries = columns.entries[columns.starts[row] : columns.starts[row + 1]]
    own = {numbers[entry >> CODE_BITS]: columns.skills[entry >> CODE_BITS] for entry in entries}
    given: dict[int, int] = {}
    for name in columns.profile_lists[columns.profile_index[row]]:
        given |= {number: code for number, (code, _) in resolved.profiles[name].items()}
    held = frozenset(number for number, code in given.items() if code != ABSENT)
    lasting = {number: code for number, (code, _) in resolved.lasting_steps(table, row).items()}
    return _Lines(own, held, resolved.in_force.overlay(table, row), lasting, ended(row_at(table, row)))


def _why_not(
    change: AssignmentChange, number: int, lines: _Lines, names: SkillNames, ignore_skills: Sequence[str]
) -> Reason | None:
    """Say why no line of the agent's own can declare what is live."""
    if number in lines.overridden:
        use = lines.overridden[number]
        until = moment(use.override.window.until)
        why = f"the override at {use.entry.position} sets it until {until}, whatever the agent's own line says"
        return Reason(why, "change the override, or wait until it has ended")
    if (left := lines.left_by(number, None if change.before is None else encode(*change.before))) is not None:
        why = f"it is what the override at {left.entry.position} left, which ended {moment(left.override.window.until)}"
        return Reason(why, "the next apply takes it back; remove the override first if it is to last")
    ref = names.ref_of(number)
    if change.before is not None and ref is None:
        return _nameless(names, number)
    glob = None if ref is None or number in lines.own else ignoring_glob(ref, ignore_skills)
    if glob is None:
        return None
    return Reason(f"only an id names it, and `ignore_skills` matches that ({glob})", "narrow the glob in tenant.yaml")


def _nameless(names: SkillNames, number: int) -> Reason:
    return Reason(f"it {names.why_not(number)}", "mend the skill on the tenant, or let `reconcile apply` remove it")


def _code(change: AssignmentChange, *, is_given: bool) -> int | None:
    """Give what the agent's own line has to say; None for no line."""
    if change.before is not None:
        return encode(*change.before)
    return ABSENT if is_given else None


def _left(agent: AgentName, change: AssignmentChange, reason: Reason) -> Diagnostic:
    message = f"`{change.skill.name}` of `{agent.ref}` is not adopted: {reason.text}"
    return Diagnostic("adopt-left", message, reason.hint, change.source, Severity.WARN)


def _held_left(plan: Plan) -> Iterator[Diagnostic]:
    """Say what a hold keeps from both sides: while it lasts, live may be anything."""
    for held in plan.held:
        for each in held.skills:
            if each.hold is not None:
                why = f"the hold at {each.hold.source} leaves it alone until {moment(each.hold.until)}"
                yield _left(held.agent, each, Reason(why, "remove the hold, or wait until it has ended"))


def _agents_left(plan: Plan, sides: Sides, scope: Scope) -> Iterator[Diagnostic]:
    """Say of whom nothing can be adopted; who is not on the tenant differs in nothing, unless asked for by name."""
    desired = sides.resolved.desired
    mend = "mend the agent in the tenant's administration"
    rows = [(sides.rows[agent.ref.casefold()], Reason(why, mend)) for agent, why in plan.unreadable]
    missing = sides.matched.missing if scope.filters.agents else ()
    gone = Reason("it is not on the tenant", "create the agent on the tenant, or remove it from the file")
    rows += [(row, gone) for row in missing if scope.holds(row)]
    for row, reason in rows:
        message = f"nothing of `{ref_of(desired, row)}` is adopted: {reason.text}"
        yield Diagnostic("adopt-left", message, reason.hint, position_of(desired, row), Severity.WARN)


def _skills_left(sides: Sides, scope: Scope) -> Iterator[Diagnostic]:
    """Say which skills that were asked for are none of ours."""
    catalog = sides.live.catalog
    hint = "remove the pattern from `ignore_skills` in tenant.yaml, if it is yours"
    for number in sorted(scope.skills & ignored_skills(sides.resolved.desired, catalog)) if scope.skills else ():
        message = f"`{catalog[number].name}` is not adopted: `ignore_skills` leaves it to others"
        yield Diagnostic("adopt-left", message, hint, severity=Severity.WARN)
