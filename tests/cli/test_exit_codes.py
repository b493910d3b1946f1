"""Every way to end has its exit code, and says on stderr what to do about it."""

import json
from pathlib import Path

import pytest

from reconciler.simulator import Fault, Kind
from tests.cli.conftest import Reconcile, Served


def test_a_plan_ends_with_the_line_that_people_grep_for(reconcile: Reconcile, example: Path) -> None:
    ended = reconcile("--plan")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1].startswith(
        "Plan: 5 to add, 7 to change, 2 to remove; 10 agents; 10 writes, about "
    )
    assert example.is_dir()


@pytest.mark.usefixtures("example")
def test_an_apply_then_a_plan_without_changes(reconcile: Reconcile) -> None:
    """The embedded tenant keeps what was written."""
    applied = reconcile("apply", "--yes")
    assert applied.code == 0
    assert "Apply complete! 10 applied;" in applied.out
    again = reconcile("plan", "--detailed-exitcode")
    assert again.code == 0
    assert again.out.endswith("\nNo changes. 40 agents match.\n")


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("args", [("--plan",), ("plan",), ("-q", "--plan"), ("--plan", "-q"), ("--no-color", "plan")])
def test_plan_may_be_typed_as_an_option(reconcile: Reconcile, args: tuple[str, ...]) -> None:
    assert reconcile(*args).out == reconcile("plan").out


@pytest.mark.usefixtures("example")
def test_options_may_follow_the_option_plan(reconcile: Reconcile) -> None:
    ended = reconcile("--plan", "-C", "desired-state", "--format", "json", "--detailed-exitcode")
    assert ended.code == 2
    assert json.loads(ended.out)["summary"]["agents_changed"] == 10


@pytest.mark.usefixtures("example")
def test_nobody_to_ask_is_a_refusal(reconcile: Reconcile) -> None:
    ended = reconcile("apply")
    assert ended.code == 5
    assert "error[not-confirmed]" in ended.err
    assert "--yes" in ended.err
    assert "10 writes" in reconcile("plan").out


WRONG_USE = {
    "unknown option": (("plan", "--formt", "json"), "no such option '--formt'", "did you mean --format"),
    "an option like no other": (("plan", "--bogus"), "no such option '--bogus'", "reconcile plan --help"),
    "a slip in a command": (("plna",), "no such command 'plna'", "did you mean plan?"),
    "an apply at another time": (("apply", "--at", "x"), "no such option '--at'", "reconcile plan --at TIME"),
    "a plan twice": (("plan", "--plan"), "no such option '--plan'", "leave it out"),
    "an option without its value": (("plan", "--out"), "'--out' requires an argument", "reconcile plan --help"),
    "a command that is not there": (("examine",), "no such command 'examine'", "--help"),
    "unknown choice": (("plan", "--format", "yaml"), "'yaml' is not one of 'text', 'json'", "reconcile plan --help"),
    "a global option behind the command": (("plan", "-C", "x"), "no such option '-C'", "reconcile -C … plan"),
    "a missing argument": (("show",), "missing argument 'FILE'", "reconcile show --help"),
    "too many arguments": (("plan", "now"), "unexpected extra argument", "reconcile plan --help"),
    "a number out of range": (("apply", "--max-concurrency", "0"), "not a whole number from 1 to 100", "apply --help"),
    "no number": (("simulate", "--port", "abc"), "not a whole number from 0 to 65535", "simulate --help"),
    "no end of numbers": (("runs", "--limit", "0"), "not a whole number from 1 on", "reconcile runs --help"),
    "no time": (("apply", "--deadline", "0"), "not a number above 0", "reconcile apply --help"),
    "not a number at all": (("apply", "--lock-timeout", "nan"), "not a number from 0 on", "reconcile apply --help"),
    "a missing choice": (("completion",), "missing argument 'SHELL'", "give bash, zsh or fish"),
    "an unknown shell": (("completion", "bsh"), "invalid value for 'SHELL': 'bsh' is not one of", "completion --help"),
    "an unknown document": (("schema", "foo"), "invalid value for 'DOCUMENT': 'foo' is not one of", "schema --help"),
    "loud and quiet": (("-q", "-v", "plan"), "opposite things", "reconcile --help"),
    "no plan": (("show", "tenant.yaml"), "tenant.yaml is no saved plan", "reconcile plan --out FILE"),
    "no such file": (("show", "nothing.json"), "nothing.json: No such file", "--out nothing.json"),
}


@pytest.mark.parametrize(("args", "message", "hint"), WRONG_USE.values(), ids=WRONG_USE.keys())
def test_wrong_use_is_told_what_to_type(reconcile: Reconcile, args: tuple[str, ...], message: str, hint: str) -> None:
    Path("tenant.yaml").write_text("version: 1\n", encoding="utf-8")
    ended = reconcile(*args)
    assert (ended.code, ended.out) == (3, "")
    assert message in ended.err
    assert hint in ended.err.splitlines()[-1]
    assert "Did you mean" not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.usefixtures("example")
def test_what_is_typed_wins_over_a_variable_that_says_the_opposite(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILE_QUIET", "1")
    assert reconcile("validate").code == 0
    assert "GET " in reconcile("-v", "plan").err
    monkeypatch.delenv("RECONCILE_QUIET")
    monkeypatch.setenv("RECONCILE_VERBOSE", "1")
    assert reconcile("-q", "plan").err == ""


def test_a_folder_that_is_not_there(reconcile: Reconcile) -> None:
    ended = reconcile("plan")
    assert ended.code == 3
    assert "desired-state" in ended.err
    assert "hint: " in ended.err


def test_a_typo_in_the_files_sends_nothing(reconcile: Reconcile, served: Served, example: Path) -> None:
    """All errors of all files, each at its place, and not one request."""
    (example / "agents" / "more.yaml").write_text(
        "agents:\n  new@example.com:\n    profile: [x]\n    skills: {Billing: 85.0}\n"
    )
    (example / "broken.yaml").write_text("agents:\n\tnew: 1\n")
    ended = reconcile("apply", "--yes")
    assert ended.code == 3
    assert "desired-state/agents/more.yaml:3:5: error[" in ended.err
    assert "desired-state/agents/more.yaml:4:23: error[" in ended.err
    assert "desired-state/broken.yaml:2:1: error[" in ended.err
    assert served.app.requests == []


def test_a_missing_credential_names_both_variables(
    reconcile: Reconcile, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXONE_CLIENT_ID")
    monkeypatch.delenv("CXONE_CLIENT_SECRET")
    ended = reconcile("plan")
    assert ended.code == 3
    assert "CXONE_CLIENT_ID is not set" in ended.err
    assert "CXONE_CLIENT_SECRET is not set" in ended.err
    assert served.app.requests == []


def test_a_wrong_password_is_told_without_showing_it(
    reconcile: Reconcile, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "hunter2-hunter2")
    ended = reconcile("-v", "plan")
    assert ended.code == 4
    assert "CXONE_CLIENT_SECRET" in ended.err
    assert "hunter2" not in ended.out + ended.err
    assert [request.path for request in served.app.requests] == ["/oauth/token"]


@pytest.mark.usefixtures("served")
def test_a_tenant_that_is_not_there(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXONE_BASE_URL", "http://127.0.0.1:9")
    ended = reconcile("plan")
    assert ended.code == 1
    assert "hint: " in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "address",
    [
        "http://tenant.example",
        "https://user:pw@tenant.example",
        "https://user@tenant.example",
        "tenant.example",
        "https://tenant.example/path",
        "ftp://x",
        "https://[x",
    ],
)
@pytest.mark.usefixtures("served")
def test_an_address_that_is_no_safe_origin(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """And the address is not repeated: it may hold a password."""
    monkeypatch.setenv("CXONE_BASE_URL", address)
    ended = reconcile("plan")
    assert ended.code == 3
    assert "CXONE_BASE_URL" in ended.err
    assert address not in ended.err


def test_the_simulator_is_never_another_machine(
    reconcile: Reconcile, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`api: simulator` with somebody's real address left in the environment must not reach it."""
    assert "api: simulator" in (example / "tenant.yaml").read_text()
    monkeypatch.setenv("CXONE_BASE_URL", "https://na1.cxone.com")
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "demo-secret")
    ended = reconcile("plan")
    assert ended.code == 3
    assert "points to another machine" in ended.err


def test_a_missing_scope_is_a_refusal_of_the_tenant(reconcile: Reconcile, served: Served) -> None:
    body = b'{"message": "Missing scope admin:agent:write"}'
    served.app.faults.add(Fault(Kind.STATUS, "PATCH", status=403, body=body, times=None))
    ended = reconcile("apply", "--yes")
    assert ended.code == 4
    assert "admin:agent:write" in ended.err
    assert "0 applied, 1 failed, 9 not tried" in ended.out


def test_one_failed_agent_is_partly_done(reconcile: Reconcile, served: Served) -> None:
    """The other nine are written; the one is named with the tenant's words; the next apply does the rest."""
    ana = served.app.tenant.agent_named("ana.silva@example.com").id
    body = b'{"message": "Proficiency out of range"}'
    served.app.faults.add(Fault(Kind.STATUS, "PATCH", f"/api/v2/agents/{ana}", status=400, body=body))
    ended = reconcile("apply", "--yes", "--format", "json")
    assert ended.code == 6
    document = json.loads(ended.out)
    assert (document["summary"]["applied"], document["summary"]["failed"]) == (9, 1)
    (failed,) = [each for each in document["agents"] if each["status"] == "failed"]
    assert failed["agent"]["email"] == "ana.silva@example.com"
    assert "Proficiency out of range" in failed["message"]
    assert reconcile("apply", "--yes").code == 0


def test_a_plan_sends_nothing_but_get(reconcile: Reconcile, served: Served) -> None:
    reconcile("plan")
    reconcile("validate", "--online")
    assert {request.method for request in served.app.requests if request.path != "/oauth/token"} == {"GET"}
    assert served.app.tenant.commits == []


@pytest.mark.usefixtures("example")
def test_a_saved_plan_is_shown_again_and_is_for_its_owner_only(reconcile: Reconcile, folder: Path) -> None:
    planned = reconcile("plan", "--out", "plan.json", "--format", "json")
    assert (folder / "plan.json").stat().st_mode & 0o777 == 0o600
    assert reconcile("show", "plan.json", "--format", "json").out == planned.out == (folder / "plan.json").read_text()
    assert reconcile("show", "plan.json").out.splitlines()[-1].startswith("Plan: 5 to add")
    (folder / "plan.json").write_text(planned.out.replace('"proficiency": 60', '"proficiency": 61', 1))
    ended = reconcile("show", "plan.json")
    assert ended.code == 3
    assert "edited or damaged" in ended.err


@pytest.mark.usefixtures("example")
def test_a_place_that_takes_no_file_is_an_error(reconcile: Reconcile) -> None:
    ended = reconcile("plan", "--out", "no/such/folder/plan.json")
    assert ended.code == 3
    assert "no/such/folder/plan.json: No such file or directory" in ended.err


@pytest.mark.usefixtures("example")
def test_validate_speaks_every_format(reconcile: Reconcile, example: Path) -> None:
    assert reconcile("validate").out == "Valid. 1 tenant, 41 agents, 11 profiles.\n"
    assert reconcile("validate", "--online").code == 0
    (example / "agents" / "odd.yaml").write_text("agents:\n  x@example.com:\n    skills: {Billing: yes}\n")
    text = reconcile("validate")
    assert text.code == 3
    assert text.out.startswith("desired-state/agents/odd.yaml:3:23: error[")
    assert text.out.splitlines()[-1] == "Invalid. 1 error in 1 file."
    document = json.loads(reconcile("validate", "--format", "json").out)
    assert document["valid"] is False
    assert document["diagnostics"][0]["source"] == {"file": "desired-state/agents/odd.yaml", "line": 3, "column": 23}
    annotation = reconcile("validate", "--format", "github").out
    assert annotation.startswith("::error file=desired-state/agents/odd.yaml,line=3,col=23,title=")


def test_validate_online_finds_what_only_the_tenant_knows(reconcile: Reconcile, served: Served, example: Path) -> None:
    (example / "agents" / "odd.yaml").write_text("agents:\n  hugo.weber@example.com:\n    skills: {Biling: 1}\n")
    assert reconcile("validate").code == 0
    assert served.app.requests == []
    ended = reconcile("validate", "--online")
    assert ended.code == 3
    assert "desired-state/agents/odd.yaml:3:14: error[skill-unknown]" in ended.out
    assert "did you mean `Billing`?" in ended.out


def test_several_tenants_have_to_be_told_apart(reconcile: Reconcile, folder: Path) -> None:
    for name in ("acme", "bravo"):
        below = folder / "desired-state" / name
        below.mkdir(parents=True)
        (below / "tenant.yaml").write_text("version: 1\ntenant: {api: simulator}\n")
        (below / "agents.yaml").write_text("agents:\n  ana.silva@example.com:\n    skills: {Billing: 61}\n")
    ended = reconcile("plan")
    assert ended.code == 3
    assert "acme, bravo" in ended.err
    assert reconcile("validate").out == "Valid. 2 tenants, 2 agents, 0 profiles.\n"
    one = reconcile("--tenant", "bravo", "plan")
    assert one.code == 0
    assert "desired-state/bravo/agents.yaml:3" in one.out
    wrong = reconcile("--tenant", "brawo", "plan")
    assert wrong.code == 3
    assert "bravo" in wrong.err


@pytest.mark.usefixtures("example")
def test_the_environment_sets_options(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILE_FORMAT", "json")
    assert json.loads(reconcile("plan").out)["tenant"] == "acme-demo"
    monkeypatch.setenv("RECONCILE_PLAN_FORMAT", "text")
    assert reconcile("plan").out.startswith("acme-demo: ")


@pytest.mark.usefixtures("example")
def test_talk_can_be_json_lines_or_silence(reconcile: Reconcile, example: Path) -> None:
    (example / "old.yaml.bak").write_text("agents: {}\n")
    spoken = reconcile("--log-format", "json", "plan").err
    assert [json.loads(line)["code"] for line in spoken.splitlines()] == ["ignored-file"]
    assert reconcile("-q", "plan").err == ""


@pytest.mark.usefixtures("example")
def test_a_variable_names_several_teams_by_commas(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Teams have blanks in their names; and the variable of `--agents` of one command is not `--agent` of another."""
    monkeypatch.setenv("RECONCILE_TEAM", "Billing EMEA,Tech Support")
    monkeypatch.setenv("RECONCILE_AGENTS", "5")
    teams = {change["team"] for change in json.loads(reconcile("plan", "--format", "json").out)["changes"]}
    assert teams == {"Billing EMEA", "Tech Support"}


def test_a_final_reading_that_fails_is_told(reconcile: Reconcile, served: Served) -> None:
    """Everything was confirmed by the tenant, but nothing was proved: the run does not end as if it were."""
    served.app.faults.add(Fault(Kind.STATUS, "GET", "/api/v2/agents", nth=3, status=501, times=None))
    ended = reconcile("apply", "--yes")
    assert ended.code == 1
    assert "Not verified" in ended.out
    assert "error[tenant-answer]" in ended.err or "error[tenant-unreachable]" in ended.err
    assert len(served.app.tenant.commits) == 10
