"""The actions that the workflows use, played: each takes what stands in `with`, and gives what it adds to the env."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workflows.runner import Hosting

ROOT = Path(__file__).resolve().parents[2]
_GIT = ("git", "-c", "advice.detachedHead=false")
# What an artifact may not be called.
_ODD = re.compile(r'["<>|*?\r\n\\/:]')


class ActionFailedError(Exception):
    """The action ends in failure, as the real one would."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job runs, and from which commit."""

    hosting: "Hosting"
    run: int
    sha: str
    workspace: Path
    temp: Path
    # A repository that keeps its desired state calls the workflows of this one.
    tool_repository: str = "tools/reconciler"
    tool_sha: str = "70015" * 8

    def artifact(self, run: str, name: str) -> Path:
        """Where an artifact is kept."""
        return self.hosting.folder / "artifacts" / run / name


def _checkout(place: Place, given: Mapping[str, str]) -> dict[str, str]:
    _expect(given, "repository", "ref", "path", "persist-credentials")
    assert given["persist-credentials"] == "false"
    folder = place.workspace / given.get("path", ".")
    if given.get("repository"):
        assert (given["repository"], given["ref"]) == (place.tool_repository, place.tool_sha)
        folder.mkdir()
        shutil.copy(ROOT / "action.yml", folder)
        return {}
    commit = place.hosting.commits[place.sha]
    for command in (
        ("clone", "-q", "--no-checkout", place.hosting.remote, folder),
        ("-C", folder, "checkout", "-q", commit),
    ):
        subprocess.run([*_GIT, *command], check=True, capture_output=True, timeout=30)
    return {}


def _uv(place: Place, given: Mapping[str, str]) -> dict[str, str]:
    """Put a `uv` on the PATH whose every environment holds this very code; the real one has a test of its own."""
    _expect(given, "enable-cache")
    folder = place.temp / "uv"
    folder.mkdir()
    _write_command(
        folder / "uv",
        '[ "$1" = venv ] || exit 0',
        "for environment; do :; done  # the last argument",
        'mkdir -p "$environment/bin"',
        f'cp "{folder}/reconcile" "$environment/bin"',
    )
    _write_command(folder / "reconcile", f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m reconciler "$@"')
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def _write_command(path: Path, *lines: str) -> None:
    path.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
    path.chmod(0o755)


def _upload(place: Place, given: Mapping[str, str]) -> dict[str, str]:
    _expect(given, "name", "path", "if-no-files-found", "overwrite", "retention-days")
    assert not _ODD.search(given["name"])
    source, kept = Path(given["path"]), place.artifact(str(place.run), given["name"])
    if not source.exists():
        if given["if-no-files-found"] == "ignore":
            return {}
        message = "no files were found"
        raise ActionFailedError(message)
    if kept.exists() and given.get("overwrite") != "true":
        message = "an artifact of that name exists"
        raise ActionFailedError(message)
    shutil.rmtree(kept, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, kept)
    else:
        try:
            kept.mkdir(parents=True)
        except FileExistsError as error:
            message = "the store does not take it"
            raise ActionFailedError(message) from error
        shutil.copy(source, kept)
    return {}


def _download(place: Place, given: Mapping[str, str]) -> dict[str, str]:
    _expect(given, "name", "path", "run-id", "github-token")
    assert given["github-token"] == place.hosting.token, "another run's artifact takes a token"
    kept = place.artifact(given["run-id"], given["name"])
    if not kept.is_dir():
        message = "there is no such artifact"
        raise ActionFailedError(message)
    shutil.copytree(kept, given["path"])
    return {}


def _expect(given: Mapping[str, str], *known: str) -> None:
    assert given.keys() <= set(known), f"unknown: {given.keys() - set(known)}"


ACTIONS: Mapping[str, Callable[[Place, Mapping[str, str]], dict[str, str]]] = {
    "actions/checkout": _checkout,
    "actions/download-artifact": _download,
    "actions/upload-artifact": _upload,
    "astral-sh/setup-uv": _uv,
}
