"""The swarm: thousands of runs, each with troubles of its own; whatever happens, every promise holds."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.run import play, play_all, report
from tests.simulation.schedule import draw
from tests.simulation.troubles import COMMON, RARE

_SCHEDULES, _CHUNK = 2000, 50
_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("first", range(0, _SCHEDULES, _CHUNK))
def test_every_promise_holds_whatever_happens(first: int) -> None:
    """FAULTS.md in one test: in trouble nothing is lost or hidden, and in calm the tool converges."""
    tally = play_all("swarm", range(first, first + _CHUNK))
    assert not tally.violations, report("swarm", tally)


def test_the_swarm_knows_every_kind_of_trouble() -> None:
    """A family that is never drawn tests nothing."""
    drawn = Counter(family for seed in range(_SCHEDULES) for family in draw(seed).families)
    rarest = {family: drawn[family] for family in (*COMMON, *RARE, *_OTHERS)}
    assert min(rarest.values()) >= 10, rarest


_OTHERS = (
    *("outsider-edit", "outsider-edit-as-planned", "outsider-edit-ignored", "outsider-delete", "outsider-create"),
    *("outsider-deactivate", "outsider-request", "limit-lower", "unsent", "rival", "signal", "disk-breaks", "killed"),
    *("deadline", "canary", "unconfirmed", "filtered", "ledger-file"),
)


@pytest.mark.parametrize("family", [*COMMON, *RARE])
def test_every_kind_of_trouble_strikes(family: str) -> None:
    """A rule that never hits a request tests nothing either."""
    seeds = (seed for seed in range(_SCHEDULES) if family in draw(seed).families)
    assert any(play(draw(seed))[0].met[family] for _, seed in zip(range(20), seeds, strict=False))


def test_a_seed_repeats_itself_in_any_process() -> None:
    """What a failing seed prints is worth nothing unless it fails again, whatever the hash seed."""
    command = [sys.executable, "-m", "tests.simulation.run", "--seeds", "40:44", "-v"]
    stories = [
        subprocess.run(
            command, cwd=_ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert stories[0] == stories[1]
    assert "sends POST /oauth/token" in stories[0]
