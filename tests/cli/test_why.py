"""`reconcile why` names the line behind every value, with its commit where the files are in a checkout."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler.cli.app import app
from tests.cli.conftest import Reconcile, Served

ANA = "ana.silva@example.com"
SPANISH = """\
ana.silva@example.com, Billing EMEA  desired-state/agents/billing-emea.yaml:7

Spanish
  > own line  60
      desired-state/agents/billing-emea.yaml:10
"""


def _git(folder: Path, *words: str) -> str:
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    environ |= {f"GIT_{whose}_DATE": "2026-11-03T12:00:00Z" for whose in ("AUTHOR", "COMMITTER")}
    who = ("-c", "user.name=Ana Silva", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], env=environ, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def commit(example: Path) -> str:
    """Commit the example; give the short name of the commit."""
    _git(example, "init", "-q", "..")
    _git(example, "add", ".")
    _git(example, "commit", "-q", "-m", "Spanish: passed the B2 exam")
    return _git(example, "rev-parse", "HEAD")[:7]


def test_one_skill_shows_its_layers_with_their_commits(reconcile: Reconcile, commit: str) -> None:
    ended = reconcile("why", ANA, "Spanish")
    by = f'      commit {commit}, Ana Silva, 2026-11-03 "Spanish: passed the B2 exam"\n'
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{SPANISH}{by}    live      40\n\nLive 40, plan: 40 -> 60.\n"


@pytest.mark.usefixtures("example")
def test_outside_of_a_checkout_one_note_says_that_commits_are_missing(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = reconcile("why", ANA, "Spanish")
    assert ended.out == f"{SPANISH}    live      40\n\nLive 40, plan: 40 -> 60.\n"
    note = "note[history-unknown]: commits are not shown: git knows of no checkout at `desired-state`"
    assert ended.err.startswith(note)
    assert ended.err.endswith("hint: git -C desired-state status says why\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "there is no git here" in reconcile("why", ANA).err
    assert reconcile("-q", "why", ANA).err == ""


@pytest.mark.usefixtures("commit")
def test_all_skills_of_the_agent_and_json_agree(reconcile: Reconcile) -> None:
    lines = reconcile("why", ANA).out.splitlines()
    document = json.loads(reconcile("why", ANA, "--format", "json").out)
    names = [each["skill"]["name"] for each in document["skills"]]
    assert [line[2:].split()[0] for line in lines[2:] if not line.startswith("    ")] == names
    (wins,) = (link for link in document["skills"][0]["chain"] if link["wins"])
    assert wins["source"]["file"].startswith("desired-state/")
    assert wins["committed"] is True


def test_offline_needs_neither_credential_nor_network(
    reconcile: Reconcile, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXONE_CLIENT_SECRET")
    assert reconcile("why", ANA).code == 3
    ended = reconcile("why", ANA, "Spanish", "--offline")
    assert (ended.code, ended.out.splitlines()[1]) == (0, "What the tenant holds was not read.")
    assert served.app.requests == []


def test_it_sends_only_what_reads(reconcile: Reconcile, served: Served) -> None:
    assert reconcile("why", ANA).code == 0
    methods = [f"{request.method} {request.path}" for request in served.app.requests]
    assert methods == ["POST /oauth/token", "GET /api/v2/skills", "GET /api/v2/agents"]


@pytest.mark.usefixtures("example")
def test_names_that_mean_nothing_are_invalid_input(reconcile: Reconcile) -> None:
    for words, code in ((("anna.silva@example.com",), "agent-unmanaged"), ((ANA, "Spainsh"), "skill-unknown")):
        ended = reconcile("why", *words)
        assert (ended.code, ended.out) == (3, "")
        assert f"error[{code}]" in ended.err
        assert "hint: did you mean `" in ended.err
    assert reconcile("why").code == reconcile("why", ANA, "Spanish", "more").code == 3


@pytest.mark.usefixtures("example")
def test_another_moment_is_one_with_an_offset(reconcile: Reconcile) -> None:
    assert reconcile("why", ANA, "--at", "2026-12-24T12:00:00Z").code == 0
    assert reconcile("why", ANA, "--at", "2026-12-24").code == 3


@pytest.mark.usefixtures("example")
def test_a_shell_completes_agents_then_skills() -> None:
    complete = ShellComplete(app, {}, "reconcile", "_RECONCILE_COMPLETE")
    assert [item.value for item in complete.get_completions(["why"], "ana")] == [ANA]
    assert [item.value for item in complete.get_completions(["why", ANA], "span")] == ["Spanish"]
