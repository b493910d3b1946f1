"""Promises about what is written, judged by the tenant's own log: P1, P2, P3, P5, P7, P9, P14."""

from collections.abc import Iterator, Mapping

from reconciler.errors import ReconcileError
from reconciler.plan.change import AgentChange
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.simulator import Author, Commit, Kind
from tests.simulation.evidence import Evidence, Pairs, Run, others, pairs, seen
from tests.simulation.network import Trip
from tests.simulation.people import IGNORED

_REPORTED = frozenset({Status.CONFLICT, Status.UNKNOWN, Status.FAILED})
_NOT_COMMITTED = frozenset(Status) - {Status.APPLIED, Status.UNKNOWN}
# A look that is older shows nothing: the write had to wait, and should have looked again.
_FRESH_S = 2.001
# How the loss of somebody's edit came about where the tenant gives no versions; see `_how_lost`.
REPORTED, IN_THE_WINDOW, LATE = "reported", "in the window after the look", "by a write that landed late"


def replaces_what_was_planned(evidence: Evidence) -> Iterator[str]:
    """P1: a commit of ours replaced nothing but the plan's before and after.

    Without versions somebody may still edit between our look at the agent and our write; nothing that the tenant
    answers can show it. Such losses are counted (`Evidence.lost`). A violation is one that a look did, or would, show.
    """
    for commit, run, trip in evidence.ours():
        change = run.change_of.get(commit.agent_id)
        if change is None:
            yield f"{_place(commit, run)}: the plan does not show this agent"
            continue
        moved = _moved(seen(commit.skills_before), change)
        if not moved:
            continue
        how = None if evidence.schedule.behaviour.versioned else _how_lost(commit, run, trip, change)
        if how is None:
            yield f"{_place(commit, run)}: somebody else's {sorted(moved)} was overwritten"
        else:
            evidence.lost[how] += 1


def _how_lost(commit: Commit, run: Run, trip: Trip, change: AgentChange) -> str | None:
    """Say how an edit was lost on a tenant without versions; None where the tool had every means to see it."""
    if _outcome_is_a_report(run, commit.agent_id):
        return REPORTED
    look = _last_look(run, commit.agent_id, trip)
    if look is None or _moved({key: value for key, value in look.items() if key != IGNORED.id}, change):
        return None
    is_late = trip.ended_at is not None and commit.at > trip.ended_at
    return LATE if is_late else IN_THE_WINDOW


def _outcome_is_a_report(run: Run, agent_id: str) -> bool:
    said = run.outcome_of.get(agent_id)
    return said is not None and said.status in _REPORTED


def _last_look(run: Run, agent_id: str, before: Trip) -> Pairs | None:
    """Give what the run's last usable look at the agent before that write showed."""
    trips = run.trips_to(agent_id)
    looks = [
        trip.agent_set
        for trip in trips[: trips.index(before)]
        if trip.method == "GET" and trip.ended_at is not None and 0 <= before.departed_at - trip.ended_at <= _FRESH_S
    ]
    return next((look for look in reversed(looks) if look is not None), None)


def _moved(replaced: Pairs, change: AgentChange) -> set[str]:
    """Find the skills that are neither as the plan found them nor as it wants them."""
    before, after = pairs(change.before), pairs(change.after)
    skills = {*replaced, *before, *after} - {IGNORED.id}
    return {skill for skill in skills if replaced.get(skill) not in (before.get(skill), after.get(skill))}


def stores_what_was_planned(evidence: Evidence) -> Iterator[str]:
    """P2: a commit of ours stored exactly the plan's after, or the first of the two steps that the plan shows."""
    for commit, run, _ in evidence.ours():
        change = run.change_of.get(commit.agent_id)
        if change is not None and seen(commit.skills_after) not in _planned(change):
            yield f"{_place(commit, run)}: stored {dict(commit.skills_after)}, planned {dict(change.after)}"


def _planned(change: AgentChange) -> list[Pairs]:
    """Give what the plan lets a write store: the after; before that, where it shows two steps, all but the losses."""
    before, after = _visible(change.before), _visible(change.after)
    if not change.has_union:
        return [after]
    lost = {skill for skill, (_, available) in before.items() if not after.get(skill, (0, False))[1] and available}
    removed = before.keys() - after.keys()
    return [after, {**after, **{skill: before[skill] for skill in {*lost, *removed}}}]


def _visible(skills: Mapping[str, tuple[int, bool]]) -> Pairs:
    return {skill: value for skill, value in pairs(skills).items() if skill != IGNORED.id}


def says_what_happened(evidence: Evidence) -> Iterator[str]:
    """P3: `applied` means committed, `unknown` may be either, everything else means that nothing of ours was.

    Of a run that could not read again what it wrote, and says so, the tenant's word is all there is: it may have lied.
    """
    for run in evidence.runs:
        if run.outcome is None:
            continue
        committed = _whole_commits(evidence, run)
        unspoken = run.change_of.keys() - run.outcome_of.keys()
        if unspoken:
            yield f"{run.name}: nothing is said of {sorted(unspoken)}"
        for agent_id, said in run.outcome_of.items():
            if said.status in _NOT_COMMITTED and agent_id in committed and not _is_half(run, said, committed[agent_id]):
                yield f"{run.name}: {agent_id} is {said.status} ({said.message}), and was committed"
            if said.status is Status.APPLIED and agent_id not in committed and not _is_unverified(run.outcome):
                yield from _applied_without_commit(evidence, run, said)


def _whole_commits(evidence: Evidence, run: Run) -> Mapping[str, list[Commit]]:
    """Give the run's commits by agent; for an agent in two steps those of the second, unless there is none."""
    found = dict(evidence.ours_of(run))
    for agent_id, commits in found.items():
        change = run.change_of.get(agent_id)
        if change is not None and change.has_union:
            whole = [commit for commit in commits if seen(commit.skills_after) == _visible(change.after)]
            found[agent_id] = whole or commits
    return found


def _is_half(run: Run, said: AgentOutcome, commits: list[Commit]) -> bool:
    """Whether only the first of two steps was committed, and the status is one that this may leave behind."""
    change = run.change_of[said.agent.id]
    is_whole = any(seen(commit.skills_after) == _visible(change.after) for commit in commits)
    return change.has_union and not is_whole and said.status in {Status.HELD_BACK, Status.ALREADY_DONE}


def _is_unverified(outcome: Outcome) -> bool:
    """Whether there was no reading at the end; the output says so then."""
    return bool(outcome.unverified_by or outcome.is_interrupted or outcome.stopped_by)


def _applied_without_commit(evidence: Evidence, run: Run, said: AgentOutcome) -> Iterator[str]:
    """Judge an `applied` that nobody wrote for us.

    After a doubtful try somebody else may have done the same, or a reading that lags may show that it once was so.
    """
    wanted = _visible(run.change_of[said.agent.id].after)
    in_doubt = any(trip.method == "PATCH" for trip in run.trips_to(said.agent.id))
    others_did = any(
        commit.agent_id == said.agent.id and seen(commit.skills_after) == wanted
        for commit in evidence.commits[slice(*run.commits)]
    )
    if not in_doubt or not (others_did or evidence.was_hit_by({Kind.STALE_READ})):
        yield f"{run.name}: {said.agent.id} is applied, and was never committed"


def writes_nothing_when_it_must_not(evidence: Evidence) -> Iterator[str]:
    """P5: a run that ended in an error, or that nobody confirmed, wrote nothing; and no error is a surprise."""
    for run in evidence.runs:
        if run.error is not None and not isinstance(run.error, ReconcileError):
            yield f"{run.name}: ended in a surprise: {run.error!r}"
        if run.outcome is None and run.patches and not run.was_killed:
            yield f"{run.name}: wrote {len(run.patches)} times although it ended in {run.error!r}"
        if run.patches and (run.plan is None or run.plan.is_blocked or not run.is_confirmed):
            yield f"{run.name}: wrote without a plan that may be applied"


def converges(evidence: Evidence) -> Iterator[str]:
    """P7: in calm one run makes the tenant as the files say, and the next writes nothing."""
    calm = [run for run in evidence.runs if run.name in {"again", "once more", "last"}]
    for run in calm:
        if run.outcome is None and not _may_be_throttled(run):
            yield f"{run.name}: failed although nothing was wrong: {run.error!r}"
        if run.outcome is not None and not (run.outcome.is_complete and run.outcome.is_verified):
            statuses = [f"{each.agent.id}: {each.status} {each.message}" for each in run.outcome.agents]
            yield f"{run.name}: not complete in calm: {statuses}"
    last = calm[-1]
    if last.outcome is None or last.patches or (last.plan and last.plan.changes):
        yield f"last: {len(last.patches)} writes, {last.error!r}; a converged tenant has nothing to change"
    agents = evidence.app.tenant.agents
    for agent_id, wanted in evidence.people.wishes.sets.items():
        agent = agents.get(agent_id)
        if agent is not None and seen(agent.skills) != pairs(wanted):
            yield f"{agent_id} has {dict(agent.skills)} in the end, the files say {dict(wanted)}"


def _may_be_throttled(run: Run) -> bool:
    """Whether the first run in calm was told to come back later: the trouble used up the window, or shut the gate."""
    codes = {each.code for each in run.error.diagnostics} if isinstance(run.error, ReconcileError) else set()
    return run.name == "again" and codes == {"rate-limited"}


def keeps_one_plan_of_two(evidence: Evidence) -> Iterator[str]:
    """P9: of two applies at once, each agent that nobody else touched ends as one of the plans has it, or untouched."""
    rivals = [run for run in evidence.runs if run.name in {"first", "rival"}]
    if len(rivals) < 2 or not evidence.schedule.behaviour.versioned:
        return
    until = evidence.commits[: evidence.calm_from]
    touched = {commit.agent_id for commit in until if commit.author is Author.OUTSIDER}
    ended = {commit.agent_id: commit for commit in until}
    for agent_id in ended.keys() - touched:
        plans = [each for run in rivals if agent_id in run.change_of for each in _planned(run.change_of[agent_id])]
        if seen(ended[agent_id].skills_after) not in plans:
            yield f"{agent_id} ended as neither plan has it: {dict(ended[agent_id].skills_after)}"


def leaves_the_rest_alone(evidence: Evidence) -> Iterator[str]:
    """P14: unmanaged agents are never written, and what others own is carried over."""
    versioned = evidence.schedule.behaviour.versioned
    for commit, run, trip in evidence.ours():
        if commit.agent_id not in run.wishes.sets:
            yield f"{_place(commit, run)}: no file names this agent"
        owned, stored = others(commit.skills_before), others(commit.skills_after)
        if owned == stored:
            continue
        look = None if versioned else _last_look(run, commit.agent_id, trip)
        if look is None or stored != {skill: value for skill, value in look.items() if skill == IGNORED.id}:
            yield f"{_place(commit, run)}: what others own became {stored}, it was {owned}"
        else:
            evidence.lost[IN_THE_WINDOW] += 1


def _place(commit: Commit, run: Run) -> str:
    return f"{run.name}: request {commit.request} on {commit.agent_id}"
