"""Requests and answers as plain values, and the JSON inside them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from reconciler.simulator.bodies import Refusal

JsonObject = dict[str, object]


class ConnectionDropped(ConnectionResetError):  # noqa: N818 - it names what happened
    """The connection broke before an answer left; an in-process transport sees an OSError, as on a socket."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `number` counts arrivals from 1, `at` is the clock then; header names are in lower case.

    `path` stands as it was sent; `segments` are its parts, decoded. The last two fields bend what a read sees: a
    listing that starts `shift` places further on, and the state as it was at `as_of`.
    """

    number: int
    at: float
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    shift: int = 0
    as_of: float | None = None

    @property
    def segments(self) -> tuple[str, ...] | None:
        """The parts of the path, each decoded on its own so that `%2F` is no slash; None when they are not UTF-8."""
        try:
            return tuple(unquote_to_bytes(part).decode() for part in self.path.removeprefix("/").split("/"))
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `headers` beside the content type and length. With `drip_s` the body leaves in small pieces."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = "application/json"
    drip_s: float = 0.0


def answer_json(status: int, document: JsonObject, *headers: tuple[str, str]) -> Answer:
    """Answer with a JSON document."""
    return Answer(status, encode_json(document), headers)


def answer_refusal(refusal: Refusal, *headers: tuple[str, str]) -> Answer:
    """Answer that the request is turned down, in the tenant's words."""
    document: JsonObject = {"message": refusal.message}
    if refusal.detail:
        document["detail"] = refusal.detail
    return answer_json(refusal.status, document, *headers)


def encode_json(document: object) -> bytes:
    """Encode as compactly as JSON allows, in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def decode_json(body: bytes) -> object:
    """Decode strict JSON: no NaN, no key twice; ValueError for whatever is not."""
    try:
        return json.loads(body, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError as error:
        message = "nested too deep"
        raise ValueError(message) from error


def _unique_keys(pairs: list[tuple[str, object]]) -> JsonObject:
    document = dict(pairs)
    if len(document) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return document


def _refuse_constant(name: str) -> object:
    message = f"{name} is not JSON"
    raise ValueError(message)
