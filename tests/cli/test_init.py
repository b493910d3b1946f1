"""`reconcile init`: from a live tenant to files that describe it; over nothing that is there, to an empty plan."""

import threading
from pathlib import Path
from queue import Queue

import pytest
import yaml

from reconciler.simulator import (
    Agent,
    App,
    Assignment,
    Behaviour,
    Fault,
    Kind,
    Seed,
    Skill,
    Tenant,
    demo_seed,
    make_app,
    serve,
)
from tests.cli.conftest import Reconcile
from tests.cli.test_processes import Terminal

TOOL = f"acme/reconciler@{'0a' * 20}"
DEMO = ("init", "--api", "simulator", "--all", "--no-workflows")
SECRET = "demo-secret"


def files_below(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] not in {"state", ".git"}}


def test_the_demo_ends_with_an_empty_plan(reconcile: Reconcile, folder: Path) -> None:
    """Without credential, terminal and workflows; what nobody may name any more is left alone, and said."""
    ended = reconcile(*DEMO)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "No changes. 43 agents match.")
    assert "Imported 43 agents.\nNot active, and left alone: 1 agent" in ended.out
    assert "warning[skill-left-alone]: somebody holds the skill `Fax`, which is not active" in ended.err
    editor = {".editorconfig", ".gitignore", ".vscode/extensions.json", ".vscode/settings.json"}
    editor |= {"desired-state/.schema/agents.json", "desired-state/.schema/tenant.json"}
    assert files_below(folder) == {"desired-state/tenant.yaml", "desired-state/agents/all.yaml", *editor}
    assert reconcile("plan").out.endswith("No changes. 43 agents match.\n")
    assert reconcile("validate").code == 0


def test_inactive_agents_are_taken_on_request(reconcile: Reconcile) -> None:
    assert reconcile(*DEMO, "--inactive").out.endswith("No changes. 44 agents match.\n")


def test_teams_get_files_and_the_others_are_named(reconcile: Reconcile, folder: Path) -> None:
    teams = ("--team", "A Team=a*@example.com", "--team", "B=b*@*,ana.silva*", "--name", "acme")
    ended = reconcile("init", "--api", "simulator", "--no-workflows", *teams)
    assert ended.out.endswith("No changes. 4 agents match.\n")
    assert "In no team, and left alone: 39 agents (" in ended.out
    assert "team: A Team\n" in (folder / "desired-state" / "agents" / "a-team.yaml").read_text(encoding="utf-8")
    assert reconcile("plan", "--team", "B").out.endswith("No changes. 2 agents match.\n")
    assert reconcile("--tenant", "acme", "plan").code == 0


def test_a_team_that_nobody_is_in_is_a_typo(reconcile: Reconcile, folder: Path) -> None:
    ended = reconcile("init", "--api", "simulator", "--no-workflows", "--team", "A=zzz*", "--team", "B=b*")
    assert ended.code == 3
    assert "error[init-nobody]: --team A: nobody is left for zzz*" in ended.err
    assert files_below(folder) == set()


@pytest.mark.parametrize("name", ["desired-state/x.yml", "desired-state/deep/er/x.YAML", "tenant.yaml"])
def test_desired_state_that_is_there_is_never_touched(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Refused before the network and before any question; so is a folder inside another tenant's."""
    monkeypatch.setenv("CXONE_BASE_URL", "http://127.0.0.1:9")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("mine", encoding="utf-8")
    ended = reconcile(*DEMO)
    assert (ended.code, ended.out) == (3, "")
    assert f"error[init-exists]: {name} is there already; nothing was written" in ended.err
    assert files_below(folder) == {name}


def test_other_files_that_are_there_are_kept_and_named(reconcile: Reconcile, folder: Path) -> None:
    for name in (".gitignore", ".vscode/settings.json", ".github/workflows/plan.yml", "desired-state/README.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine\n", encoding="utf-8")
    ended = reconcile("init", "--api", "simulator", "--all", "--tool", TOOL)
    assert ended.code == 0
    assert "  .gitignore; add the line `.reconcile/`\n" in ended.out
    assert "Kept as they are:\n  .vscode/settings.json\n" in ended.out
    for name in (".gitignore", ".vscode/settings.json", ".github/workflows/plan.yml", "desired-state/README.md"):
        assert (folder / name).read_text(encoding="utf-8") == "mine\n"
    assert (folder / ".github/workflows/apply.yml").exists()


def test_the_files_around_go_to_the_top_of_the_repository(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever in it the command runs: GitHub reads workflows nowhere else. The folder is named from there."""
    (folder / ".git").mkdir()
    (folder / "sites" / "emea").mkdir(parents=True)
    monkeypatch.chdir(folder / "sites")
    ended = reconcile("-C", "emea", "init", "--api", "simulator", "--all", "--tool", TOOL)
    assert ended.out.endswith("No changes. 43 agents match.\n")
    assert "git add emea ../.editorconfig ../.vscode ../.gitignore ../.github/workflows\n" in ended.out
    assert {"sites/emea/tenant.yaml", ".github/workflows/plan.yml"} <= files_below(folder)
    workflow = yaml.safe_load((folder / ".github/workflows/plan.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["plan"]["with"] == {"directory": "sites/emea"}


def test_the_top_of_a_repository_may_hold_the_desired_state(reconcile: Reconcile, folder: Path) -> None:
    (folder / ".git").mkdir()
    ended = reconcile("-C", ".", "init", "--api", "simulator", "--all", "--tool", TOOL)
    assert ended.out.endswith("No changes. 43 agents match.\n")
    assert {"tenant.yaml", "agents/all.yaml", ".github/workflows/plan.yml"} <= files_below(folder)


def test_without_a_terminal_every_missing_flag_is_named_at_once(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credential too comes before any question."""
    ended = reconcile("init")
    assert ended.code == 3
    assert ended.err.count("error[credential-missing]") == 2
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", SECRET)
    ended = reconcile("init")
    assert ended.code == 3
    assert "this is not given: --realm, --all or --team, --tool or --no-workflows\n" in ended.err
    assert files_below(folder) == set()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--tool", "acme/reconciler@main"), "OWNER/NAME@COMMIT"),
        (("--tool", f"acme/re con@{'0a' * 20}"), "OWNER/NAME@COMMIT"),
        (("--no-workflows", "--name", "a\u202eb"), "U+202E RIGHT-TO-LEFT OVERRIDE"),
        (("--no-workflows", "--team", "A"), "the team `A` has no glob"),
    ],
)
def test_a_flag_that_the_files_could_not_hold_is_refused(
    reconcile: Reconcile, folder: Path, flags: tuple[str, ...], message: str
) -> None:
    ended = reconcile("init", "--api", "simulator", "--all", *flags)
    assert ended.code == 3
    assert message in ended.err
    assert files_below(folder) == set()


def test_a_realm_is_judged_by_the_readers_rule(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", SECRET)
    ended = reconcile("init", "--realm", "NA1", "--all", "--no-workflows")
    assert ended.code == 3
    assert "error[wrong-form]: `NA1` is not a realm" in ended.err
    assert files_below(folder) == set()


@pytest.mark.parametrize("flag", ["--realm", "--name", "--team"])
def test_a_secret_that_was_pasted_as_an_answer_is_not_shown(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    """Known before the first message, though no connection was made with it yet."""
    secret = "Sup3r+Secret\u00e9"
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", secret.removesuffix("\u00e9"))
    ended = reconcile("init", "--realm", "na 1", "--all", "--no-workflows", flag, secret)
    assert ended.code == 3
    assert "Sup3r" not in ended.out + ended.err
    assert files_below(folder) == set()


def test_a_file_that_cannot_be_written_is_told_with_those_before_it(reconcile: Reconcile, folder: Path) -> None:
    """What was begun of it is taken away."""
    (folder / ".vscode").write_text("a file", encoding="utf-8")
    ended = reconcile(*DEMO)
    assert ended.code == 1
    assert "error[init-file]: .vscode/extensions.json cannot be written: File exists; written before it: " in ended.err
    assert "desired-state/.schema/tenant.json, desired-state/tenant.yaml, .editorconfig" in ended.err


def serving(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, secret: str = SECRET) -> App:
    """Serve a tenant, and point the environment at it."""
    app = make_app(tenant)
    ports: Queue[int] = Queue()
    threading.Thread(target=serve, args=(app, 0, ports.put), daemon=True).start()
    monkeypatch.setenv("CXONE_BASE_URL", f"http://127.0.0.1:{ports.get(timeout=10)}")
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", secret)
    return app


@pytest.mark.real
def test_a_real_tenant_is_only_read_and_the_credential_goes_nowhere(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = serving(Tenant(demo_seed()), monkeypatch)
    ended = reconcile("init", "--realm", "eu1", "--all", "--name", "acme-prod", "--tool", TOOL)
    assert ended.out.endswith("No changes. 43 agents match.\n")
    assert {request.method for request in app.requests} == {"GET", "POST"}
    assert app.tenant.commits == []
    texts = [(folder / name).read_text(encoding="utf-8") for name in files_below(folder)]
    assert not any(SECRET in text for text in [*texts, ended.out, ended.err])
    assert "  realm: eu1 " in (folder / "desired-state" / "tenant.yaml").read_text(encoding="utf-8")


@pytest.mark.real
def test_a_tenant_that_repeats_the_credential_gets_no_files(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name on the tenant that is our secret would be committed, pushed, and read by everybody."""
    odd = Agent("1", "ana", f"{SECRET}@example.com", "A", "S", {"s": Assignment(5)})
    app = serving(Tenant(Seed((Skill("s", "Billing"),), (odd,)), Behaviour()), monkeypatch)
    ended = reconcile("init", "--realm", "eu1", "--all", "--no-workflows")
    assert ended.code == 5
    assert "error[init-secret]: all.yaml would hold the credential of the environment; nothing was written" in ended.err
    assert SECRET not in ended.out + ended.err
    assert files_below(folder) == set()
    assert app.tenant.commits == []


@pytest.mark.real
def test_a_tenant_that_changes_meanwhile_is_not_called_described(
    reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end is a plan made afresh: what differs is shown, and the exit code is not that of success."""
    app = serving(Tenant(demo_seed()), monkeypatch)
    ana = next(each for each in app.tenant.agents.values() if each.user_name == "asilva")
    english = next(each.id for each in app.tenant.skills.values() if each.name == "English")

    def edit() -> None:
        app.tenant.edit_skills(ana.id, {english: Assignment(1)})

    app.faults.add(Fault(Kind.ACT_BEFORE, "GET", "/api/v2/agents", nth=2, act=edit))
    ended = reconcile("init", "--realm", "eu1", "--all", "--no-workflows")
    assert ended.code == 1
    assert "~ English  1 -> 80" in ended.out
    assert "error[init-differs]" in ended.err


@pytest.mark.real
def test_a_listing_that_never_holds_still_is_said(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may not have been seen; whoever was, is described all the same."""
    app = serving(Tenant(demo_seed(), Behaviour(max_page_size=10)), monkeypatch)
    app.faults.add(Fault(Kind.TOTAL_MOVES, "GET", "/api/v2/agents", times=None))
    ended = reconcile("init", "--realm", "eu1", "--all", "--no-workflows")
    assert "warning[listing-moved]: agents came or went while the tenant was read" in ended.err
    assert "No changes. " in ended.out


@pytest.mark.real
def test_a_refused_credential_is_told_as_such(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving(Tenant(demo_seed()), monkeypatch, secret="another-secret")
    ended = reconcile("init", "--realm", "eu1", "--all", "--no-workflows")
    assert ended.code == 4
    assert files_below(folder) == set()


@pytest.mark.real
def test_control_c_at_a_question_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong answer is told why, by the reader's own rule, and asked again."""
    monkeypatch.setenv("CXONE_CLIENT_ID", "demo")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", SECRET)
    terminal = Terminal("init", columns=200)
    terminal.wait_for(f"The tenant's name, shown in plans [{folder.name}]: ")
    terminal.type("acme\n")
    terminal.wait_for("Its realm, such as na1, eu1 or ap1: ")
    terminal.type("North America\n")
    terminal.wait_for("`North America` is not a realm")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "nothing was written" in terminal.shown
    assert files_below(folder) == set()


@pytest.mark.real
def test_who_is_taken_is_shown_and_can_be_corrected(folder: Path) -> None:
    terminal = Terminal("init", "--api", "simulator", columns=200)
    terminal.wait_for("The tool's repository, as OWNER/NAME@COMMIT: ")
    terminal.type("acme/reconciler\n")
    terminal.wait_for("a branch or a tag can be moved, a commit cannot")
    terminal.type(f"{TOOL}\n")
    terminal.wait_for("Who of the 43 agents is managed from now on?")
    for answer, shown in (
        ("\n", "nobody is chosen yet"),
        ("Biling\n", "the team `Biling` has no glob"),
        ("Biling=zzz*\n", "Biling: 0 agents by zzz*"),
        ("Biling=\n", "A team, or an empty line"),
        ("Billing=a*@*, b*@*\n", "Billing: 4 agents by a*@*, b*@*"),
        ("all\n", "in no team: 39 agents, managed without a team"),
        ("all\n", "in no team: 39 agents, left alone"),
    ):
        terminal.type(answer)
        terminal.wait_for(shown)
    assert files_below(folder) == set()
    terminal.type("\n")
    assert terminal.end() == 0
    assert "No changes. 4 agents match." in terminal.shown
    assert "Biling" not in "".join(path.name for path in folder.rglob("*"))


@pytest.mark.real
def test_nobody_is_asked_for_ever(folder: Path) -> None:
    """A terminal that hung up answers nothing; neither does a person who has no answer."""
    terminal = Terminal("init", "--api", "simulator", "--all", columns=200)
    for _ in range(5):
        terminal.type("\n")
    assert terminal.end() == 3
    assert "was asked 5 times, without an answer that will do" in terminal.shown
    assert files_below(folder) == set()
