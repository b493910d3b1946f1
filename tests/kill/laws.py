"""The laws of a kill, judged by the tenant's log: P1-P3 and P12 throughout, P7 and P17 of what comes after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.apply.runs import doubtful, list_runs
from reconciler.simulator import Author, Commit
from tests.kill.leavings import Left, is_closed, read_left
from tests.kill.story import COVERED, DESIRED, UNIONS, Held, held

_NOT_WRITTEN = "it was not written"
_AS_BEFORE = "the agent is as before: it was not written, or somebody set it back"


@dataclass(frozen=True)
class Ran:
    """One run, killed or not, told by others: the tenant before it, its commits, its PATCHes, the journals after it.

    `said` are the messages about doubtful writes: `run R …`. `early` are the writes without an intent on the disk.
    """

    start: Mapping[str, Held]
    commits: Sequence[Commit]
    patches: Sequence[tuple[str, Held]]
    single_reads: int
    early: Sequence[str]
    journals: Mapping[str, bytes]
    known: frozenset[str]
    is_complete: bool = False
    said: Sequence[str] = field(default_factory=tuple)

    @property
    def own(self) -> str | None:
        """The name of its own journal."""
        return next((name for name in self.journals if name not in self.known), None)

    def committed(self, agent_id: str) -> list[Held]:
        """Give the sets that the tenant stored for this run."""
        return [_after(commit) for commit in self.commits if _is_ours(commit, agent_id)]

    def was_edited(self, agent_id: str) -> bool:
        """Whether somebody else changed the agent meanwhile."""
        return any(each.agent_id == agent_id and each.author is Author.OUTSIDER for each in self.commits)


def check(killed: Sequence[Ran], rerun: Ran, last: Ran, runs: Path) -> list[str]:
    """Judge killed runs, the one after them, and one more; give the words for every doubtful write there was."""
    for ran in (*killed, rerun, last):
        assert not ran.early, "a write left before its intent was on the disk"
        _check_commits(ran)
        _check_outcomes(ran)
    _check_cover([*killed, rerun])
    _check_end(rerun, last, runs)
    return _check_looked_after(killed, rerun)


def doubts(ran: Ran) -> int:
    """Count the writes of which the journals do not know how they ended."""
    return sum(left.is_doubtful for journal in ran.journals.values() for left in read_left(journal).values())


def _check_commits(ran: Ran) -> None:
    """P1, P2: each write replaced what its plan showed as before, or its own union, by `after` or the union."""
    for commit in ran.commits:
        if not _is_ours(commit):
            continue
        agent, union = commit.agent_id, UNIONS.get(commit.agent_id)
        assert commit.before
        assert held(commit.before) in [ran.start[agent], union, DESIRED[agent]], f"overwritten: {commit}"
        assert _after(commit) in [union, DESIRED[agent]], f"not in the plan: {commit}"


def _check_outcomes(ran: Ran) -> None:
    """P3: `applied` means committed, `unknown` may be either, everything else that nothing was (of the last step)."""
    for agent_id, left in read_left(ran.journals.get(ran.own or "", b"")).items():
        is_committed = left.asked and left.asked[-1] in ran.committed(agent_id)
        if left.status in {"applied", "already_done"}:
            assert is_committed or ran.start[agent_id] == DESIRED[agent_id], f"{agent_id} is not {left.status}"
        elif left.status in {"failed", "conflict", "not_tried", "held_back"} and not left.resolved:
            assert not is_committed, f"{agent_id} was written, and is called {left.status}"


def _check_cover(runs: Sequence[Ran]) -> None:
    """P12, over the kill: somebody can take each of the two skills at all times."""
    tenant = {**runs[0].start}
    for commit in (commit for ran in runs for commit in ran.commits):
        tenant[commit.agent_id] = _after(commit)
        for skill in COVERED:
            assert any(each.get(skill, (0, False))[1] for each in tenant.values()), f"nobody is left for {skill}"


def _check_looked_after(killed: Sequence[Ran], rerun: Ran) -> list[str]:
    """P17: of each doubtful write the next run says once, and notes once, what the tenant's log says too."""
    left = {name: read_left(journal) for name, journal in killed[-1].journals.items()}
    by_journal = {ran.own: ran for ran in killed}
    expected = [
        (name, agent_id, *_truth(agent_id, found, by_journal[name]))
        for name, agents in left.items()
        for agent_id, found in agents.items()
        if found.is_doubtful
    ]
    words = sorted((name, f"{agent.removeprefix('id-')}@example.com", said) for name, agent, _, said in expected)
    assert sorted(_spoken(line) for line in rerun.said) == words
    after = {name: read_left(journal) for name, journal in rerun.journals.items()}
    for name, agent_id, status, said in expected:
        assert [_settled(*each[:2]) for each in after[name][agent_id].resolved] == [(status, said)]
    for name, agents in left.items():
        for agent_id, found in agents.items():
            if not found.is_doubtful:
                assert after[name][agent_id].resolved == found.resolved, "looked after without need"
    for name, agents in after.items():
        runs = {by_run for found in agents.values() for *_, by_run in found.resolved}
        assert name.removesuffix(".jsonl") not in runs, "a run cannot look after itself"
    return [said for *_, said in expected]


def _truth(agent_id: str, left: Left, ran: Ran) -> tuple[str, str]:
    """Say how a doubtful write really ended, as far as a reading can show: the status and the words for it."""
    committed = ran.committed(agent_id)
    if committed and committed[-1] == left.asked[-1]:
        is_half = left.asked[-1] == UNIONS.get(agent_id)
        return "applied", "the first of its two writes was written" if is_half else "it was written"
    if ran.was_edited(agent_id):
        return "unknown", "the agent has been changed since, so nobody can say whether it was written"
    if committed:
        return "unknown", "the first of its two writes was written, the second was not"
    return "failed", _NOT_WRITTEN


def _settled(status: str, words: str) -> tuple[str, str]:
    """Judge by what a reading shows: what else must be known to call a write failed has tests of its own."""
    plain = _plain(words)
    return ("failed", plain) if plain == _NOT_WRITTEN and status == "unknown" else (status, plain)


def _plain(words: str) -> str:
    return _NOT_WRITTEN if words in {f"{_NOT_WRITTEN} so far", _AS_BEFORE} else words


def _spoken(line: str) -> tuple[str, str, str]:
    """Take apart `run R ended while it wrote `X`: words`."""
    place, _, words = line.partition("`: ")
    _, run, *_ = place.split(" ")
    return f"{run}.jsonl", place.rpartition("`")[2], _plain(words)


def _check_end(rerun: Ran, last: Ran, runs: Path) -> None:
    """P7: one run brings everybody to what is declared, and one more sends no write and finds nothing in doubt."""
    assert rerun.is_complete
    assert last.start == DESIRED
    assert last.is_complete
    assert (list(last.patches), list(last.commits), list(last.said), last.single_reads) == ([], [], [], 0)
    assert last.journals == rerun.journals, "an old journal was touched without need"
    for name, journal in last.journals.items():
        assert is_closed(journal), f"{name} still says that something is in doubt"
    for record in list_runs(runs, None):
        assert not record.damage
        assert not doubtful(record)


def _is_ours(commit: Commit, agent_id: str | None = None) -> bool:
    return commit.author is Author.API and agent_id in {None, commit.agent_id}


def _after(commit: Commit) -> Held:
    assert commit.after
    return held(commit.after)
