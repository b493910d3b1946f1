"""How the folder of the files stands to git: its commit, its branch, what is not committed, what is not fetched."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.plan.checkup.facts import Checkout
from reconciler.settings.git import Git

_NOBODY = "(initial)"
_DETACHED = "(detached)"


def read_checkout(environ: Mapping[str, str], folder: Path, state: Path) -> Checkout | None:
    """Ask git about `folder`, and whether it ignores the folder `state`; None where git knows no checkout there.

    Nothing is fetched: how far the upstream is known only as of the last time that somebody did. Never raises.
    """
    git = Git.find(environ, folder)
    configured = git.configuration() if git else None
    if git is None or configured is None:
        return None
    answer = git.status(configured)
    if not answer:
        return None
    lines = answer.splitlines()
    said = dict(line[2:].partition(" ")[::2] for line in lines if line.startswith("# "))
    ahead, behind = _ahead_and_behind(said.get("branch.ab", ""))
    commit, branch = said.get("branch.oid", ""), said.get("branch.head", "")
    return Checkout(
        commit="" if commit == _NOBODY else commit,
        branch="" if branch == _DETACHED else branch,
        upstream=said.get("branch.upstream", ""),
        ahead=ahead,
        behind=behind,
        changed=sum(not line.startswith("#") for line in lines),
        is_state_ignored=_is_ignored(git, state),
    )


def _ahead_and_behind(text: str) -> tuple[int, int]:
    """Read `+2 -1`; nothing where there is no upstream, or it is not known here."""
    numbers = [part[1:] for part in text.split()]
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):  # noqa: PLR2004 - ahead and behind
        return 0, 0
    return int(numbers[0]), int(numbers[1])


def _is_ignored(git: Git, state: Path) -> bool | None:
    """Whether git passes over the folder; None where it lies outside the checkout, or does not exist for git."""
    answer = git.ask({}, "check-ignore", "--", f"{state.absolute()}/x")
    return None if answer is None else bool(answer)
