"""Promises about order and record: coverage on the way (P12), the journal (P3, P17), a disk that fails (P19)."""

from collections import Counter
from collections.abc import Iterator, Mapping

from reconciler.plan.outcome import Status
from reconciler.simulator import Author, Commit, Kind
from tests.simulation.evidence import Evidence, Run, seen
from tests.simulation.machine import Line

# What the tenant said was not so: then coverage is beyond anybody's means.
_LIES = frozenset({Kind.ECHO_ONLY, Kind.CHANGED_JSON, Kind.STALE_READ})


def keeps_cover(evidence: Evidence) -> Iterator[str]:
    """P12: at every prefix of a run's commits each skill's coverage is at least the lower of before and after.

    Counted from the plan's own shifts, so that nobody needs the coverage itself; only where nobody else writes.
    """
    if evidence.was_hit_by(_LIES):
        return
    for run in evidence.runs:
        commits = evidence.commits[slice(*run.commits)]
        ours = evidence.ours_of(run)
        if any(commit.author is Author.OUTSIDER or commit not in ours.get(commit.agent_id, ()) for commit in commits):
            continue
        net: Counter[str] = Counter()
        for change in run.change_of.values():
            if change.is_active:
                net.update({each.skill.id: each.coverage_shift for each in change.skills})
        yield from _dips(run, commits, {skill: min(0, by) for skill, by in net.items()})


def _dips(run: Run, commits: list[Commit], lowest: Mapping[str, int]) -> Iterator[str]:
    shift: Counter[str] = Counter()
    for commit in commits:
        if commit.after is None or not commit.after.active:
            continue
        before, after = seen(commit.skills_before), seen(commit.skills_after)
        for skill in before.keys() | after.keys():
            shift[skill] += after.get(skill, (0, False))[1] - before.get(skill, (0, False))[1]
            if shift[skill] < lowest.get(skill, 0):
                yield f"{run.name}: request {commit.request} takes {skill} down by {-shift[skill]} on the way"


def records_first(evidence: Evidence) -> Iterator[str]:
    """P3: no PATCH leaves before its intent is durable; P19: so none of an agent whose intent cannot be written."""
    for run in evidence.runs:
        for trip in run.patches:
            if not trip.is_recorded:
                yield f"{run.name}: PATCH {trip.path} left before its intent was durable"


def accounts_for_every_intent(evidence: Evidence) -> Iterator[str]:
    """P3: every intent has an outcome in the journal; of a killed run the next one finds it out (P17), truly."""
    for run in evidence.runs:
        ended: dict[str, Line | None] = {}
        for line in run.journal:
            if line["type"] == "intent":
                ended[_agent_of(line)] = None
            elif line["type"] in {"outcome", "resolved"}:
                ended[_agent_of(line)] = line
        for agent_id, end in ended.items():
            if end is None:
                yield f"{run.name}: the journal does not say how the write of {agent_id} ended"
            elif end["type"] == "resolved":
                yield from _wrongly_resolved(evidence, run, agent_id, end)


def _wrongly_resolved(evidence: Evidence, run: Run, agent_id: str, line: Line) -> Iterator[str]:
    """Compare what a later run found out about a write in doubt with the tenant's log."""
    committed = agent_id in evidence.ours_of(run)
    if line["status"] == Status.FAILED and committed:
        yield f"{run.name}: {agent_id} was resolved as not written, and was committed"
    if line["status"] == Status.APPLIED and not committed and not _others_did(evidence, run, agent_id):
        yield f"{run.name}: {agent_id} was resolved as written, and was never committed"


def _others_did(evidence: Evidence, run: Run, agent_id: str) -> bool:
    """Whether somebody else touched the agent: nobody can tell then who it was."""
    return any(commit.agent_id == agent_id for commit in evidence.commits[run.commits[0] : evidence.calm_from])


def _agent_of(line: Line) -> str:
    agent = line.get("agent")
    return str(agent["id"]) if isinstance(agent, dict) else str(line["agent_id"])
