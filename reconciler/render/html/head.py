"""The top of the page: what the plan comes to, in a few words and figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.diagnostics import Severity
from reconciler.model.tenant import RateLimit
from reconciler.plan.change import CoverageRow, Plan, Summary
from reconciler.plan.coverage import worst_first
from reconciler.plan.scope import Filters
from reconciler.render.html.sentence import Piece, pieces
from reconciler.render.markdown.words import SkillLabels, listed, many
from reconciler.render.plan_text import duration

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tone` is how it looks: `blocked`, `care`, `ready` or `same`."""

    tone: str
    title: str
    reason: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, what it counts, and a word more; `tone` as an action is painted, or `plain`."""

    number: str
    words: str
    note: str = ""
    tone: str = "plain"


def verdict_of(plan: Plan, labels: SkillLabels) -> Verdict:
    """Say whether the plan may be applied, and what to look at first."""
    summary = plan.summary
    blocking = sum(finding.severity is Severity.BLOCK for finding in plan.findings)
    if blocking:
        verb = "forbids" if blocking == 1 else "forbid"
        return Verdict("blocked", "Blocked", pieces(f"{many(blocking, 'finding')} {verb} this plan"))
    if not plan.changes:
        matching = summary.agents_managed - summary.agents_missing - summary.agents_unreadable
        verb = "is" if matching == 1 else "are"
        return Verdict("same", "No changes", pieces(f"{many(matching, 'agent')} {verb} as the files say"))
    title = f"{many(summary.agents_changed, 'agent')} {'changes' if summary.agents_changed == 1 else 'change'}"
    worry = _worry(plan, labels)
    return Verdict("care", title, pieces(worry)) if worry else Verdict("ready", title, pieces(_cover(plan)))


def _worry(plan: Plan, labels: SkillLabels) -> str:
    rows = worst_first(row for row in plan.coverage if row.before != row.after)
    left = _names([row for row in rows if row.is_left], labels)
    below = _names([row for row in rows if row.is_below and not row.is_left], labels)
    worries = [f"nobody is left to take {left}"] if left else []
    if below:
        worries.append(f"fewer agents than the floor for {below}")
    return "; ".join(worries)


def _cover(plan: Plan) -> str:
    if not plan.coverage:
        return "how many agents each skill has is not known: the tenant's list does not say it"
    losing = sum(row.after < row.before for row in plan.coverage)
    return (
        f"{many(losing, 'skill')} with fewer agents afterwards, none left without"
        if losing
        else ("no skill has fewer agents afterwards")
    )


def _names(rows: list[CoverageRow], labels: SkillLabels) -> str:
    names = list(dict.fromkeys(f"`{labels.of(row.skill)}`" for row in rows))
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], many(len(names) - _MOST_NAMED + 1, "other skill")]
    return listed(names) if names else ""


def figures_of(plan: Plan) -> list[Figure]:
    """Give the figures in a row; none where nothing changes."""
    summary = plan.summary
    if not plan.changes:
        return []
    skills = (
        (summary.assignments_added, "added", "add"),
        (summary.assignments_changed, "changed", "change"),
        (summary.assignments_removed, "removed", "remove"),
    )
    return [
        Figure(
            f"{summary.agents_changed:,}",
            "agent changes" if summary.agents_changed == 1 else "agents change",
            f"of {summary.agents_managed:,} managed",
        ),
        *(
            Figure(f"{number:,}", f"{_noun(number, 'skill')} {verb}", tone=tone if number else "plain")
            for number, verb, tone in skills
        ),
        Figure(f"{summary.writes:,}", _noun(summary.writes, "write"), f"about {duration(summary.eta_seconds)}"),
        Figure(f"{summary.requests:,}", _noun(summary.requests, "request"), "to write and verify"),
    ]


def _noun(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def cost_of(summary: Summary, rate_limit: RateLimit | None) -> str:
    """Say what an apply costs, as a sentence; empty where it does nothing."""
    if not summary.writes:
        return ""
    at = "" if rate_limit is None else f" at {rate_limit.requests:,} per {rate_limit.per_seconds:g} s"
    return f"{many(summary.requests, 'request')}{at}, about {duration(summary.eta_seconds)}"


def left_alone(summary: Summary) -> str:
    """Say of which agents nothing is written; empty where there are none."""
    counts = (
        (summary.agents_unmanaged, "unmanaged"),
        (summary.agents_missing, "not on the tenant"),
        (summary.agents_unreadable, "unreadable"),
        (summary.agents_held, "held"),
    )
    words = [f"{number:,} {what}" for number, what in counts if number]
    return listed(words) if words else ""


def narrowed_by(filters: Filters) -> tuple[Piece, ...]:
    """Say what the plan was narrowed to; empty where it is about everybody."""
    return pieces("; ".join(_narrowings(filters)))


def _narrowings(filters: Filters) -> Iterator[str]:
    for what, names in (("agents", filters.agents), ("teams", filters.teams), ("skills", filters.skills)):
        if names:
            yield f"only {what} {listed(f'`{name}`' for name in names)}"
    if filters.no_removals:
        yield "no removals"
    if filters.timed:
        yield "only what overrides began and ended"
