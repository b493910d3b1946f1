"""What each kind of fault does to a request: a wrapper around the honest answer, one line each in a table."""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Never

from reconciler.simulator.faults import Fault, Kind
from reconciler.simulator.routes import Desk, serve_request
from reconciler.simulator.wire import Answer, ConnectionDropped, JsonObject, Request, decode_json, encode_json

Handle = Callable[[Request], Awaitable[Answer]]

_PAGE_FOR_PEOPLE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Stage:
    """What an effect may reach: the tenant behind the honest answer, and how to let time pass."""

    desk: Desk
    sleep: Callable[[float], Awaitable[None]]


# Given the fault, the stage, the request and whatever would have answered it; awaiting that does it.
Effect = Callable[[Fault, Stage, Request, Handle], Awaitable[Answer]]


def wrap(fault: Fault, stage: Stage, handle: Handle) -> Handle:
    """Put one fault around what answers."""

    async def handle_with_fault(request: Request) -> Answer:
        return await EFFECTS[fault.kind](fault, stage, request, handle)

    return handle_with_fault


def _drop() -> Never:
    message = "the simulated connection was dropped"
    raise ConnectionDropped(message)


async def _status(fault: Fault, _stage: Stage, _request: Request, _handle: Handle) -> Answer:
    return Answer(fault.status, fault.body, fault.headers)


async def _commit_then_status(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    await handle(request)
    return Answer(fault.status, fault.body, fault.headers)


async def _delay_before(fault: Fault, stage: Stage, request: Request, handle: Handle) -> Answer:
    await stage.sleep(fault.seconds)
    return await handle(request)


async def _delay_after(fault: Fault, stage: Stage, request: Request, handle: Handle) -> Answer:
    answer = await handle(request)
    await stage.sleep(fault.seconds)
    return answer


async def _drop_before(_fault: Fault, _stage: Stage, _request: Request, _handle: Handle) -> Answer:
    _drop()


async def _drop_after(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    await handle(request)
    _drop()


async def _late_commit(fault: Fault, stage: Stage, request: Request, _handle: Handle) -> Answer:
    stage.desk.tenant.later(fault.seconds, lambda: serve_request(stage.desk, request))
    _drop()


async def _no_change(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return await handle(replace(request, method="GET", body=b"") if request.method == "PATCH" else request)


async def _echo_only(fault: Fault, stage: Stage, request: Request, handle: Handle) -> Answer:
    answer = await _no_change(fault, stage, request, handle)
    asked = decode_json(request.body) if request.method == "PATCH" else None
    return _with_json(answer, lambda document: document.update(asked)) if isinstance(asked, dict) else answer


async def _truncated(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    answer = await handle(request)
    return replace(answer, body=answer.body[: len(answer.body) // 2])


async def _html(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return replace(await handle(request), body=_PAGE_FOR_PEOPLE, content_type="text/html; charset=utf-8")


async def _content_type(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return replace(await handle(request), content_type="text/plain")


async def _body(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return replace(await handle(request), body=fault.body)


async def _empty_body(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return replace(await handle(request), body=b"")


async def _changed_json(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    answer = await handle(request)
    return _with_json(answer, fault.change) if fault.change else answer


async def _redirect(fault: Fault, _stage: Stage, _request: Request, _handle: Handle) -> Answer:
    return Answer(302, headers=(("Location", fault.location),), content_type=None)


async def _expired_token(_fault: Fault, stage: Stage, request: Request, handle: Handle) -> Answer:
    stage.desk.tokens.revoke_all()
    return await handle(request)


async def _total_moves(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    def move(document: JsonObject) -> None:
        if isinstance(total := document.get("total"), int):
            document["total"] = total + fault.count

    return _with_json(await handle(request), move)


async def _shifted_page(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return await handle(replace(request, shift=fault.count))


async def _id_twice(_fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    def repeat(document: JsonObject) -> None:
        for key in ("agents", "skills"):
            if isinstance(items := document.get(key), list):
                items.extend(items[-1:])
                return

    return _with_json(await handle(request), repeat)


async def _stale_read(fault: Fault, stage: Stage, request: Request, handle: Handle) -> Answer:
    return await handle(replace(request, as_of=stage.desk.tenant.clock() - fault.seconds))


async def _drip(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    return replace(await handle(request), drip_s=fault.seconds)


async def _gzip_bomb(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    answer = await handle(request)
    packer = zlib.compressobj(wbits=31)
    packed = b"".join([*(packer.compress(b" " * _MIB) for _ in range(fault.count)), packer.flush()])
    return replace(answer, body=packed, headers=(*answer.headers, ("Content-Encoding", "gzip")))


async def _act_before(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    if fault.act:
        fault.act()
    return await handle(request)


async def _act_after(fault: Fault, _stage: Stage, request: Request, handle: Handle) -> Answer:
    answer = await handle(request)
    if fault.act:
        fault.act()
    return answer


def _with_json(answer: Answer, change: Callable[[JsonObject], object]) -> Answer:
    """Change the answer's JSON object; an answer that is none stays as it is."""
    document = decode_json(answer.body)
    if not isinstance(document, dict):
        return answer
    change(document)
    return replace(answer, body=encode_json(document))


EFFECTS: Mapping[Kind, Effect] = {
    Kind.STATUS: _status,
    Kind.COMMIT_THEN_STATUS: _commit_then_status,
    Kind.DELAY_BEFORE: _delay_before,
    Kind.DELAY_AFTER: _delay_after,
    Kind.DROP_BEFORE: _drop_before,
    Kind.DROP_AFTER: _drop_after,
    Kind.LATE_COMMIT: _late_commit,
    Kind.NO_CHANGE: _no_change,
    Kind.ECHO_ONLY: _echo_only,
    Kind.TRUNCATED: _truncated,
    Kind.HTML: _html,
    Kind.CONTENT_TYPE: _content_type,
    Kind.BODY: _body,
    Kind.EMPTY_BODY: _empty_body,
    Kind.CHANGED_JSON: _changed_json,
    Kind.REDIRECT: _redirect,
    Kind.EXPIRED_TOKEN: _expired_token,
    Kind.TOTAL_MOVES: _total_moves,
    Kind.SHIFTED_PAGE: _shifted_page,
    Kind.ID_TWICE: _id_twice,
    Kind.STALE_READ: _stale_read,
    Kind.DRIP: _drip,
    Kind.GZIP_BOMB: _gzip_bomb,
    Kind.ACT_BEFORE: _act_before,
    Kind.ACT_AFTER: _act_after,
}
