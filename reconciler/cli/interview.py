"""The questions of `init`: each asked until its answer will do, on a terminal; without one every answer is a flag."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.desired.writing import Choice, Team
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.agents import LiveAgent

_Answer = TypeVar("_Answer")
# A terminal that hung up answers nothing for ever.
_MOST_TRIES = 5
_REST = "all"


class Interview:
    """Asks on stderr, and hears on stdin."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def is_possible(self) -> bool:
        """Whether there is somebody to ask."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, question: str, check: "Callable[[str], _Answer | Diagnostic]", default: str = "") -> _Answer:
        """Ask until `check` takes the answer, saying each time what is wrong. InvalidInput after too many tries."""
        from reconciler.diagnostics import Diagnostic
        from reconciler.errors import InvalidInput

        shown = f"{question} [{default}]:" if default else f"{question}:"
        answer: _Answer | Diagnostic | None = None
        for _ in range(_MOST_TRIES):
            answer = check(self._console.ask(shown) or default)
            if not isinstance(answer, Diagnostic):
                return answer
            self._console.say(f"{answer.message}" + (f"; {answer.hint}" if answer.hint else ""), "warning")
        message = f"`{question}` was asked {_MOST_TRIES} times, without an answer that will do"
        raise InvalidInput(Diagnostic("usage", message, "reconcile init --help, for the flags that answer it"))

    def ask_teams(self, agents: "Sequence[LiveAgent]", choose: "Callable[[Sequence[Team], bool], Choice]") -> "Choice":
        """Ask who is taken, team by team, showing after each line how many that makes; an empty line ends it."""
        self._console.say(
            f"Who of the {len(agents)} agents is managed from now on? A team is a label of yours, with globs on "
            "e-mail, user name or id:"
        )
        self._console.say("  Billing EMEA=*.emea@example.com,bo.*   the same name again changes it, `NAME=` removes it")
        self._console.say(f"  {_REST}                                   those in no team too; again: not those")
        teams: dict[str, Team] = {}
        takes_rest = False
        while True:
            choice = choose(tuple(teams.values()), takes_rest)
            self._show(choice, takes_rest=takes_rest)
            line = self.ask("A team, or an empty line when it is right", _checked(has_somebody=bool(choice.groups)))
            if line is None:
                return choice
            if line == _REST:
                takes_rest = not takes_rest
            elif isinstance(line, str):
                teams.pop(line, None)
            else:
                teams[line.name] = line

    def _show(self, choice: "Choice", *, takes_rest: bool) -> None:
        for team, count in choice.counts:
            self._console.say(f"  {team.name}: {agents_of(count)} by {', '.join(team.globs)}")
        if choice.counts or takes_rest:
            fate = "managed without a team" if takes_rest else "left alone"
            self._console.say(f"  in no team: {agents_of(len(choice.rest))}, {fate}")


def agents_of(count: int) -> str:
    """Write `1 agent`, `2 agents`."""
    return f"{count} agent{'' if count == 1 else 's'}"


def _checked(*, has_somebody: bool) -> "Callable[[str], Team | str | Diagnostic | None]":
    """Read a line: a team; a word (`all`, or a name to be forgotten); None for the end."""
    from reconciler.desired.writing import parse_team
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    def check(line: str) -> "Team | str | Diagnostic | None":
        if not line:
            return None if has_somebody else Diagnostic("usage", "nobody is chosen yet", f"`{_REST}` takes everyone")
        if line == _REST:
            return line
        if line.endswith("="):
            return line[:-1].strip()
        try:
            return parse_team(line)
        except InvalidInput as error:
            return error.diagnostics[0]

    return check
