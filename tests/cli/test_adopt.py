"""`reconcile adopt`: shows, asks, writes files and never the tenant."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Assignment
from tests.cli.conftest import Reconcile, Served
from tests.cli.test_hostile_names import HOSTILE, check
from tests.cli.test_processes import Terminal
from tests.cli.test_pull import contents

QUESTION = "Write this, 14 assignments of 10 agents in 3 files? Only `yes` is accepted: "


def test_the_whole_output(reconcile: Reconcile, example: Path, golden: Callable[[str, str], None]) -> None:
    """The difference, what was done, and the plan afterwards; a second time there is only the plan."""
    ended = reconcile("adopt", "--yes", "--team", "Tech Support", "--team", "Sales Americas")
    assert (ended.code, ended.err) == (0, "")
    golden("adopt.txt", ended.out)
    before = contents(example)
    again = reconcile("adopt", "--team", "Tech Support", "--team", "Sales Americas")
    assert (again.code, again.err) == (0, "")
    assert ended.out.endswith(again.out)
    assert contents(example) == before


def test_afterwards_the_plan_is_empty_and_only_values_changed(reconcile: Reconcile, example: Path) -> None:
    """Files of whose agents nothing differs are not written, and a mode stays."""
    before = contents(example)
    (example / "agents" / "billing-emea.yaml").chmod(0o640)
    kept = (example / "profiles.yaml").stat().st_mtime_ns
    assert reconcile("adopt", "--yes").code == 0
    assert reconcile("plan").out.endswith("No changes. 40 agents match.\n")
    after = contents(example)
    assert {name for name in after if before.get(name) != after[name]} == {
        f"agents/{team}.yaml" for team in ("billing-emea", "sales-americas", "tech-support")
    }
    assert (example / "profiles.yaml").stat().st_mtime_ns == kept
    assert (example / "agents" / "billing-emea.yaml").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in (example / "agents").iterdir() if path.name.startswith(".")] == []


def test_looking_writes_nothing(reconcile: Reconcile, example: Path) -> None:
    """And what it shows is what is written."""
    before = contents(example)
    ended = reconcile("adopt", "--diff")
    assert (ended.code, ended.err) == (0, "")
    assert contents(example) == before
    assert reconcile("adopt", "--yes").out.startswith(ended.out)


def test_without_a_terminal_somebody_has_to_say_yes(reconcile: Reconcile, example: Path) -> None:
    before = contents(example)
    ended = reconcile("adopt")
    assert ended.code == 5
    assert "error[not-confirmed]: there is no terminal to ask on; nothing was written\n" in ended.err
    assert contents(example) == before


def test_what_cannot_be_adopted_is_named_and_told_by_the_exit_code(reconcile: Reconcile, example: Path) -> None:
    """It differs still; everything else is written."""
    text = "holds:\n  - agents: [ana.silva@example.com]\n    until: 2999-01-01T00:00:00Z\n"
    (example / "holds.yaml").write_text(text, encoding="utf-8")
    ended = reconcile("adopt", "--yes", "--team", "Billing EMEA")
    assert ended.code == 6
    assert (
        "desired-state/agents/billing-emea.yaml:10:7: warning[adopt-left]: `Spanish` of `ana.silva@example.com` is not "
        "adopted: the hold at holds.yaml:2:5 leaves it alone until 1 Jan 2999 00:00 UTC\n"
    ) in ended.err
    assert "\nAdopted 4 assignments of 3 agents in 1 file.\n" in ended.out


def test_of_many_that_cannot_be_adopted_the_first_are_named(reconcile: Reconcile, example: Path) -> None:
    """An override of a whole team is in the way of all of it."""
    text = "overrides:\n  - teams: [Billing EMEA, Tech Support, Retention]\n    until: 2999-01-01T00:00:00Z\n"
    (example / "surge.yaml").write_text(text + "    skills: {Email: 99}\n", encoding="utf-8")
    ended = reconcile("adopt", "--yes", "--skill", "Email")
    assert (ended.code, ended.err.count("warning[adopt-left]: `Email` of ")) == (6, 20)
    assert ended.err.endswith("are not adopted likewise\n  hint: reconcile plan lists what differs\n")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--agent", "ana.sliva@example.com"), "did you mean `ana.silva@example.com`?"),
        (("--team", "Billing"), "error[team-unknown]: --team Billing: no file has this `team:`"),
        (("--skill", "Spanich"), "did you mean `Spanish`?"),
    ],
)
def test_a_typo_is_no_empty_difference(
    reconcile: Reconcile, example: Path, flags: tuple[str, ...], message: str
) -> None:
    before = contents(example)
    ended = reconcile("adopt", "--yes", *flags)
    assert (ended.code, message in ended.err) == (3, True)
    assert contents(example) == before


def test_where_one_file_cannot_be_written_none_is(
    reconcile: Reconcile, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those before it are as they were."""
    before = contents(example)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "tech-support.yaml":
            raise OSError(28, os.strerror(28))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    ended = reconcile("adopt", "--yes")
    assert (ended.code, "error[pull-file]" in ended.err) == (1, True)
    assert contents(example) == before


@pytest.mark.real
def test_the_tenant_is_only_read(reconcile: Reconcile, served: Served) -> None:
    """With as many requests as a plan, but for the token that this process has already."""
    reconcile("plan")
    planned = [(request.method, request.path) for request in served.app.requests]
    served.app.requests.clear()
    assert reconcile("adopt", "--yes").code == 0
    assert [(request.method, request.path) for request in served.app.requests] == planned
    assert {method for method, _ in planned} == {"GET", "POST"}


@pytest.mark.real
def test_the_credential_is_not_written(reconcile: Reconcile, served: Served, example: Path) -> None:
    """Whatever a skill of the tenant is called."""
    skill = next(iter(served.app.tenant.skills.values()))
    served.app.tenant.put_skill(type(skill)("skill-x", "demo-secret"))
    bo = served.app.tenant.agent_named("bo.ito@example.com")
    served.app.tenant.edit_skills(bo.id, {**bo.skills, "skill-x": Assignment(5)})
    before = contents(example)
    ended = reconcile("adopt", "--yes")
    assert (ended.code, "error[init-secret]" in ended.err) == (5, True)
    assert "demo-secret" not in ended.out + ended.err
    assert contents(example) == before


@pytest.mark.real
def test_no_name_moves_a_terminal_or_a_runner(
    reconcile: Reconcile, served: Served, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the difference nor in what is told; in the file stands the id."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    skill = next(iter(served.app.tenant.skills.values()))
    served.app.tenant.put_skill(type(skill)("skill-x", HOSTILE))
    served.app.tenant.put_skill(type(skill)("skill-y", "::error::y"))
    bo = served.app.tenant.agent_named("bo.ito@example.com")
    served.app.tenant.edit_skills(bo.id, {**bo.skills, "skill-x": Assignment(5), "skill-y": Assignment(6)})
    text = (example / "agents" / "billing-emea.yaml").read_text(encoding="utf-8")
    text = text.replace("agents:\n", "agents:\n  # ##[error]x\n  #\n  # ::error::x\n", 1)
    (example / "agents" / "billing-emea.yaml").write_text(text, encoding="utf-8")
    ended = reconcile("adopt", "--yes")
    check(ended)
    assert ended.code == 0
    written = (example / "agents" / "billing-emea.yaml").read_text(encoding="utf-8")
    assert "skill-x: 5" in written
    assert '"::error::y": 6' in written
    assert HOSTILE not in written


@pytest.mark.real
@pytest.mark.usefixtures("folder")
def test_ctrl_c_at_the_question_writes_nothing(example: Path) -> None:
    before = contents(example)
    terminal = Terminal("--no-color", "adopt")
    terminal.wait_for(QUESTION)
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "interrupted; nothing was written" in terminal.shown
    assert contents(example) == before


@pytest.mark.real
@pytest.mark.usefixtures("folder")
def test_no_is_no_and_only_yes_is_yes(example: Path) -> None:
    before = contents(example)
    for answer, code in (("y", 5), ("yes", 0)):
        assert contents(example) == before
        terminal = Terminal("--no-color", "adopt")
        terminal.wait_for(QUESTION)
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
    assert contents(example) != before


@pytest.mark.real
@pytest.mark.usefixtures("folder")
def test_a_file_that_changes_while_the_question_stands_is_not_written_over(example: Path) -> None:
    """Nor any other."""
    terminal = Terminal("--no-color", "adopt")
    terminal.wait_for(QUESTION)
    file = example / "agents" / "tech-support.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = contents(example)
    terminal.type("yes\n")
    assert terminal.end() == 3
    assert "tech-support.yaml:1:1: error[adopt-moved]: the file was" in terminal.shown
    assert contents(example) == before
