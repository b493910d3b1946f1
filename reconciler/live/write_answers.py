"""What the tenant's answer to a PATCH proves: written, not written, or nothing."""

import httpx

from reconciler.live.agent_pages import read_single, state_of
from reconciler.live.decode import Malformed
from reconciler.live.failures import AGAIN, Throttled, in_words, is_unsent, scope_missing
from reconciler.live.session import Session
from reconciler.live.transports.auth import place_of
from reconciler.live.transports.retry import THROTTLED_TRIES
from reconciler.model.answers import Accepted, Contended, Deferred, Doubtful, Gone, Rejected, Stored, WriteAnswer

WRITE_SCOPE = "admin:agent:write"
_OK = 200
_FORBIDDEN = 403
_GONE = frozenset({404, 410})
_CONTENDED = frozenset({409, 412})
# The tenant, or a proxy before it, lost patience with a request whose fate it does not tell.
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429


def judge(response: httpx.Response, agent_id: str, session: Session) -> WriteAnswer:
    """Sort an answer into the family. AccessDenied on a 403: the next agent would be refused as well."""
    status = response.status_code
    if status == _OK:
        return _stored(response, agent_id)
    if status < 300:  # noqa: PLR2004 - the statuses of success
        return Accepted(f"answered {status} without saying what it stored")
    words = session.words_of(response)
    if status == _FORBIDDEN:
        raise scope_missing(place_of(response.request), WRITE_SCOPE, words, session.connection.secret_names[0])
    return _refusal(status, words)


def _refusal(status: int, words: str) -> WriteAnswer:
    if status in _GONE:
        return Gone()
    if status in _CONTENDED:
        return Contended(words or f"answered {status}")
    if status == _TOO_MANY_REQUESTS:
        reason = f"the tenant refused it {THROTTLED_TRIES} times because of its rate limit"
        return Deferred(f"{reason}; lower `tenant.rate_limit` if other clients share the tenant; {AGAIN}")
    if status == _REQUEST_TIMEOUT or status >= 500:  # noqa: PLR2004 - the tenant's own failures
        return Doubtful(f"answered {status}" + (f": {words}" if words else ""))
    return Rejected(status, words or "without saying why")


def judge_failure(error: httpx.RequestError) -> WriteAnswer:
    """Sort a failure without a usable answer.

    Where nothing was sent: Deferred for a pause that nobody waits for, Rejected for a refused connection (the status is
    0 then, and that was tried several times).
    """
    words, hint = in_words(error)
    if isinstance(error, Throttled):
        return Deferred(f"the tenant {words}; {hint}")
    if is_unsent(error):
        return Rejected(0, f"could not connect, nothing was sent: the tenant {words}")
    return Doubtful(words)


def _stored(response: httpx.Response, agent_id: str) -> WriteAnswer:
    try:
        single = read_single(response, agent_id)
    except Malformed as malformed:
        return Accepted(f"answered 200, but {malformed}")
    if single.agent is None:
        return Accepted(f"answered 200, but {single.odd.reason if single.odd else 'the agent makes no sense'}")
    return Stored(state_of(single.agent, single.version))
