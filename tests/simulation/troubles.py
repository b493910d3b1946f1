"""The families of faults: each draws the rules of one kind of trouble, as strong as chance makes it."""

from collections.abc import Callable, Mapping
from random import Random

from reconciler.simulator import Fault, Kind

# The network puts the request's own token in its place, for a tenant that repeats in public what it was told.
TOKEN_MARK = b"@@token@@"
_LEAK = b'{"message":"refused Bearer @@token@@ for demo:demo-secret, ZGVtbzpkZW1vLXNlY3JldA== \\u001b[31m::error::"}'
_TOKEN, _SKILLS, _AGENTS, _AGENT = "/oauth/token", "/api/v2/skills", "/api/v2/agents", "/api/v2/agents/*"
ODD_BODIES = (
    b'{"agents":[],"skills":[],"page":NaN,"pageSize":500,"total":0}',
    b'{"total":1' + b"0" * 5000 + b"}",
    b"[" * 5000,
    b'{"id":"x","id":"y","skills":[],"page":1,"page":2,"pageSize":1,"total":0}',
    b'{"agents":[{"id":"00000000-0000-4000-8000-000000000000"}],"page":1,"pageSize":500,"total":1}',
    b"\xff\xfe",
    b"null",
)
_GARBLED = (Kind.TRUNCATED, Kind.HTML, Kind.CONTENT_TYPE, Kind.EMPTY_BODY, Kind.BODY, Kind.GZIP_BOMB)
_SERVER_ERRORS = (500, 502, 503, 504)

Draw = Callable[[Random], list[Fault]]


def _some(random: Random) -> float:
    """Draw how likely a fault that a write has to live with is."""
    return random.choice((0.05, 0.2, 0.5))


def _few(random: Random) -> float:
    """Draw how likely a fault is that ends a plan when it comes three times in a row."""
    return random.choice((0.02, 0.05, 0.15))


def _body(random: Random) -> bytes:
    return random.choice((b"", b"<html>busy</html>", b'{"message":"busy"}', _LEAK))


def _status(method: str, path: str, statuses: tuple[int, ...], kind: Kind = Kind.STATUS) -> Draw:
    """Answer one of `statuses` now and then, with any body."""

    def draw(random: Random) -> list[Fault]:
        chance = _some(random) if method == "PATCH" else _few(random)
        status = random.choice(statuses)
        return [Fault(kind, method, path, times=None, chance=chance, status=status, body=_body(random))]

    return draw


def _drop(kind: Kind, method: str, path: str) -> Draw:
    return lambda random: [Fault(kind, method, path, times=None, chance=_some(random))]


def _slow(kind: Kind, method: str, path: str) -> Draw:
    """Take longer than anybody waits, or nearly so."""
    return lambda random: [
        Fault(kind, method, path, times=None, chance=_few(random), seconds=random.choice((0.3, 5.0, 29.0, 31.0, 90.0)))
    ]


def _garbled(method: str, path: str) -> Draw:
    def draw(random: Random) -> list[Fault]:
        return [
            Fault(
                random.choice(_GARBLED),
                method,
                path,
                nth=random.randint(1, 3),
                times=random.choice((1, 2, 3, None)),
                chance=_some(random),
                body=random.choice(ODD_BODIES),
            )
        ]

    return draw


def _throttled(random: Random) -> list[Fault]:
    texts = ("1", "7", "0.5", "100", "0", "soon", "-3", "99999999", "Sun, 22 Nov 2026 14:00:20 GMT", None)
    text = random.choice(texts)
    headers = (("Retry-After", text),) if text else ()
    return [
        Fault(
            Kind.STATUS,
            random.choice((None, "PATCH", "GET")),
            "*",
            nth=random.randint(1, 6),
            times=random.choice((1, 3, None)),
            chance=_few(random),
            status=random.choice((429, 429, 503)),
            headers=headers,
            body=_body(random),
        )
    ]


def _token_lifetime(random: Random) -> list[Fault]:
    value: object = random.choice((None, 0, -5, "60", "soon", 1e9, 61, [3600]))

    def change(document: dict[str, object]) -> None:
        document["expires_in"] = value
        if value is None:
            del document["expires_in"]

    return [Fault(Kind.CHANGED_JSON, "POST", _TOKEN, times=None, change=change)]


def _token_odd(random: Random) -> list[Fault]:
    odd = random.choice(("\n", "\r\nX-Evil: 1", " ", "\u00e9", "\0"))

    def change(document: dict[str, object]) -> None:
        document["access_token"] = f"{document.get('access_token')}{odd}"

    return [Fault(Kind.CHANGED_JSON, "POST", _TOKEN, times=random.choice((1, 2, None)), change=change)]


def _token_fails(random: Random) -> list[Fault]:
    kind = random.choice((Kind.STATUS, Kind.HTML, Kind.DROP_AFTER, Kind.TRUNCATED))
    status = random.choice((500, 503, 429))
    return [Fault(kind, "POST", _TOKEN, times=random.randint(1, 3), status=status, body=_body(random))]


def _refused_for_good(method: str, path: str, status: int) -> Draw:
    """Refuse everything from some request on."""
    return lambda random: [
        Fault(Kind.STATUS, method, path, nth=random.randint(1, 6), times=None, status=status, body=_body(random))
    ]


def _token_expires(random: Random) -> list[Fault]:
    return [Fault(Kind.EXPIRED_TOKEN, None, "/api/*", times=None, chance=_few(random))]


def _moving_pages(random: Random) -> list[Fault]:
    kind = random.choice((Kind.SHIFTED_PAGE, Kind.ID_TWICE, Kind.TOTAL_MOVES))
    count = random.choice((-1, 1, 2)) if kind is Kind.SHIFTED_PAGE else random.choice((1, 3))
    path = random.choice((_AGENTS, _AGENTS, _SKILLS))
    return [Fault(kind, "GET", path, nth=random.randint(1, 3), times=random.randint(1, 2), count=count)]


def _stale_reads(random: Random) -> list[Fault]:
    seconds = random.choice((0.2, 2.0, 60.0))
    return [Fault(Kind.STALE_READ, "GET", "/api/v2/agents*", times=None, chance=_some(random), seconds=seconds)]


def _redirects(random: Random) -> list[Fault]:
    method = random.choice(("GET", "PATCH", "POST"))
    return [Fault(Kind.REDIRECT, method, "*", nth=random.randint(1, 5), times=random.choice((1, None)))]


def _odd_records(random: Random) -> list[Fault]:
    """Make the record of one agent in a page, or on its own, say what makes no sense."""
    spoil = random.choice(SPOILS)

    def change(document: dict[str, object]) -> None:
        agents = document.get("agents")
        record = agents[0] if isinstance(agents, list) and agents else document
        spoil(record)

    return [Fault(Kind.CHANGED_JSON, "GET", "/api/v2/agents*", times=random.choice((1, 3)), change=change)]


def _spoil_first(key: str, value: object) -> Callable[[dict[str, object]], None]:
    def spoil(record: dict[str, object]) -> None:
        held = record.get("skills")
        if isinstance(held, list) and held and isinstance(held[0], dict):
            held[0][key] = value

    return spoil


def _hold_twice(record: dict[str, object]) -> None:
    held = record.get("skills")
    if isinstance(held, list):
        held.extend(held[:1])


def _say_no_skills(record: dict[str, object]) -> None:
    record.pop("skills", None)


SPOILS: tuple[Callable[[dict[str, object]], None], ...] = (
    _spoil_first("proficiency", 60.0),
    _spoil_first("proficiency", "60"),
    _spoil_first("proficiency", 101),
    _spoil_first("available", None),
    _spoil_first("skill", None),
    _hold_twice,
    lambda record: record.update(skills=None),
    _say_no_skills,
)


def _storm(random: Random) -> list[Fault]:
    """Let one agent be in conflict for ever, or for a few tries."""
    path = f"/api/v2/agents/{random.randrange(3):08x}-*"
    return [Fault(Kind.STATUS, "PATCH", path, times=random.choice((3, 5, None)), status=409, body=_body(random))]


def _rejected(random: Random) -> list[Fault]:
    status = random.choice((400, 404, 410, 415, 422))
    return [
        Fault(
            Kind.STATUS,
            "PATCH",
            "*",
            times=random.choice((1, 2, None)),
            chance=_some(random),
            status=status,
            body=_LEAK,
        )
    ]


def _lies(random: Random) -> list[Fault]:
    kind = random.choice((Kind.NO_CHANGE, Kind.ECHO_ONLY))
    return [Fault(kind, "PATCH", _AGENT, times=random.choice((1, None)), chance=_some(random))]


def _accepted(random: Random) -> list[Fault]:
    kind = random.choice((Kind.STATUS, Kind.COMMIT_THEN_STATUS))
    status = random.choice((202, 204))
    return [Fault(kind, "PATCH", _AGENT, times=None, chance=_some(random), status=status, body=b"")]


def _late_commits(random: Random) -> list[Fault]:
    seconds = random.choice((0.5, 5.0, 60.0))
    return [Fault(Kind.LATE_COMMIT, "PATCH", _AGENT, times=None, chance=_some(random), seconds=seconds)]


def _drip(random: Random) -> list[Fault]:
    return [Fault(Kind.DRIP, "GET", "*", times=1, nth=random.randint(1, 4), seconds=random.choice((0.1, 2.0)))]


def _edits_at_writes(random: Random) -> list[Fault]:
    """Let somebody else edit an agent right before a write is done, and right after a look at one."""
    chance = random.choice((0.1, 0.3))
    return [
        Fault(Kind.ACT_BEFORE, "PATCH", _AGENT, times=None, chance=chance),
        Fault(Kind.ACT_AFTER, "GET", _AGENT, times=None, chance=chance),
    ]


# Most runs should reach their writes: what ends a plan at once is drawn seldom.
COMMON: Mapping[str, Draw] = {
    "token-expires": _token_expires,
    "token-lifetime": _token_lifetime,
    "token-fails": _token_fails,
    "read-5xx": _status("GET", "*", _SERVER_ERRORS),
    "read-dropped": _drop(Kind.DROP_AFTER, "GET", _AGENT),
    "read-slow": _slow(Kind.DELAY_BEFORE, "GET", "*"),
    "read-stale": _stale_reads,
    "agent-garbled": _garbled("GET", _AGENT),
    "pages-move": _moving_pages,
    "records-odd": _odd_records,
    "drip": _drip,
    "throttled": _throttled,
    "write-5xx-before": _status("PATCH", _AGENT, _SERVER_ERRORS),
    "write-5xx-after": _status("PATCH", _AGENT, _SERVER_ERRORS, Kind.COMMIT_THEN_STATUS),
    "write-408": _status("PATCH", _AGENT, (408,), Kind.COMMIT_THEN_STATUS),
    "write-dropped-before": _drop(Kind.DROP_BEFORE, "PATCH", _AGENT),
    "write-dropped-after": _drop(Kind.DROP_AFTER, "PATCH", _AGENT),
    "write-slow-before": _slow(Kind.DELAY_BEFORE, "PATCH", _AGENT),
    "write-slow-after": _slow(Kind.DELAY_AFTER, "PATCH", _AGENT),
    "write-late": _late_commits,
    "write-garbled": _garbled("PATCH", _AGENT),
    "write-rejected": _rejected,
    "write-lies": _lies,
    "write-accepted": _accepted,
    "conflicts": _status("PATCH", _AGENT, (409, 412)),
    "conflict-storm": _storm,
    "edits-at-writes": _edits_at_writes,
}
RARE: Mapping[str, Draw] = {
    "token-odd": _token_odd,
    "token-refused": _refused_for_good("POST", _TOKEN, 401),
    "unauthorized": _status("GET", "/api/*", (401,)),
    "write-unauthorized": _status("PATCH", _AGENT, (401,)),
    "write-forbidden": _refused_for_good("PATCH", _AGENT, 403),
    "read-forbidden": _refused_for_good("GET", _AGENTS, 403),
    "page-garbled": _garbled("GET", "/api/v2/*s"),
    "redirects": _redirects,
}
