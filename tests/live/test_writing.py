"""Writing: one PATCH with exactly the agreed body, and each answer taken for what it proves."""

import json

import pytest

from reconciler.errors import AccessDenied
from reconciler.live import Tenant
from reconciler.live.failures import WriteRefused
from reconciler.live.transports.retry import THROTTLED_TRIES
from reconciler.model.answers import Accepted, Contended, Deferred, Doubtful, Gone, Rejected, Stored, WriteAnswer
from reconciler.model.assignments import Assignment

from .server import Answer, Call, Server, agent, agent_id, row, running, scripted

BODY = {"skill-1": Assignment(0, available=False), "skill-0": Assignment(85, available=True)}


def write(server: Server, version: str | None = "7", **changes: object) -> WriteAnswer:
    async def work(tenant: Tenant) -> WriteAnswer:
        return await tenant.write_agent(agent_id(1), BODY, version)

    answer: WriteAnswer = running(server, work, **changes)
    return answer


def patching(*answers: Answer) -> Server:
    return Server(scripted("PATCH", agent_id(1), *answers))


def test_the_body_is_exactly_the_agreed_one() -> None:
    """Sorted by skill id, the whole set, nothing else; the version goes into If-Match."""
    server = patching(Answer(body=agent(1, row(0, 85), row(1, 0, available=False), version=8)))
    answer = write(server)
    assert isinstance(answer, Stored)
    assert (answer.state.version, answer.state.assignments) == ("8", BODY)
    call = server.calls[-1]
    assert json.loads(call.body) == {"skills": [row(0, 85), row(1, 0, available=False)]}
    assert (call.headers["if-match"], call.headers["content-type"]) == ('"7"', "application/json")
    assert (call.headers["accept"], call.headers["accept-encoding"]) == ("application/json", "gzip")
    assert call.headers["user-agent"].startswith("cxone-reconciler/")
    assert "if-match" not in _sent_without_version().headers


def _sent_without_version() -> Call:
    server = patching(Answer(204))
    write(server, None)
    return server.calls[-1]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(202), Accepted("answered 202 without saying what it stored")),
        (Answer(204, content_type=None), Accepted("answered 204 without saying what it stored")),
        (Answer(200, b"ok", content_type="text/plain"), Accepted("answered 200, but it should be JSON")),
        (Answer(200, agent(2)), Accepted("answered 200, but it is about another agent than was asked for")),
        (
            Answer(200, agent(1, row(0, 300))),
            Accepted("answered 200, but Expected int <= 100 at $.skills[0].proficiency"),
        ),
        (Answer(400, {"message": "Invalid skill ID"}), Rejected(400, "Invalid skill ID")),
        (Answer(422, {"error": {"message": "Proficiency"}}), Rejected(422, "Proficiency")),
        (Answer(400, {"error": "bad", "error_description": "worse"}), Rejected(400, "worse")),
        (Answer(400, b"plain\x1b[31m words\n", content_type="text/plain"), Rejected(400, "plain [31m words")),
        (Answer(400, b"<html>x</html>", content_type="text/html"), Rejected(400, "without saying why")),
        (Answer(400, b"[" * 10_000), Rejected(400, "[" * 200 + "…")),
        (Answer(404), Gone()),
        (Answer(410), Gone()),
        (Answer(409, {"detail": "busy"}), Contended("busy")),
        (Answer(412), Contended("answered 412")),
        (Answer(408), Doubtful("answered 408")),
        (Answer(500, {"message": "oops"}), Doubtful("answered 500: oops")),
        (Answer(503, headers={"Retry-After": "1"}), Doubtful("answered 503")),
        (Answer(drop=True), Doubtful("broke the connection off before its answer was complete")),
        (
            Answer(200, b"xx", headers={"content-encoding": "gzip"}),
            Doubtful("answered with a body that claims to be gzip and is not"),
        ),
        (
            Answer(307, headers={"Location": "https://evil.example/"}),
            Doubtful("answered 307, a redirect, which is never followed"),
        ),
    ],
)
def test_each_answer_is_taken_for_what_it_proves_and_sent_once(answer: Answer, expected: WriteAnswer) -> None:
    """Nothing is repeated after an answer, or a failure, behind which a write may have happened."""
    server = patching(answer)
    assert write(server) == expected
    assert server.count("PATCH") == 1


def test_a_429_was_not_looked_at_and_is_repeated_within_bounds() -> None:
    server = patching(Answer(429, headers={"Retry-After": "3"}), Answer(202))
    assert isinstance(write(server), Accepted)
    assert server.clock.passed >= 3
    server = patching(Answer(429))
    answer = write(server)
    assert isinstance(answer, Deferred)
    assert "run the same command again" in answer.reason
    assert server.count("PATCH") == THROTTLED_TRIES


def test_an_absurd_pause_is_not_waited_for_and_nothing_more_is_sent() -> None:
    """Inside a `Retry-After` nobody sends: the next write is refused on our side, with the way to go on."""
    server = patching(Answer(429, headers={"Retry-After": "86400"}))

    async def work(tenant: Tenant) -> list[WriteAnswer]:
        return [await tenant.write_agent(agent_id(1), BODY, None) for _ in range(3)]

    for answer in running(server, work):
        assert isinstance(answer, Deferred)
        assert "86400 s" in answer.reason
        assert "run the same command again" in answer.reason
    assert (server.count("PATCH"), server.clock.passed) == (1, 0)


def test_a_403_names_the_scope_and_stops() -> None:
    with pytest.raises(AccessDenied, match="admin:agent:write"):
        write(patching(Answer(403, {"message": "missing scope"})))


def test_a_session_for_reading_cannot_write() -> None:
    """P18, by construction: the request does not even reach the credential."""
    server = patching(Answer(202))
    with pytest.raises(WriteRefused):
        write(server, writable=False)
    assert server.calls == []


def test_the_counts_are_what_was_sent() -> None:
    server = patching(Answer(429), Answer(401), Answer(202))

    async def work(tenant: Tenant) -> tuple[int, ...]:
        await tenant.write_agent(agent_id(1), BODY, None)
        await tenant.read_agent(agent_id(2))
        asked = tenant.requests
        return asked.sent, asked.throttled, asked.tokens, asked.reads, asked.writes

    assert running(server, work) == (6, 1, 2, 1, 3)
    assert len(server.calls) == 6
