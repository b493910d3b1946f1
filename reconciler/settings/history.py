"""The commits of lines, asked of the git checkout that the files are in, if they are in one."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

from reconciler.model.commits import Commit, History
from reconciler.settings.git import Git, without_filters

# For one file, and for all of them; whoever asks is waiting.
_FILE_TIMEOUT_S = 5.0
_MOST_S = 10.0
_MOST_FILES = 50
# Of more lines the whole file is asked about: a command line has an end.
_MOST_RANGES = 500
_LONGEST = 200
# No program of the repository's puts a file into other words; the first commit of all is no end of a shallow clone.
_BLAME = (
    *("-c", "blame.showRoot=false"),
    *("blame", "--porcelain", "--no-textconv", "--no-progress", "--encoding=UTF-8"),
)
_HEADING = re.compile(r"([0-9a-f]{40,64}) [0-9]+ ([0-9]+)(?: [0-9]+)?")
_ZONE = re.compile(r"([+-])([0-9]{2})([0-9]{2})")
_NOT_COMMITTED = "0"


def read_history(
    environ: Mapping[str, str], folder: Path, lines: Iterable[tuple[str, int]], monotonic: Callable[[], float]
) -> History:
    """Ask git which commit last wrote each line; files are relative to `folder`. Never raises.

    `monotonic` gives the seconds by which the whole of it is bounded.
    """
    git = Git.find(environ, folder)
    if git is None:
        return History(gap="there is no git here")
    commits: dict[tuple[str, int], Commit | None] = {}
    checkouts: dict[Path, _Checkout | None] = {}
    begun = monotonic()
    wanted = [(file, [line for _, line in group]) for file, group in groupby(sorted(set(lines)), key=lambda at: at[0])]
    unanswered, has_checkout = "", True
    for number, (file, places) in enumerate(wanted):
        if number >= _MOST_FILES or monotonic() - begun > _MOST_S:
            return History(commits, "git was not asked about all files: they are many, or it is slow")
        path = (folder / file).resolve()
        if path.parent not in checkouts:
            checkouts[path.parent] = _Checkout.find(environ, path.parent)
        checkout = checkouts[path.parent]
        found = None if checkout is None else checkout.blame(path.name, places)
        has_checkout = has_checkout and checkout is not None
        if found is None:
            unanswered = file
        commits |= {(file, line): commit for line, commit in (found or {}).items()}
    if not has_checkout:
        gap = f"git knows of no checkout at `{folder}`, or does not trust it"
        return History(commits, gap, f"git -C {folder} status says why")
    return History(commits, f"git does not answer for `{unanswered}`" if unanswered else "")


@dataclass(frozen=True, slots=True)
class _Checkout:
    """A folder of a checkout, its filters emptied; `is_shallow`: it does not reach back to the beginning."""

    git: Git
    settings: Mapping[str, str]
    is_shallow: bool

    @classmethod
    def find(cls, environ: Mapping[str, str], folder: Path) -> "_Checkout | None":
        git = Git.find(environ, folder)
        said = None if git is None else git.ask({}, "rev-parse", "--is-inside-work-tree", "--is-shallow-repository")
        words = (said or "").split()
        configured = git.configuration() if git is not None and words[:1] == ["true"] else None
        if git is None or configured is None:
            return None
        return cls(git, without_filters(configured), words[1:] == ["true"])

    def blame(self, name: str, lines: Iterable[int]) -> dict[int, Commit | None] | None:
        """Give the commits of these lines of a file; None where git does not say."""
        places = set(lines)
        ranges = [part for line in places for part in ("-L", f"{line},{line}")] if len(places) <= _MOST_RANGES else []
        said = self.git.ask(self.settings, *_BLAME, *ranges, "--", name, timeout_s=_FILE_TIMEOUT_S)
        if said:
            return {line: commit for line, commit in _commits_in(said, is_shallow=self.is_shallow) if line in places}
        # Of a file that is in no commit git says so, and of a branch that has none.
        is_new = self.git.ask(self.settings, "rev-parse", "--quiet", "--verify", f"HEAD:./{name}") == ""
        return dict.fromkeys(places) if is_new else None


def _commits_in(said: str, *, is_shallow: bool) -> Iterator[tuple[int, Commit | None]]:
    """Read what `git blame --porcelain` says: of each commit the facts come once, before the first of its lines."""
    facts: dict[str, dict[str, str]] = {}
    commit, line = "", 0
    for text in said.split("\n"):
        heading = _HEADING.fullmatch(text)
        if heading is not None:
            commit, line = heading[1], int(heading[2])
        elif text.startswith("\t"):
            is_new = not commit.strip(_NOT_COMMITTED)
            yield line, None if is_new else _commit(commit, facts.get(commit, {}), is_shallow=is_shallow)
        else:
            key, _, value = text.partition(" ")
            facts.setdefault(commit, {}).setdefault(key, value[:_LONGEST])


def _commit(name: str, facts: Mapping[str, str], *, is_shallow: bool) -> Commit:
    return Commit(
        name,
        facts.get("author", ""),
        _date(facts.get("author-time", ""), facts.get("author-tz", "")),
        facts.get("summary", ""),
        may_be_earlier=is_shallow and "boundary" in facts,
    )


def _date(seconds: str, zone: str) -> date | None:
    """Give the day, where the author was."""
    found = _ZONE.fullmatch(zone)
    try:
        where = UTC
        if found is not None:
            offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
            where = timezone(-offset if found[1] == "-" else offset)
        return datetime.fromtimestamp(int(seconds), where).date()
    except (OverflowError, OSError, ValueError):
        return None
