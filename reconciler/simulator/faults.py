"""Faults on demand: which requests go wrong, and how often; what each kind does stands in `effects`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random

from reconciler.simulator.wire import JsonObject, Request


class Kind(StrEnum):
    """The kinds of fault, one line each in the table of `effects`."""

    STATUS = "status"
    """Nothing is done; `status`, `headers` and `body` are answered."""
    COMMIT_THEN_STATUS = "commit-then-status"
    """All is done, and `status`, `headers` and `body` are answered."""
    DELAY_BEFORE = "delay-before"
    """`seconds` pass before anything is done."""
    DELAY_AFTER = "delay-after"
    """All is done, then `seconds` pass before the answer leaves."""
    DROP_BEFORE = "drop-before"
    """The connection breaks and nothing is done."""
    DROP_AFTER = "drop-after"
    """All is done, then the connection breaks."""
    LATE_COMMIT = "late-commit"
    """The connection breaks, and `seconds` later all is done."""
    NO_CHANGE = "no-change"
    """A PATCH changes nothing and answers 200 with the agent as it stands."""
    ECHO_ONLY = "echo-only"
    """A PATCH changes nothing and answers 200 with the set that was asked for."""
    TRUNCATED = "truncated"
    """All is done; half of the body is answered."""
    HTML = "html"
    """All is done; a page for people is answered, with the same status."""
    CONTENT_TYPE = "content-type"
    """All is done; the answer calls itself `text/plain`."""
    BODY = "body"
    """All is done; `body` stands in place of the answer's."""
    EMPTY_BODY = "empty-body"
    """All is done; the answer's body is empty."""
    CHANGED_JSON = "changed-json"
    """All is done; the answer's JSON has been through `change`."""
    REDIRECT = "redirect"
    """Nothing is done; 302 to `location` is answered."""
    EXPIRED_TOKEN = "expired-token"  # noqa: S105 - the name of a fault
    """Every token given so far is worthless from now on."""
    TOTAL_MOVES = "total-moves"
    """A listing's `total` is `count` more than it is."""
    SHIFTED_PAGE = "shifted-page"
    """A page begins `count` places further on (negative: back), as when agents come and go between two pages."""
    ID_TWICE = "id-twice"
    """The last item of a page stands there twice."""
    STALE_READ = "stale-read"
    """A read sees the agents as they were `seconds` ago."""
    DRIP = "drip"
    """The body leaves in small pieces, `seconds` apart."""
    GZIP_BOMB = "gzip-bomb"
    """The answer is `count` MiB of blanks, packed into very little."""
    ACT_BEFORE = "act-before"
    """`act` is called right before the request is done: an outsider gets in between."""
    ACT_AFTER = "act-after"
    """`act` is called right after the request is done, before the answer leaves."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. Of the requests that match `method` and `path` (a glob), `nth` (from 1) and those after it are hit.

    `times` says how many in all (None: for ever), `chance` how likely each. Several rules may hit one request: the
    first in the list is the outermost.
    """

    kind: Kind
    method: str | None = None
    path: str = "*"
    nth: int = 1
    times: int | None = 1
    chance: float = 1.0
    status: int = 500
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b'{"message":"simulated fault"}'
    seconds: float = 60.0
    count: int = 1
    location: str = "https://elsewhere.example.com/"
    change: Callable[[JsonObject], None] | None = None
    act: Callable[[], object] | None = None

    def matches(self, request: Request) -> bool:
        """Whether method and path are meant."""
        return self.method in {None, request.method} and fnmatchcase(request.path, self.path)


class FaultPlan:
    """The rules in force, and how often each has matched; `random` decides where a rule leaves it to chance."""

    def __init__(self, faults: Iterable[Fault], random: Random) -> None:
        self._faults: list[Fault] = list(faults)
        self._matched: list[int] = [0] * len(self._faults)
        self._random = random

    def add(self, fault: Fault) -> None:
        """Put one more rule in force, from the next request on."""
        self._faults.append(fault)
        self._matched.append(0)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()
        self._matched.clear()

    def hits(self, request: Request) -> list[Fault]:
        """Count the request, and give the rules that hit it."""
        hits: list[Fault] = []
        for place, fault in enumerate(self._faults):
            if not fault.matches(request):
                continue
            self._matched[place] += 1
            beyond = self._matched[place] - fault.nth
            is_due = beyond >= 0 and (fault.times is None or beyond < fault.times)
            if is_due and (fault.chance >= 1 or self._random.random() < fault.chance):
                hits.append(fault)
        return hits
