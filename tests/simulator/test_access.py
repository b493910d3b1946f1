"""Nobody gets in without a token, and a token opens only what its scopes name."""

import httpx
import pytest

from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, READ_SCOPE, WRITE_SCOPE, Behaviour, Client

from .door import ANA, body_of, open_door


def test_a_token_answers_as_the_contract_says() -> None:
    """Nothing but the three fields, unless the tenant is one of those that add some."""
    answer = open_door().ask_token()
    assert answer.status_code == 200
    document = answer.json()
    assert document.pop("access_token")
    assert document == {"token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_credential_is_refused(fields: dict[str, str], status: int, error: str) -> None:
    answer = open_door().ask_token(**fields)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no form",
        b"grant_type=client_credentials&client_id=demo&client_id=demo&client_secret=demo-secret",
        b"grant_type=client_credentials&client_id=%FF&client_secret=demo-secret",
    ],
)
def test_a_form_that_is_none_is_refused(raw: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = open_door().call("POST", "/oauth/token", raw=raw, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_credentials_as_json_are_refused() -> None:
    """The contract says form-encoded, and nothing else."""
    body = {"grant_type": "client_credentials", "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET}
    assert open_door().call("POST", "/oauth/token", body=body).status_code == 400


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer nonsense", "Basic ZGVtbzpkZW1v"])
def test_no_token_no_answer(value: str) -> None:
    door = open_door()
    answer = door.call("GET", "/api/v2/agents", headers={"authorization": value})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_ends_when_its_time_is_over() -> None:
    """It holds until just before `expires_in` seconds have passed, and a new one opens again."""
    door = open_door(Behaviour(token_lifetime_s=60))
    door.clock.now += 59.9
    assert door.call("GET", "/api/v2/skills").status_code == 200
    door.clock.now += 0.1
    assert door.call("GET", "/api/v2/skills").status_code == 401
    assert door.enter().call("GET", "/api/v2/skills").status_code == 200


def _statuses(scopes: set[str]) -> tuple[httpx.Response, httpx.Response]:
    door = open_door(client=Client("app", "app-secret", frozenset(scopes)))
    agent = door.tenant.agent_named(ANA)
    return door.call("GET", "/api/v2/agents"), door.patch(agent.id, body_of(door.tenant, Billing=60))


def test_a_missing_scope_is_named() -> None:
    """403 names the scope in its words and in the header, and a write without it changes nothing."""
    read, written = _statuses({READ_SCOPE})
    assert (read.status_code, written.status_code) == (200, 403)
    assert WRITE_SCOPE in written.json()["message"]
    assert WRITE_SCOPE in written.headers["www-authenticate"]
    read, written = _statuses({WRITE_SCOPE})
    assert (read.status_code, written.status_code) == (403, 200)
    assert READ_SCOPE in read.json()["message"]


def test_the_log_keeps_no_secret() -> None:
    """What a test prints when it fails must not hold a credential, not even a made-up one."""
    door = open_door()
    door.call("GET", "/api/v2/agents?page=1")
    assert door.token
    logged = repr(door.app.requests)
    assert "/api/v2/agents" in logged
    assert door.token not in logged
    assert DEMO_CLIENT_SECRET not in logged
