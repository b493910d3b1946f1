"""Runs the simulation: one schedule, or thousands on demand; a seed that fails prints the line that repeats it.

python -m tests.simulation.run --seeds 0:20000
python -m tests.simulation.run --seeds 4711 -v
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from reconciler.errors import ReconcileError
from tests.simulation.checker import Violation, check
from tests.simulation.evidence import Evidence
from tests.simulation.lost_updates import storm
from tests.simulation.narrative import narrate
from tests.simulation.play import Play
from tests.simulation.schedule import Schedule, draw
from tests.simulation.troubles import COMMON, RARE

KINDS: Mapping[str, Callable[[int], Schedule]] = {
    "swarm": draw,
    "lost-updates": partial(storm, versioned=True),
    "lost-updates-without-versions": partial(storm, versioned=False),
}
_CHUNK = 50
# What lives in memory needs no disk that is waited for; where there is none, any folder will do.
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made with random names, for the owner only
_VIOLATED, _CRASHED = 1, 2
# These strike, or do not, on the way: counted when they do.
_STRIKING = frozenset({"unsent", *COMMON, *RARE})


@dataclass
class Tally:
    """What many runs came to. `met` counts the runs in which a family of trouble struck, `ends` how runs ended."""

    runs: int = 0
    requests: int = 0
    met: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    violations: dict[int, list[Violation]] = field(default_factory=dict)

    def note(self, seed: int, evidence: Evidence, violations: list[Violation]) -> None:
        """Count one run."""
        self.runs += 1
        self.requests += len(evidence.app.requests)
        drawn = {family: 1 for family in evidence.schedule.families if family not in _STRIKING}
        self.met.update(drawn | {family: 1 for family, times in evidence.met.items() if times})
        self.lost.update(evidence.lost)
        for run in evidence.runs:
            if run.name in {"first", "rival"}:
                self.ends[_end_of(run.error, was_killed=run.was_killed)] += 1
                self.statuses.update(each.status.value for each in run.outcome_of.values())
        if violations:
            self.violations[seed] = violations

    def add(self, other: "Tally") -> None:
        """Count what another process has counted."""
        self.runs += other.runs
        self.requests += other.requests
        for mine, its in zip(self._counters, other._counters, strict=True):
            mine.update(its)
        self.violations |= other.violations

    @property
    def _counters(self) -> tuple[Counter[str], ...]:
        return (self.met, self.ends, self.statuses, self.lost)

    def __str__(self) -> str:
        names = ("met by runs", "ends", "agents", "edits overwritten")
        lines = [f"{self.runs} schedules, {self.requests} requests"]
        for name, counter in zip(names, self._counters, strict=True):
            lines.append(f"{name}: {', '.join(f'{key} {count}' for key, count in sorted(counter.items())) or 'none'}")
        return "\n".join(lines)


def _end_of(error: BaseException | None, *, was_killed: bool) -> str:
    if was_killed:
        return "killed"
    if isinstance(error, ReconcileError):
        return error.diagnostics[0].code
    return type(error).__name__ if error else "done"


def play(schedule: Schedule) -> tuple[Evidence, list[Violation]]:
    """Play one schedule and judge it; RuntimeError of the virtual clock where everybody waits for somebody else."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        evidence = Play(schedule, Path(folder)).run()
        return evidence, check(evidence)


def play_all(kind: str, seeds: Iterable[int]) -> Tally:
    """Play the schedules of these seeds."""
    tally = Tally()
    for seed in seeds:
        try:
            evidence, violations = play(KINDS[kind](seed))
        except Exception as error:
            error.add_note(f"while playing: {_repeat(kind, seed)}")
            raise
        tally.note(seed, evidence, violations)
    return tally


def report(kind: str, tally: Tally) -> str:
    """Say what was broken, with the line that repeats each."""
    lines = []
    for seed, violations in sorted(tally.violations.items()):
        lines += [f"{violation}" for violation in violations[:5]]
        lines.append(f"    {_repeat(kind, seed)}")
    return "\n".join(lines)


def _repeat(kind: str, seed: int) -> str:
    option = "" if kind == "swarm" else f" --kind {kind}"
    return f"python -m tests.simulation.run{option} --seeds {seed} -v"


def main(args: Sequence[str]) -> int:
    """Run what was asked for; 1 where a promise was broken, 2 where the simulation itself was."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(2000), metavar="FROM:TO", help="or one; from, up to")
    parser.add_argument("--kind", choices=KINDS, default="swarm")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happened")
    given = parser.parse_args(args)
    if given.verbose:
        return _tell(given.kind, given.seeds)
    started = time.monotonic()
    total = Tally()
    try:
        for tally in _in_chunks(given.kind, given.seeds, given.jobs):
            total.add(tally)
            rate = total.runs / (time.monotonic() - started)
            _say(f"\r{total.runs} of {len(given.seeds)}, {rate:.0f} a second ", sys.stderr.isatty())
            _say(report(given.kind, tally) + "\n", bool(tally.violations))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is no broken promise
        _say(f"\nthe simulation failed: {error!r}\n{getattr(error, '__notes__', '')}\n")
        return _CRASHED
    seconds = time.monotonic() - started
    sys.stdout.write(f"{total}\n{seconds:.0f} s, {total.runs / seconds:.0f} a second\n")
    broken = Counter(violation.promise for found in total.violations.values() for violation in found)
    sys.stdout.write(f"broken: {', '.join(sorted(broken)) or 'none'}\n")
    return _VIOLATED if broken else 0


def _in_chunks(kind: str, seeds: range, jobs: int) -> Iterator[Tally]:
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    if jobs == 1:
        yield from (play_all(kind, chunk) for chunk in chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(play_all, kind), chunks)


def _tell(kind: str, seeds: range) -> int:
    broken = False
    for seed in seeds:
        evidence, violations = play(KINDS[kind](seed))
        sys.stdout.writelines(f"{line}\n" for line in (*narrate(evidence), *violations))
        broken = broken or bool(violations)
    return _VIOLATED if broken else 0


def _say(text: str, is_wanted: bool = True) -> None:  # noqa: FBT002 - the condition of a line
    if is_wanted:
        sys.stderr.write(text)
        sys.stderr.flush()


def _seeds(text: str) -> range:
    first, colon, last = text.partition(":")
    return range(int(first), int(last)) if colon else range(int(first), int(first) + 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
