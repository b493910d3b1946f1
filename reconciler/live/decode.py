"""From the bytes of an answer to checked values: what is not JSON as agreed is Malformed, never a guess."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import httpx
import msgspec

T = TypeVar("T")

_OK = 200
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)

_READ_KEYS = frozenset(
    {
        *("agents", "skills", "page", "pageSize", "total", "id", "userName", "email", "active", "version"),
        *("skill", "proficiency", "available", "name", "access_token", "expires_in"),
    }
)


class Malformed(Exception):  # noqa: N818 - it names what the answer is; `session` turns it into an error
    """An answer that is not what the contract says; the reason in words, free of the tenant's own."""


def body_of(response: httpx.Response) -> bytes:
    """Give the body of a 200 that claims to be JSON (or claims nothing) and is UTF-8."""
    content_type = response.headers.get("Content-Type")
    if response.status_code != _OK:
        reason = "it should be status 200 with JSON"
    elif content_type is not None and not _JSON_TYPE.fullmatch(content_type.strip()):
        reason = "it should be JSON"
    elif not response.content.strip():
        reason = "the body is empty"
    elif not is_utf8(response.content):
        reason = "the body is not UTF-8"
    else:
        return response.content
    raise Malformed(reason)


def described(response: httpx.Response) -> str:
    """Name status and content type, for the message about a malformed answer."""
    content_type = response.headers.get("Content-Type")
    return f"status {response.status_code}, content type {shown_type(content_type)}"


def shown_type(content_type: str | None) -> str:
    """Make a content type fit for a message."""
    if content_type is None:
        return "none"
    plain = content_type.partition(";")[0].strip()
    return plain if re.fullmatch(r"[A-Za-z0-9.+/-]{1,60}", plain) else "unprintable"


def is_utf8(body: bytes) -> bool:
    """Whether the whole body is UTF-8; the decoder looks only at the strings that it keeps."""
    if body.isascii():
        return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    """Decode, turning everything a hostile document can provoke into Malformed."""
    try:
        return decode(body)
    except RecursionError:
        message = "the JSON is nested too deeply"
        raise Malformed(message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """Say why a document was refused; these errors name types and places, never values."""
    reason = str(error) if isinstance(error, msgspec.DecodeError) else "a text is not UTF-8"
    return reason.replace("`", "").replace(" - at ", " at ")


def check_keys(body: bytes, expected: Mapping[bytes, int]) -> None:
    """Refuse a document that says one thing twice: `expected` is how often each quoted key was read from it.

    Counting bytes is cheap and errs on one side only: a count that does not fit (the key may also stand elsewhere, as
    a text or in a part that is not read) has the whole document looked at.
    """
    if any(body.count(key) != count for key, count in expected.items()):
        refuse_duplicates(body)


def refuse_duplicates(body: bytes) -> None:
    """Look at every object of a document: none may hold one of the keys that we read twice."""
    try:
        json.loads(body, object_pairs_hook=_unique, parse_int=len, parse_float=len)
    except RecursionError:
        message = "the JSON is nested too deeply"
        raise Malformed(message) from None
    except ValueError:
        message = "the JSON is malformed"
        raise Malformed(message) from None


def _unique(pairs: Iterable[tuple[str, object]]) -> None:
    keys = [key for key, _ in pairs if key in _READ_KEYS]
    if len(set(keys)) != len(keys):
        message = "an object holds the same key twice"
        raise Malformed(message)
