"""The hooks that others' pre-commit calls: in the form that it wants, and each is a command that there is."""

from pathlib import Path

import yaml

from reconciler.cli.app import COMMANDS

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
DUE = {"id": str, "name": str, "entry": str, "language": str, "files": str, "pass_filenames": bool}


def test_each_hook_is_a_command() -> None:
    hooks = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["reconcile-validate", "reconcile-fmt"]
    for hook in hooks:
        assert {key: type(value) for key, value in hook.items()} == DUE
        tool, command = hook["entry"].split()
        assert (tool, command in COMMANDS, hook["language"]) == ("reconcile", True, "python")
    page = HOOKS.parent / "docs" / "how-to" / "github.md"
    assert all(f"- id: {hook['id']}\n" in page.read_text(encoding="utf-8") for hook in hooks)
