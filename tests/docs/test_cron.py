"""The script of the page on cron does what the page says, on a machine with git and a tenant."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks_of

pytestmark = pytest.mark.real
_PAGE = ROOT / "docs" / "how-to" / "cron.md"
_GIT = ("git", "-c", "user.name=dev", "-c", "user.email=dev@example.com", "-c", "init.defaultBranch=main")
_LONGEST_S = 60


@dataclass(frozen=True)
class Mail:
    """What cron would send: nothing where there is no text."""

    code: int
    text: str


class Machine:
    """A clone, a state folder, a credential, and the script; and the repository that the clone follows."""

    def __init__(self, example: Path, folder: Path) -> None:
        self.desired = example
        self._folder = folder
        self._script = folder / "centre"
        (text,) = [block.text for block in blocks_of(_PAGE, "sh") if block.text.startswith("#!/bin/sh\n")]
        self._script.write_text(text, encoding="utf-8")
        (folder / "credentials").write_text("export CXONE_CLIENT_ID=demo\n", encoding="utf-8")
        tool = folder / "bin" / "reconcile"
        tool.parent.mkdir()
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', encoding="utf-8")
        tool.chmod(0o755)
        self._git("init", "-q")
        self.commit()
        subprocess.run([*_GIT, "clone", "-q", example.parent, folder / "clone"], check=True, timeout=_LONGEST_S)
        (folder / "state").mkdir()

    def commit(self) -> None:
        """Commit what the files say now."""
        self._git("add", "desired-state")
        self._git("commit", "-q", "-m", "Change")

    def cron(self, *arguments: str) -> Mail:
        """Run the script as cron does: with hardly an environment."""
        environ = {
            "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self._folder),
            "CENTRE": str(self._folder / "clone"),
            "CREDENTIALS": str(self._folder / "credentials"),
            "RECONCILE_STATE_DIR": str(self._folder / "state"),
        }
        ended = subprocess.run(
            ["sh", self._script, *arguments],
            cwd=self._folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_LONGEST_S,
        )
        return Mail(ended.returncode, ended.stdout)

    def _git(self, *words: str) -> None:
        subprocess.run([*_GIT, "-C", self.desired.parent, *words], check=True, timeout=_LONGEST_S)


@pytest.fixture
def machine(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine whose embedded tenant differs from the files as shipped."""
    return Machine(example, tmp_path_factory.mktemp("machine"))


def test_it_applies_but_removals_then_is_silent_and_drift_shows_the_rest(machine: Machine) -> None:
    applied = machine.cron("apply")
    assert applied.code == 0
    assert "Plan: 5 to add, 7 to change, 0 to remove" in applied.text
    assert "Apply complete!" in applied.text
    assert machine.cron("apply") == Mail(0, "")
    drift = machine.cron("drift")
    assert drift.code == 0
    assert "Plan: 0 to add, 0 to change, 2 to remove" in drift.text


def test_a_surge_is_written_and_taken_back_and_nothing_else(machine: Machine) -> None:
    """Whatever else differs stays; with nothing to begin or end there is no mail."""
    assert machine.cron("timed") == Mail(0, "")
    surge = machine.desired / "surge.yaml"
    now = datetime.now(UTC).replace(microsecond=0)

    def surging(hours: int) -> None:
        until = (now + timedelta(hours=hours)).isoformat()
        who = "agents: [ana.silva@example.com], skills: {Sales: 33}"
        surge.write_text(f"overrides: [{{until: {until}, {who}}}]\n", encoding="utf-8")
        machine.commit()

    surging(1)
    begun = machine.cron("timed")
    assert (begun.code, "Plan: 1 to add, 0 to change, 0 to remove" in begun.text) == (0, True), begun.text
    assert machine.cron("timed") == Mail(0, "")
    surging(-1)
    ended = machine.cron("timed")
    assert (ended.code, "Plan: 0 to add, 0 to change, 1 to remove" in ended.text) == (0, True), ended.text
    assert machine.cron("timed") == Mail(0, "")
    assert "Plan: 5 to add, 7 to change, 2 to remove" in machine.cron("drift").text


def test_a_mistake_that_is_pushed_comes_by_mail_with_its_line(machine: Machine) -> None:
    """And the code is that of the tool, whatever the shell does between."""
    file = machine.desired / "agents" / "billing-emea.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Spanish: 60", "Spanish: 600"), encoding="utf-8")
    machine.commit()
    mail = machine.cron("apply")
    assert mail.code == 3
    assert "billing-emea.yaml:10:16: error[proficiency-range]" in mail.text


def test_without_a_task_it_does_nothing(machine: Machine) -> None:
    assert machine.cron() == Mail(3, "centre apply, centre timed, or centre drift\n")
