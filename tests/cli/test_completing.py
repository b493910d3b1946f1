"""A completed name stands on the command line as one word, and nothing of it is obeyed."""

import subprocess

import pytest

from reconciler.cli.completing import _typed

NAMES = (
    "Billing EMEA",
    "plain",
    "a'b",
    'say "no"',
    "$(touch owned)",
    "`touch owned`",
    "a;b & c | d > e",
    "~root",
    "*?[x]{a,b}!",
    "back\\slash",
    "#comment",
    "Größe 東京",
)


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_bash_reads_what_it_is_given_as_that_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_RECONCILE_COMPLETE", "bash_complete")
    read = subprocess.run(
        ["bash", "-c", f"printf %s {_typed(name)}"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert read.stdout == name


@pytest.mark.parametrize("shell", ["zsh_complete", "fish_complete", ""])
def test_other_shells_get_the_name_itself(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They put it into quotes where it needs some."""
    monkeypatch.setenv("_RECONCILE_COMPLETE", shell)
    assert [_typed(name) for name in NAMES] == list(NAMES)
