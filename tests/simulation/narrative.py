"""Tells what happened in one run of the simulation, line by line, for whoever looks into a violation."""

import re
from collections.abc import Iterator, Mapping

from reconciler.simulator import Commit
from tests.simulation.evidence import Evidence, Run
from tests.simulation.network import Trip

_PID = re.compile(r"pid [0-9]+")


def narrate(evidence: Evidence) -> Iterator[str]:
    """Give the schedule, then everything that left, was committed or ended, in its order, seconds from the start."""
    yield f"{evidence.schedule}"
    start = evidence.runs[0].began_at
    for at, text in sorted(_events(evidence), key=lambda event: event[0]):
        yield f"{at - start:11.3f}  {text}"


def _events(evidence: Evidence) -> Iterator[tuple[float, str]]:
    for run in evidence.runs:
        yield run.began_at, f"{run.name} begins"
        if run.stopped_at is not None:
            yield run.stopped_at, f"{run.name} gets a signal"
        yield from ((trip.departed_at, f"{run.name} {_trip(trip)}") for trip in run.trips)
        yield run.ended_at, f"{run.name} {_end(run)}"
    for commit in evidence.commits:
        yield commit.at, _commit(commit)


def _trip(trip: Trip) -> str:
    took = "" if trip.ended_at is None else f" after {trip.ended_at - trip.departed_at:.3f} s"
    number = "" if trip.number is None else f" (request {trip.number})"
    pause = f", Retry-After: {trip.retry_after}" if trip.retry_after else ""
    held = f" {_plain(trip.agent_set)}" if trip.agent_set is not None else ""
    return f"sends {trip.method} {trip.path}{number}: {trip.status or 'no answer'}{took}{pause}{held}"


def _end(run: Run) -> str:
    if run.was_killed:
        return "is killed"
    if run.outcome is None:
        # The number of the process that holds a lock is another one each time.
        return _PID.sub("pid …", f"ends: {run.error!r}") if run.is_apply else "has its plan"
    agents = "".join(f"\n{'':15}{each.agent.id}: {each.status} {each.message}" for each in run.outcome.agents)
    return f"ends, {'verified' if run.outcome.is_verified else 'not verified'}{agents}"


def _commit(commit: Commit) -> str:
    by = f"request {commit.request}, If-Match {commit.if_match}" if commit.request else "an outsider"
    version = commit.after.version if commit.after else "gone"
    sets = f"{_plain(commit.skills_before)} -> {_plain(commit.skills_after)}"
    return f"  COMMIT by {by} of {commit.agent_id}, now {version}: {sets}"


def _plain(skills: Mapping[str, tuple[int, bool]]) -> str:
    held = (f"{skill}={value[0]}{'' if value[1] else ' off'}" for skill, value in sorted(skills.items()))
    return f"{{{', '.join(held)}}}"
