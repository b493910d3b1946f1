"""A plan in Markdown: what happens to which skill first, then to whom, then how to go on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

from reconciler.diagnostics import Severity
from reconciler.plan.change import Plan
from reconciler.render.coming_text import says_valid_until
from reconciler.render.escape import code, link, sentence
from reconciler.render.markdown.coming import coming_agents, coming_section
from reconciler.render.markdown.coverage import coverage_table, verdict
from reconciler.render.markdown.findings import message_list
from reconciler.render.markdown.fit import length, shares
from reconciler.render.markdown.held import held_section
from reconciler.render.markdown.left_out import LeftOut, Shown, count_left_out
from reconciler.render.markdown.losses import Detail, loss_section, losses_of, named_section
from reconciler.render.markdown.teams import team_section
from reconciler.render.markdown.words import SkillLabels, many
from reconciler.render.moments import distance, moment
from reconciler.render.plan_text import duration, summary_line
from reconciler.render.view import View

_BREAK = "\n\n"
_FINDINGS = "#### Findings\n\n"


def plan_as_markdown(plan: Plan, view: View) -> str:
    """Write the plan under the name of its tenant, never longer than the view's limit."""
    title = heading(plan.tenant)
    return f"{title}\n\n{plan_body(plan, view, view.limit - length(title) - 2)}"


def heading(tenant: str, words: str = "") -> str:
    """Write the title of a text about a tenant."""
    return f"### reconcile: {code(tenant)}{words}"


def plan_body(plan: Plan, view: View, room: int, *, is_offer: bool = True) -> str:
    """Write the plan without a title, ending in a line break, in at most `room` as `length` counts.

    It is shortened in a fixed order until it fits: notes, agents of whom only proficiencies change, what others gain,
    the details of what is lost. Verdict, findings, coverage, and who loses which skill stay; only where even they do
    not fit (several thousand losses), as many agents of each skill are named as fit, and long lists end in exact
    counts. Unless it `is_offer`, it says neither how to apply it nor where it comes from: what it is a part of does.
    """
    if not plan.changes:
        return _unchanged(plan, view, room)
    draft = _Draft(plan, view, room, is_offer=is_offer)
    return draft.whole() or draft.cut(Detail.VALUES) or draft.cut(Detail.NAMES) or draft.shortest()


def _unchanged(plan: Plan, view: View, room: int) -> str:
    head, labels = f"**{summary_line(plan.summary)}**{_not_now(plan)}", SkillLabels(plan)
    lists: tuple[Callable[[int | None], str], ...] = (
        lambda room: held_section(plan, labels, room),
        lambda room: message_list(plan.findings, view, view.folder, room) if plan.findings else "",
        lambda room: coming_section(plan, view, labels, room),
    )
    left = room - length(head) - len(_BREAK) * len(lists) - 1
    parts = [
        write(given) for write, given in zip(lists, shares([length(write(None)) for write in lists], left), strict=True)
    ]
    agents = coming_agents(plan, labels, left - sum(map(length, parts)))
    return _joined(head, *parts, agents)


def _not_now(plan: Plan) -> str:
    """Say of which moment the plan is, where that is not now; with a break before it."""
    if plan.at is None:
        return ""
    return f"{_BREAK}As the files want it at {code(moment(plan.at, None))}, against the tenant as it is now"


def _joined(*parts: str) -> str:
    return _BREAK.join(filter(None, parts)) + "\n"


class _Draft:
    """One plan, and the ways to write it from the longest to the shortest; a way that does not fit is empty."""

    def __init__(self, plan: Plan, view: View, room: int, *, is_offer: bool) -> None:
        self._plan, self._view, self._room = plan, view, room
        self._labels = SkillLabels(plan)
        self._head = f"{verdict(plan, self._labels)}{_not_now(plan)}\n\n{counts(plan)}{_left_alone(plan)}"
        self._foot = "\n".join(_facts(plan, view, is_offer=is_offer))
        self._losses = losses_of(plan, self._labels)
        self._findings = [each for each in plan.findings if each.severity is not Severity.INFO]
        self._notes = len(plan.findings) - len(self._findings)

    @cached_property
    def _coverage(self) -> str:
        return coverage_table(self._plan, self._labels)

    @cached_property
    def _held(self) -> str:
        return held_section(self._plan, self._labels)

    @cached_property
    def _coming(self) -> str:
        return coming_section(self._plan, self._view, self._labels)

    def _above(self, detail: Detail, *, with_notes: bool) -> str:
        return _joined(
            self._head,
            self._held,
            self._messages(with_notes=with_notes),
            self._coverage,
            loss_section(self._losses, detail),
            self._coming,
        )

    def _messages(self, *, with_notes: bool, room: int | None = None) -> str:
        messages = self._plan.findings if with_notes else self._findings
        if not messages:
            return ""
        left = None if room is None else room - len(_FINDINGS)
        return _FINDINGS + message_list(messages, self._view, self._view.folder, left)

    def whole(self) -> str:
        """Leave nothing out."""
        above = self._above(Detail.VALUES, with_notes=True)
        room = self._room - length(above) - length(self._foot) - 2 * len(_BREAK)
        teams, shown = team_section(self._plan, self._view, self._labels, room)
        if any(way is not Shown.ALL for way in shown):
            return ""
        agents = coming_agents(self._plan, self._labels, room - length(teams) - len(_BREAK))
        return _joined(above.rstrip("\n"), agents, teams, self._foot)

    def cut(self, detail: Detail) -> str:
        """Leave out notes, and of the agents what does not fit; with all details of the losses, or with names alone."""
        above = self._above(detail, with_notes=False)
        longest = length(self._nothing_shown.text(self._view.whole_plan))
        room = self._room - length(above) - longest - length(self._foot) - 3 * len(_BREAK)
        teams, shown = team_section(self._plan, self._view, self._labels, room)
        left = count_left_out(zip(self._plan.changes, shown, strict=True), self._notes)
        if room < 0 or (detail is Detail.VALUES and left.losses):
            return ""
        return _joined(above.rstrip("\n"), teams, left.text(self._view.whole_plan), self._foot)

    def shortest(self) -> str:
        """Leave out all agents; an equal part of the room for each list, and more where another needs less.

        What room all of them leave is for the names of those who lose something.
        """
        notice = replace(self._nothing_shown, unnamed=len(self._losses)).text(self._view.whole_plan)
        around = _joined(self._head, notice, self._foot)
        lists: tuple[Callable[[int | None], str], ...] = (
            lambda room: held_section(self._plan, self._labels, room),
            lambda room: coming_section(self._plan, self._view, self._labels, room),
            lambda room: self._messages(with_notes=False, room=room),
            lambda room: coverage_table(self._plan, self._labels, room),
            lambda room: loss_section(self._losses, Detail.COUNTS, room),
        )
        wanted = [length(write(None)) for write in lists]
        given = shares(wanted, self._room - length(around) - len(_BREAK) * len(lists))
        *above, losses = (write(room) for write, room in zip(lists, given, strict=True))
        spare = self._room - length(_joined(self._head, *above, losses, notice, self._foot))
        losses, unnamed = named_section(self._losses, length(losses) + spare)
        left = replace(self._nothing_shown, losses=len(self._losses) - unnamed, unnamed=unnamed)
        return _joined(self._head, *above, losses, left.text(self._view.whole_plan), self._foot)

    @cached_property
    def _nothing_shown(self) -> LeftOut:
        return count_left_out(((change, Shown.NOTHING) for change in self._plan.changes), self._notes)


def counts(plan: Plan) -> str:
    """Say how many agents and skills it is about, as a sentence."""
    summary = plan.summary
    skills = (
        (summary.assignments_added, "added"),
        (summary.assignments_changed, "changed"),
        (summary.assignments_removed, "removed"),
    )
    words = ", ".join(f"{number:,} {verb}" for number, verb in skills if number)
    change = "changes" if summary.agents_changed == 1 else "change"
    return f"{summary.agents_changed:,} of {many(summary.agents_managed, 'managed agent')} {change}; skills: {words}"


def _left_alone(plan: Plan) -> str:
    summary = plan.summary
    agents = (
        (summary.agents_missing, "not on the tenant"),
        (summary.agents_unreadable, "unreadable (left alone)"),
        (summary.agents_held, "held (left alone)"),
        (summary.agents_unmanaged, "unmanaged (left alone)"),
    )
    return "".join(f"; {number:,} {what}" for number, what in agents if number)


def _facts(plan: Plan, view: View, *, is_offer: bool) -> Iterator[str]:
    summary = plan.summary
    if is_offer:
        yield f"- Next: {_next_step(plan, view)}"
    rate = view.rate_limit
    at = "" if rate is None else f" at {rate.requests:,} per {rate.per_seconds:g} s"
    verifying = summary.requests - summary.writes
    yield (
        f"- Cost: {many(summary.requests, 'request')} ({many(summary.writes, 'write')}, {verifying:,} to verify){at}, "
        f"about {duration(summary.eta_seconds)}"
    )
    if plan.valid_until is not None and plan.today is not None and not says_valid_until(plan):
        moments = f"{code(moment(plan.valid_until, plan.today))}, {distance(plan.valid_until, plan.today)}"
        yield f"- Valid until {moments}: then an override, a hold or a waiver begins or ends"
    commit = f" of commit {code(view.commit)}" if view.commit and is_offer else ""
    if view.page and is_offer:
        where = link("this run", view.run_url) if view.run_url else "this run"
        yield f"- Report: {code(view.page)} in the artifacts of {where}, all agents with a search"
    run = f", {link('made by this run', view.run_url)}" if view.run_url and is_offer else ""
    yield f"- Plan: {code(plan.digest)}{commit}{run}"


def _next_step(plan: Plan, view: View) -> str:
    if plan.at is not None:
        return "nothing now; an apply takes only what the files want at its own time"
    if plan.is_blocked:
        return "settle what is blocked above, and plan again"
    return sentence(view.next_step) if view.next_step else code(f"reconcile apply --expect {plan.digest}")
