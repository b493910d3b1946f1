"""`reconcile doctor` on the command line: exit codes, over real sockets too, who is asked, what is never shown."""

import json
import socket
from pathlib import Path

import pytest

from reconciler.simulator import Fault, Kind
from tests.cli.conftest import Reconcile, Served

SECRET = "a-secret-of-some-length"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def line_of(text: str, check: str) -> str:
    """Find the line of a check, with the hint below it if there is one."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line[9:].startswith(check))
    return "\n".join([lines[at], *(line for line in lines[at + 1 : at + 2] if "hint:" in line)])


def test_a_tenant_that_is_served_is_ready(reconcile: Reconcile, served: Served) -> None:
    ended = reconcile("doctor")
    assert (ended.code, ended.err) == (0, "")
    assert line_of(ended.out, "address") == f"ok       address         {served.url}, from CXONE_BASE_URL"
    assert ended.out.splitlines()[-1].startswith("Ready. 15 checks, ")
    assert [request.method for request in served.app.requests] == ["POST", "GET", "GET"]


def test_as_json_it_is_one_document(reconcile: Reconcile, served: Served) -> None:
    document = json.loads(reconcile("doctor", "--format", "json").out)
    assert (document["tenant"], document["ready"], document["requests"]) == ("acme-demo", True, 3)
    assert served.app.requests
    names = [each["check"] for each in document["checks"]]
    assert names[:5] == ["files", "address", "connection", "credential", "clock"]


def test_without_a_terminal_the_write_needs_yes(reconcile: Reconcile, served: Served) -> None:
    """It alone is skipped: every other check is as good as with it."""
    ended = reconcile("doctor", "--write")
    assert (ended.code, ended.err) == (0, "")
    assert line_of(ended.out, "writing").startswith("skipped")
    assert "--yes" in line_of(ended.out, "writing")
    assert line_of(ended.out, "reading agents").startswith("ok")
    assert not [request for request in served.app.requests if request.method == "PATCH"]


def test_yes_alone_writes_nothing(reconcile: Reconcile, served: Served) -> None:
    """Where a variable says it for every command."""
    assert reconcile("doctor", "--yes").code == 0
    assert not [request for request in served.app.requests if request.method == "PATCH"]


@pytest.mark.usefixtures("served")
def test_two_missing_variables_are_both_in_the_hint(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    hint = next(line for line in reconcile("doctor").out.splitlines() if "export " in line)
    assert "CXONE_CLIENT_ID=" in hint
    assert "CXONE_CLIENT_SECRET=" in hint


def test_with_yes_it_says_whom_it_writes_and_writes_once(reconcile: Reconcile, served: Served) -> None:
    before = {name: agent.skills for name, agent in served.app.tenant.agents.items()}
    ended = reconcile("doctor", "--write", "--yes")
    assert ended.code == 0
    assert "is written exactly as it stands" in ended.err
    assert line_of(ended.out, "writing").startswith("ok")
    assert [request.method for request in served.app.requests].count("PATCH") == 1
    assert {name: agent.skills for name, agent in served.app.tenant.agents.items()} == before
    assert not list(Path("state").glob("runs/*"))


CODES = {
    "the tenant refuses the credential": ("CXONE_CLIENT_SECRET", SECRET, 4, "credential"),
    "a secret is not set": ("CXONE_CLIENT_SECRET", None, 3, "credential"),
    "a secret with a line break": ("CXONE_CLIENT_SECRET", f"{SECRET}\n", 3, "credential"),
    "an address that is none": ("CXONE_BASE_URL", "na1", 3, "address"),
    "an address with a password": ("CXONE_BASE_URL", f"https://u:{SECRET}@na1.cxone.com", 3, "address"),
    "http to elsewhere": ("CXONE_BASE_URL", "http://na1.cxone.com", 3, "address"),
    "a ledger that is none": ("RECONCILE_RATE_LEDGER", "paper", 3, "address"),
}


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("case", CODES.values(), ids=CODES.keys())
def test_the_first_failure_gives_the_code(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str | None, int, str]
) -> None:
    """The variable is named, and what it holds is not."""
    name, value, code, check = case
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    ended = reconcile("-v", "doctor")
    found = line_of(ended.out, check)
    assert (ended.code, found.startswith("fail")) == (code, True)
    assert name in found
    assert SECRET not in ended.out + ended.err
    assert "surprise" not in ended.err


def test_a_missing_scope_is_a_permission(reconcile: Reconcile, served: Served) -> None:
    served.app.faults.add(Fault(Kind.STATUS, "PATCH", status=403, times=None))
    ended = reconcile("doctor", "--write", "--yes")
    assert ended.code == 4
    assert "admin:agent:write" in line_of(ended.out, "writing")
    assert reconcile("doctor").code == 0


def test_a_port_where_nothing_listens(reconcile: Reconcile, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.url
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("CXONE_BASE_URL", f"http://127.0.0.1:{port}")
    ended = reconcile("doctor")
    assert ended.code == 1
    assert "the connection was refused, nothing listens there" in line_of(ended.out, "connection")
    assert line_of(ended.out, "credential").startswith("skipped")


@pytest.mark.usefixtures("served")
def test_a_name_that_nobody_knows(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXONE_BASE_URL", "https://tenant.invalid")
    ended = reconcile("doctor")
    assert ended.code == 1
    assert "its name is not known to DNS" in line_of(ended.out, "connection")


@pytest.mark.usefixtures("served")
def test_a_proxy_that_is_not_there_is_named_without_its_password(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable that names it, never by what that holds."""
    monkeypatch.setenv("CXONE_BASE_URL", "https://na1.cxone.com")
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{SECRET}@127.0.0.1:1")
    ended = reconcile("doctor")
    assert ended.code == 1
    assert "through the proxy that HTTPS_PROXY names" in line_of(ended.out, "address")
    assert "refused" in line_of(ended.out, "connection")
    monkeypatch.setenv("HTTPS_PROXY", f"gopher://user:{SECRET}@127.0.0.1:1")
    odd = reconcile("doctor")
    assert (odd.code, "cannot be used" in line_of(odd.out, "address")) == (3, True)
    assert SECRET not in ended.out + ended.err + odd.out + odd.err


def test_several_tenants_and_a_faulty_file(reconcile: Reconcile, example: Path) -> None:
    (example / "profiles.yaml").write_text("profiles: [\n", encoding="utf-8")
    ended = reconcile("doctor")
    assert (ended.code, line_of(ended.out, "reading agents").startswith("ok")) == (3, True)
    assert "hint: reconcile validate" in line_of(ended.out, "files")
    for name in ("one", "two"):
        (Path("many") / name).mkdir(parents=True)
        text = f"version: 1\ntenant: {{name: {name}, api: simulator}}\n"
        (Path("many") / name / "tenant.yaml").write_text(text, encoding="utf-8")
    several = reconcile("-C", "many", "doctor")
    assert several.code == 3
    assert "choose one: reconcile --tenant one doctor" in line_of(several.out, "files")
    assert reconcile("-C", "many", "--tenant", "two", "doctor").code == 0
