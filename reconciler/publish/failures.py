"""What can go wrong between us and the host of a repository, as errors a caller can act upon, and in words.

ReconcileError
├── AccessDenied
│   └── MayNot          the token is refused, or may not do this
└── ForgeError          the host cannot be reached, refuses, or answers nonsense
    ├── Missing         it knows no such thing, or does not show it to this token
    ├── TooLong         the body is longer than it takes
    └── Unclear         a write that may have happened: read again and look
"""

import socket
import ssl
from collections.abc import Iterator

import httpx

from reconciler.diagnostics import Diagnostic
from reconciler.errors import AccessDenied, InvalidInput, ReconcileError
from reconciler.live.failures import AnswerTooLarge, DeadlineExceeded, RedirectRefused

_AGAIN = "run the job again"
_NETWORK = "check the network, HTTPS_PROXY and NO_PROXY"


class MayNotComment(AccessDenied):
    """The token is not taken, or may not do what was asked: what there is to say has to be said elsewhere."""


class ForgeError(ReconcileError):
    """The host could not be reached, refused the request, or answered what cannot be relied upon."""


class Missing(ForgeError):  # noqa: N818 - the tree names causes, as in `errors`
    """There is no such thing, or none that this token may see."""


class TooLong(ForgeError):  # noqa: N818 - the tree names causes, as in `errors`
    """The body is longer than the host takes."""


class Unclear(ForgeError):  # noqa: N818 - the tree names causes, as in `errors`
    """A write left and its outcome is not known; sending it again may do it twice."""


# The first row whose class is found among the causes: what happened, with the host as the subject (None: the error's
# own words), and what to do.
_WORDS: tuple[tuple[type[BaseException], str | None, str], ...] = (
    (RedirectRefused, None, "a repository that was renamed answers so: give its new name with --repo"),
    (AnswerTooLarge, None, "check that the address of the API is right"),
    (
        ssl.SSLCertVerificationError,
        "shows a certificate that this machine does not trust",
        "check this machine's clock; put the authority of your own server or proxy into SSL_CERT_FILE",
    ),
    (ssl.SSLError, "could not agree on an encrypted connection", _NETWORK),
    (httpx.ProxyError, "cannot be reached: the proxy refused the connection", _NETWORK),
    (socket.gaierror, "cannot be reached: its name is not known to DNS", _NETWORK),
    (httpx.ConnectTimeout, "cannot be reached: nobody answers", _NETWORK),
    (httpx.ConnectError, "cannot be reached: the connection failed", _NETWORK),
    (DeadlineExceeded, None, _AGAIN),
    (httpx.TimeoutException, "did not answer in time", _AGAIN),
    (httpx.DecodingError, None, _AGAIN),
    (httpx.RequestError, "broke the connection off before its answer was complete", _AGAIN),
)


def unreachable(place: str, host: str, error: httpx.RequestError, *, is_unclear: bool) -> ForgeError:
    """No usable answer to the request `place` (method and path); `is_unclear`: it may have been carried out."""
    causes = tuple(_causes(error))
    for kind, words, hint in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            message = f"{place}: {host} {words or error}"
            return _unanswered(Diagnostic("forge-unreachable", message, hint), is_unclear=is_unclear)
    message = f"{place}: {host} cannot be asked"
    return _unanswered(Diagnostic("forge-unreachable", message, _NETWORK), is_unclear=is_unclear)


def _unanswered(diagnostic: Diagnostic, *, is_unclear: bool) -> ForgeError:
    return Unclear(diagnostic) if is_unclear else ForgeError(diagnostic)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def token_refused(place: str, host: str, words: str) -> MayNotComment:
    """401: whose token it is, the host does not know."""
    hint = "give a token that is valid still; in a workflow: GITHUB_TOKEN: ${{ github.token }}"
    return MayNotComment(Diagnostic("forge-denied", f"{place}: {host} answered 401 to the token{_said(words)}", hint))


def not_allowed(place: str, host: str, words: str, needs: str) -> MayNotComment:
    """403: a token that is good for other things; `needs` says what lets it do this."""
    message = f"{place}: {host} answered 403: the token may not do this{_said(words)}"
    return MayNotComment(Diagnostic("forge-denied", message, needs))


def missing(place: str, host: str, status: int, words: str) -> Missing:
    """404 and 410."""
    message = f"{place}: {host} answered {status}: there is no such thing, or this token may not see it{_said(words)}"
    hint = "check the repository (--repo) and the number (--pr), and that the token may read this repository"
    return Missing(Diagnostic("forge-missing", message, hint))


def too_long(place: str, host: str, status: int, words: str) -> TooLong:
    """A body over the host's limit."""
    message = f"{place}: {host} answered {status}: the text is longer than it takes{_said(words)}"
    return TooLong(Diagnostic("forge-too-long", message, "reconcile show PLAN shows the whole plan"))


def refused(place: str, host: str, status: int, words: str) -> ForgeError:
    """Any other refusal, which asking again would not change."""
    message = f"{place}: {host} answered {status}{_said(words)}"
    return ForgeError(Diagnostic("forge-refused", message, "see what it says; asking again will not change it"))


def broken(place: str, host: str, status: int, words: str, *, is_unclear: bool) -> ForgeError:
    """A 5xx; after a write, nobody knows whether it happened."""
    message = f"{place}: {host} answered {status}{_said(words)}"
    return _unanswered(Diagnostic("forge-unreachable", message, _AGAIN), is_unclear=is_unclear)


def nonsense(place: str, host: str, reason: str, *, is_unclear: bool = False) -> ForgeError:
    """An answer that is not what the host's documentation says."""
    message = f"{place}: the answer of {host} cannot be relied upon: {reason}"
    hint = "check the address of the API, and that no proxy answers in its place"
    return _unanswered(Diagnostic("forge-answer", message, hint), is_unclear=is_unclear)


def limited(place: str, host: str, seconds: float) -> ForgeError:
    """A rate limit whose pause is longer than a job should wait."""
    message = f"{place}: {host} asks for a pause of {seconds:.0f} s because of its rate limit, more than is waited for"
    hint = "run the job again after that; a token of its own has a rate limit of its own"
    return ForgeError(Diagnostic("forge-limited", message, hint))


def unusable(code: str, message: str, hint: str) -> InvalidInput:
    """An address, a repository or a token with which nothing can be sent."""
    return InvalidInput(Diagnostic(code, message, hint))


def _said(words: str) -> str:
    return f" (`{words}`)" if words else ""
