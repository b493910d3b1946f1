"""The step of the tutorial in which a person edits a file: its consoles are typed in by the tests of all pages."""

import re
from pathlib import Path

from tests.cli.conftest import Reconcile
from tests.docs.pages import ROOT, blocks_of

_PAGE = ROOT / "docs" / "tutorial.md"


def test_the_change_of_the_tutorial_is_planned_as_it_says(example: Path, reconcile: Reconcile) -> None:
    (change,) = blocks_of(_PAGE, "diff")
    (shown,) = blocks_of(_PAGE, "text")
    before, after = (line[1:] for line in change.text.splitlines())
    file = example / "agents" / "billing-emea.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(f"{before}\n") == 1
    assert reconcile("apply", "--yes").code == 0
    file.write_text(text.replace(before, after), encoding="utf-8")
    planned = reconcile("plan")
    assert planned.code == 0
    pattern = "(?:.*\n)?".join(map(re.escape, shown.text.split("…\n")))
    assert re.fullmatch(pattern, planned.out, re.DOTALL), planned.out


def test_the_mistake_of_the_tutorial_is_refused_at_its_line(example: Path, reconcile: Reconcile) -> None:
    file = example / "agents" / "billing-emea.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Spanish: 60", "Spanish: 800"), encoding="utf-8")
    ended = reconcile("plan")
    assert ended.code == 3
    assert "desired-state/agents/billing-emea.yaml:10:16: error[proficiency-range]" in ended.err
