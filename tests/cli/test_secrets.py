"""P6: no output of a run holds a secret in any encoding, however often the tenant repeats it."""

import asyncio
import html
import io
import json
import logging
import threading
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import cast
from urllib.parse import quote

import pytest

from reconciler import pipeline
from reconciler.cli.console import Console, Verbosity
from reconciler.cli.exits import tell
from reconciler.plan.scope import Filters
from reconciler.simulator import App, serve
from tests.cli.conftest import Reconcile
from tests.live.server import CLIENT_ID, CLIENT_SECRET, TOKEN, Answer, Call, Server, agent, agent_id, by_id, listing


def forms(secret: str) -> list[str]:
    """Give what a tenant may make of a secret that it was sent."""
    raw = secret.encode()
    return [
        secret,
        secret.upper(),
        quote(secret, safe=""),
        quote(secret, safe="").lower(),
        json.dumps(secret).replace("/", "\\/"),
        html.escape(secret),
        raw.hex(),
        b64encode(raw).decode(),
        b64encode(f"{CLIENT_ID}:{secret}".encode()).decode(),
        urlsafe_b64encode(b"x" + raw + b"..").decode(),
    ]


FORMS = [*forms(CLIENT_SECRET), *forms(TOKEN)]


def leaks(text: str) -> list[str]:
    """Find every piece of eight characters of a secret's encodings in a text."""
    cores: list[str] = []
    for secret in (CLIENT_SECRET, TOKEN):
        raw = secret.encode()
        cores += [secret, quote(secret, safe=""), html.escape(secret), raw.hex()]
        # What lies between the characters that its neighbours share.
        cores += [b64encode(b"\0" * offset + raw).decode()[4:-4] for offset in range(3)]
    pieces = {core[at : at + 8].lower() for core in cores for at in range(len(core) - 7)}
    return sorted(piece for piece in pieces if piece in text.lower())


def echoing_server() -> Server:
    """Make a tenant that writes our secrets wherever it can: names, e-mails, headers, words; agent 0 is odd as well."""
    skills = [{"id": f"skill-{number}", "name": form, "active": True} for number, form in enumerate(FORMS)]
    held = [
        {"skill": {"id": f"skill-{number}", "name": form}, "proficiency": 50, "available": True}
        for number, form in enumerate(FORMS)
    ]
    agents = [agent(number, *held, email=form, userName=form) for number, form in enumerate(FORMS)]
    agents[1]["userName"] = CLIENT_ID
    agents[0]["skills"] = [{"skill": {"id": FORMS[0]}, "proficiency": FORMS[0], "available": FORMS[0]}]
    return Server(_refused, listing("skills", skills), listing("agents", agents), by_id(*agents))


def _refused(call: Call) -> Answer | None:
    if call.method != "PATCH":
        return None
    words = " ".join(FORMS[:10] if int(call.path[-36:-28], 16) % 2 else FORMS[10:])
    headers = {"ETag": f'"{TOKEN}"', "Location": f"https://x.example/?t={TOKEN}", "X-Echo": CLIENT_SECRET}
    return Answer(400, {"message": words}, headers, content_type=f"application/{TOKEN}")


@pytest.fixture
def hostile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Serve it over a socket, and declare all of its agents, to be stripped."""
    server = echoing_server()
    ports: Queue[int] = Queue()
    threading.Thread(target=serve, args=(cast("App", server), 0, ports.put), daemon=True).start()
    monkeypatch.setenv("CXONE_BASE_URL", f"http://127.0.0.1:{ports.get(timeout=10)}")
    monkeypatch.setenv("CXONE_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("CXONE_CLIENT_SECRET", CLIENT_SECRET)
    _declare(folder, "admin-v2", range(len(FORMS)))
    return server


def _declare(folder: Path, api: str, numbers: range) -> None:
    below = folder / "desired-state"
    below.mkdir()
    limit = "rate_limit: {requests: 1000, per_seconds: 1}"
    (below / "tenant.yaml").write_text(f"version: 1\ntenant: {{name: acme, api: {api}, realm: na1, {limit}}}\n")
    lines = [f"  {agent_id(number)}: {{skills: {{}}}}\n" for number in numbers]
    (below / "agents.yaml").write_text(f"agents:\n{''.join(lines)}")


COMMANDS = (
    "plan",
    "--log-format json plan --format json",
    "apply --yes",
    "--log-format json apply --yes --format json",
    "--log-format json validate --online",
)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_tenant_that_repeats_our_secrets_everywhere_shows_none(reconcile: Reconcile, command: str) -> None:
    """As text and as JSON, in results, talk and every request that `-v` tells; what is JSON is JSON still."""
    ended = reconcile("-v", *command.split())
    assert (leaks(ended.out), leaks(ended.err)) == ([], [])
    assert "***" in ended.out or "validate" in command
    assert "surprise" not in ended.err
    if " --format json" in command:
        assert json.loads(ended.out)["tenant"] == "acme"
        # It is no secret, and an agent may be called so.
        assert f'"{CLIENT_ID}"' in ended.out
    if "--log-format json" in command:
        assert all(json.loads(line)["level"] for line in ended.err.splitlines())


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("command", ["doctor", "doctor --write --yes", "--log-format json doctor --write --yes"])
@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_checkup_shows_no_secret_either(reconcile: Reconcile, command: str, format_: str) -> None:
    """Names of skills, of the agent that is written, and the words of a refusal."""
    ended = reconcile("-v", *command.split(), "--format", format_)
    assert (leaks(ended.out), leaks(ended.err)) == ([], [])
    assert "surprise" not in ended.err
    if format_ == "json":
        assert json.loads(ended.out)["tenant"] == "acme"


@pytest.mark.usefixtures("hostile")
def test_a_saved_plan_holds_no_secret_and_is_a_plan_still(reconcile: Reconcile, folder: Path) -> None:
    reconcile("plan", "--out", "plan.json")
    assert leaks((folder / "plan.json").read_text()) == []
    shown = reconcile("show", "plan.json")
    assert (shown.code, leaks(shown.out)) == (0, [])


@pytest.mark.usefixtures("hostile")
def test_what_a_run_keeps_holds_no_secret(reconcile: Reconcile, folder: Path) -> None:
    """Journal, records, caches: every file below the state folder."""
    reconcile("apply", "--yes")
    files = [path for path in (folder / "state").rglob("*") if path.is_file()]
    assert files
    assert {path.name: found for path in files if (found := leaks(path.read_bytes().decode("latin-1")))} == {}


@pytest.mark.parametrize("logs_json", [False, True])
def test_a_traceback_holds_no_secret(folder: Path, capsys: pytest.CaptureFixture[str], *, logs_json: bool) -> None:
    """A surprise after the token was given, whose text, cause and notes are full of it."""

    def fails(call: Call) -> Answer | None:
        if call.method == "GET":
            cause = ValueError(" ".join(FORMS))
            cause.add_note("\n".join(FORMS))
            message = f"while answering with {TOKEN}"
            raise RuntimeError(message) from cause
        return None

    _declare(folder, "simulator", range(1))
    console = Console("desired-state", None, Verbosity.LOUD, logs_json=logs_json)
    console.redactor.hide(CLIENT_SECRET)
    context, chosen = console.load()
    context = replace(context, embedded=lambda *_: Server(fails))
    with pytest.raises(RuntimeError) as caught:
        asyncio.run(pipeline.plan(context, chosen.desired, Filters()))
    assert tell(caught.value) == 1
    out, err = capsys.readouterr()
    assert "Traceback" in err
    assert "RuntimeError" in err
    assert leaks(out + err) == []
    if logs_json:
        assert all(json.loads(line)["level"] for line in err.splitlines())


@pytest.fixture
def listening() -> Console:
    """A console that hears the other rooms, and knows a secret."""
    console = Console("desired-state", None, Verbosity.LOUD)
    console.redactor.hide(CLIENT_SECRET, TOKEN)
    console.context()
    return console


@pytest.mark.usefixtures("listening")
def test_no_room_can_log_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in a message, nor in its arguments, nor in a traceback; and the record is clean for any handler."""
    heard: list[logging.LogRecord] = []

    def hear(record: logging.LogRecord) -> bool:
        heard.append(record)
        return True

    logger = logging.getLogger("reconciler.live.somewhere")
    logging.getLogger("reconciler").handlers[0].addFilter(hear)
    logger.error("sent %s: %r", CLIENT_SECRET, {"t": TOKEN}, exc_info=ValueError(CLIENT_SECRET), stack_info=True)
    logger.warning(f"{TOKEN}\n::error::")  # noqa: G004 - as careless as can be
    err = capsys.readouterr().err
    assert leaks(err) == []
    assert "ValueError: ***" in err
    assert "***\\u{a}::error::" in err
    assert [leaks(repr(vars(record))) for record in heard] == [[], []]


def test_a_person_who_watches_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, where stages come and go; nor what a terminal would obey."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    console = Console("desired-state", None)
    console.redactor.hide(CLIENT_SECRET)
    console.stage(f"Reading {CLIENT_SECRET}\x1b[2J\n")
    assert screen.getvalue() == "\r\x1b[KReading ***\\u{1b}[2J\\u{a} …"


class Screen(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_person_is_told_no_secret_either(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console("desired-state", None)
    console.redactor.hide(CLIENT_SECRET)
    console.say(f"saved to {CLIENT_SECRET}")
    console.write(f"{CLIENT_SECRET}\n")
    console.show(CLIENT_SECRET)
    out, err = capsys.readouterr()
    assert (out, err) == ("***\n", "saved to ***\n***\n")
