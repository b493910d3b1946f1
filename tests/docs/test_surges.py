"""The page on surges, with its dates moved to the days that come: what it writes and types does what it shows."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.docs.pages import ROOT, blocks_of

PAGE = ROOT / "docs" / "how-to" / "surges.md"
# The page speaks from the Monday before its surge.
WRITTEN_ON = datetime(2026, 11, 23, tzinfo=UTC)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d(?=T)")


@pytest.fixture
def shift() -> timedelta:
    """Whole days from then to now."""
    return timedelta(days=(datetime.now(UTC) - WRITTEN_ON).days)


def moved(text: str, shift: timedelta) -> str:
    """Move every date."""
    return _STAMP.sub(lambda found: f"{datetime.fromisoformat(found[0]) + shift:%Y-%m-%d}", text)


def lay_out(folder: Path, shift: timedelta) -> None:
    """Write the page's files beside the shipped ones."""
    shutil.copytree(ROOT / "desired-state", folder / "desired-state")
    for block in blocks_of(PAGE, "yaml"):
        first, _, text = block.text.partition("\n")
        (folder / "desired-state" / first.removeprefix("# file: ")).write_text(moved(text, shift), encoding="utf-8")


def shape(text: str) -> str:
    """Leave out how far away a moment is, and its date: they depend on the day."""
    text = re.sub(
        r"\d+ [A-Z][a-z]{2}(?: \d{4})? (\d\d:\d\d) (UTC|[+−]\d\d:\d\d)(, in \d+ (days|h|min|s))?", r"DAY \1 \2", text
    )
    return re.sub(r":\d\d UTC\.", " UTC.", re.sub(r"DAY \d\d:\d\d UTC\.$", "DAY.", text, flags=re.MULTILINE))


def test_the_calendar_of_the_page_is_what_the_command_says(
    folder: Path, reconcile: Reconcile, shift: timedelta
) -> None:
    lay_out(folder, shift)
    (calendar, ahead, clean) = blocks_of(PAGE, "text")
    command, shown = calendar.text.removeprefix("$ ").split("\n", 1)
    ended = reconcile(*command.split()[1:])
    assert ended.code == 0, ended.err
    assert shape(ended.out) == shape(shown)
    command, shown = moved(ahead.text, shift).removeprefix("$ ").split("\n", 1)
    ended = reconcile(*command.split()[1:])
    assert ended.out.splitlines()[-1] == shown.splitlines()[-1]
    late = shift - timedelta(days=30)
    shutil.rmtree(folder / "desired-state")
    lay_out(folder, late)
    (folder / "desired-state" / "trial.yaml").unlink()
    command, shown = moved(clean.text, late).removeprefix("$ ").split("\n", 1)
    ended = reconcile(*command.split()[1:])
    assert shape(ended.out) == shape(shown)
