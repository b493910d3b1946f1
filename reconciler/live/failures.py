"""What can go wrong between us and a tenant, and the sentence and the hint that a person gets for it.

Inside this room trouble without a usable answer travels as an `httpx.RequestError`: httpx's own, or one of these.

    httpx.RequestError
    ├── RedirectRefused     the tenant answered 3xx; we never follow
    ├── AnswerTooLarge      the body, once unpacked, is larger than anything we asked for
    ├── Throttled           the tenant asked for a longer pause than anybody waits; nothing was sent
    └── httpx.TimeoutException
        └── DeadlineExceeded
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import httpx

from reconciler.diagnostics import Diagnostic
from reconciler.errors import AccessDenied, TenantError

AGAIN = "run the same command again; what is done stays done"


class RedirectRefused(httpx.RequestError):
    """The tenant sent us elsewhere; where to is not repeated, it may hold what it should not."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}, a redirect, which is never followed")


class AnswerTooLarge(httpx.RequestError):
    """A body over the cap."""

    def __init__(self, cap_bytes: int) -> None:
        super().__init__(f"answered with a body of more than {cap_bytes >> 20} MiB")


class DeadlineExceeded(httpx.TimeoutException):
    """The whole answer did not arrive in time, however steadily it dripped."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"did not answer completely within {timeout_s:g} s")


class Throttled(httpx.RequestError):
    """The tenant wants a pause of `seconds`, which is more than we wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asks for a pause of {seconds:.0f} s because of its rate limit, more than is waited for")


class WriteRefused(RuntimeError):  # noqa: N818 - the tree names causes, as in `errors`
    """Our own mistake: a read-only session was asked to send something other than GET."""


class ForeignOrigin(RuntimeError):  # noqa: N818 - as above
    """Our own mistake: a request was about to leave for somewhere else than the configured tenant."""


# Raised before the first byte of the request has left: whatever it was, it did not happen.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    Throttled,
)
# Asking again gives the same; a body that cannot be unpacked is asked for again where bodies are read.
_LASTING = (RedirectRefused, AnswerTooLarge, Throttled, httpx.UnsupportedProtocol, httpx.DecodingError)


def is_unsent(error: httpx.RequestError) -> bool:
    """Whether the request certainly never reached the tenant."""
    return isinstance(error, _NOT_SENT)


def is_lasting(error: httpx.RequestError) -> bool:
    """Whether another try is pointless."""
    return isinstance(error, _LASTING) or any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        # Where a name has several addresses, each has failed: the first stands for them.
        inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
        error = inner or error.__cause__ or error.__context__


# The first row whose class is found among the causes: what happened, in words (None: the error's own), and the hint.
_WORDS: tuple[tuple[type[BaseException], str | None, str], ...] = (
    (RedirectRefused, None, "check CXONE_REALM or CXONE_BASE_URL: the tenant's API answers at its own address"),
    (AnswerTooLarge, None, "check CXONE_BASE_URL: this is not how a tenant's API answers"),
    (Throttled, None, "wait that long, then run the same command again; what is done stays done"),
    (
        ssl.SSLCertVerificationError,
        "shows a certificate that this machine does not trust",
        "check this machine's clock; behind an inspecting proxy, put its authority into SSL_CERT_FILE",
    ),
    (
        ssl.SSLError,
        "could not agree on an encrypted connection",
        "check that CXONE_BASE_URL is an https address, and that no proxy interferes",
    ),
    (
        httpx.ProxyError,
        "cannot be reached: the proxy refused the connection",
        "check HTTPS_PROXY and NO_PROXY, and the proxy's credential",
    ),
    (
        socket.gaierror,
        "cannot be reached: its name is not known to DNS",
        "check CXONE_REALM or CXONE_BASE_URL, and the network",
    ),
    (
        ConnectionRefusedError,
        "cannot be reached: the connection was refused, nothing listens there",
        "check CXONE_REALM or CXONE_BASE_URL, host and port, and the firewall",
    ),
    (httpx.ConnectTimeout, "cannot be reached: nobody answers", "check the network, the firewall and HTTPS_PROXY"),
    (
        httpx.ConnectError,
        "cannot be reached: the connection failed",
        "check CXONE_BASE_URL, the network and HTTPS_PROXY",
    ),
    (DeadlineExceeded, None, AGAIN),
    (httpx.TimeoutException, "did not answer in time", AGAIN),
    (httpx.DecodingError, None, AGAIN),
    (httpx.RequestError, "broke the connection off before its answer was complete", AGAIN),
)


# OpenSSL's own numbers (x509_vfy.h) for what is commonly wrong with a certificate.
_OF_ANOTHER = (
    "shows a certificate made for another name",
    "check CXONE_REALM or CXONE_BASE_URL; a proxy or a captive network may answer in its place",
)
_CERTIFICATES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        9: ("shows a certificate that is not valid yet", "check this machine's clock and date"),
        10: (
            "shows a certificate that has expired",
            "check this machine's clock and date; if they are right, tell whoever runs that address, or the proxy",
        ),
        62: _OF_ANOTHER,
        64: _OF_ANOTHER,
    }
)


def _number_of(error: ssl.SSLCertVerificationError) -> int:
    return getattr(error, "verify_code", 0)


def in_words(error: httpx.RequestError) -> tuple[str, str]:
    """Say what happened, with the tenant as the subject, and what to do about it."""
    causes = tuple(_causes(error))
    for cause in causes:
        # Only a handshake sets the number.
        if isinstance(cause, ssl.SSLCertVerificationError) and (known := _CERTIFICATES.get(_number_of(cause))):
            return known
    for kind, words, hint in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return words or str(error), hint
    return "failed in an unknown way", AGAIN


def unreachable(place: str, error: httpx.RequestError) -> TenantError:
    """No usable answer to the request `place` (method and path)."""
    words, hint = in_words(error)
    code = "rate-limited" if isinstance(error, Throttled) else "tenant-unreachable"
    return TenantError(Diagnostic(code, f"{place}: the tenant {words}", hint))


def access_refused(place: str, status: int, secret_names: tuple[str, str]) -> AccessDenied:
    """Two fresh tokens, or the credential itself, refused."""
    client_id, client_secret = secret_names
    return AccessDenied(
        Diagnostic(
            "access-refused",
            f"{place}: the tenant answered {status} to the credential in {client_id} and {client_secret}",
            f"check that {client_id} and {client_secret} hold one and the same active client of this tenant, "
            "complete and without blanks, and that CXONE_REALM names its region",
        )
    )


def scope_missing(place: str, scope: str, words: str, client_id_name: str) -> AccessDenied:
    """403: the credential is good, and may not do this."""
    said = f" (`{words}`)" if words else ""
    return AccessDenied(
        Diagnostic(
            "scope-missing",
            f"{place}: the tenant answered 403: the credential lacks the scope {scope}{said}",
            f"grant {scope} to the client that {client_id_name} names, in the tenant's administration where its API "
            "clients are kept, then run the same command again",
        )
    )


def bad_status(place: str, status: int, words: str) -> TenantError:
    """A status that a reading cannot go on with."""
    said = f": {words}" if words else ""
    code, hint = "tenant-answer", AGAIN
    if status in {404, 405, 410}:
        hint = "check CXONE_REALM or CXONE_BASE_URL: there is no such API at this address"
    elif status == 429:  # noqa: PLR2004 - Too Many Requests
        code = "rate-limited"
        hint = "lower `tenant.rate_limit` if other clients share the tenant; " + AGAIN
    elif status < 500:  # noqa: PLR2004 - the tenant blames our request
        hint = "check `tenant.api`: the tenant does not understand this dialect"
    return TenantError(Diagnostic(code, f"{place}: the tenant answered {status}{said}", hint))


def nonsense(place: str, reason: str, tries: int) -> TenantError:
    """Answers that could not be understood, `tries` times in a row."""
    message = f"{place}: the tenant's answer cannot be relied upon, {tries} times in a row: {reason}"
    return TenantError(Diagnostic("tenant-answer", message, f"check CXONE_BASE_URL; if it is right, {AGAIN}"))


def incomplete(what: str, reason: str) -> TenantError:
    """A listing that never held still."""
    message = f"the listing of {what} is not complete: {reason}"
    return TenantError(Diagnostic("tenant-incomplete", message, f"nothing was written; {AGAIN}"))
