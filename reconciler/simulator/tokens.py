"""The token endpoint: client credentials in, a bearer token with scopes and an end out."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from urllib.parse import parse_qs

from reconciler.simulator.bodies import Refusal
from reconciler.simulator.documents import EXTRA_FIELDS
from reconciler.simulator.wire import Answer, JsonObject, Request, answer_json

READ_SCOPE = "admin:agent:read"
WRITE_SCOPE = "admin:agent:write"


@dataclass(frozen=True, slots=True)
class Client:
    """An application that the tenant knows, and what it may do."""

    id: str
    secret: str
    scopes: frozenset[str] = frozenset({READ_SCOPE, WRITE_SCOPE})


# Made up, and printed in the guide: they open nothing but the simulated tenant.
DEMO_CLIENT_ID = "demo"
DEMO_CLIENT_SECRET = "demo-secret"  # noqa: S105 - as above
DEMO_CLIENT = Client(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET)


class TokenDesk:
    """Gives out tokens that last `lifetime_s`, and knows which of them still hold."""

    def __init__(self, clients: Iterable[Client], lifetime_s: int, random: Random, *, extra_fields: bool) -> None:
        self._clients = {client.id: client for client in clients}
        self._lifetime_s = lifetime_s
        self._random = random
        self._extra_fields = extra_fields
        self._given: dict[str, tuple[Client, float]] = {}

    def answer(self, request: Request) -> Answer:
        """Answer `POST /oauth/token` with the words of RFC 6749, section 5."""
        form = _read_form(request)
        if form is None or "grant_type" not in form:
            return answer_json(400, {"error": "invalid_request"})
        if form.get("grant_type") != "client_credentials":
            return answer_json(400, {"error": "unsupported_grant_type"})
        client = self._clients.get(form.get("client_id", ""))
        if client is None or form.get("client_secret") != client.secret:
            return answer_json(401, {"error": "invalid_client"})
        token = f"simulated-{len(self._given) + 1}-{self._random.getrandbits(64):016x}"
        self._given[token] = (client, request.at + self._lifetime_s)
        document: JsonObject = {"access_token": token, "token_type": "Bearer", "expires_in": self._lifetime_s}
        if self._extra_fields:
            document |= EXTRA_FIELDS
        return answer_json(200, document, ("Cache-Control", "no-store"))

    def refuse(self, request: Request, scope: str) -> Refusal | None:
        """Say why the request's token does not carry `scope` (401 or 403), or None when it does."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        given = self._given.get(token) if kind == "Bearer" else None
        if given is None:
            return Refusal(401, "Unauthorized", "no valid bearer token came with the request")
        client, ends_at = given
        # Its arrival counts: a request that is slow inside the tenant was let in while its token held.
        if request.at >= ends_at:
            return Refusal(401, "Unauthorized", "the token has expired")
        if scope not in client.scopes:
            return Refusal(403, f"Missing scope: {scope}")
        return None

    def revoke_all(self) -> None:
        """Make every token given so far worthless."""
        self._given = {token: (client, float("-inf")) for token, (client, _) in self._given.items()}


def _read_form(request: Request) -> dict[str, str] | None:
    """Read the form; None when it is not one, or a field stands twice."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    try:
        fields = parse_qs(request.body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    return {name: values[0] for name, values in fields.items()} if all(len(v) == 1 for v in fields.values()) else None
