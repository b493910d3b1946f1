"""Programs from npm that tests need: installed once, as pinned, into a folder that git ignores."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_CACHE = Path(__file__).resolve().parents[1] / ".cache"
_LONGEST_INSTALL_S = 90
_QUIETLY = ("--no-audit", "--no-fund", "--fetch-retries=1")


class NotInstalledError(Exception):
    """Says why a program cannot be had on this machine."""


def folder_of(name: str) -> Path:
    """Give the folder that `install` uses under a name."""
    return _CACHE / name


def install(name: str, packages: Mapping[str, str], lock: Path | None = None) -> Path:
    """Install exact versions, unless they are there: the folder that holds them. One process at a time.

    `lock` is a lock file of npm, which pins what they need by digest too. NotInstalledError where it cannot be done.
    """
    folder = folder_of(name)
    manifest = json.dumps({"private": True, "dependencies": dict(packages)})
    pins = "" if lock is None else lock.read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    (_CACHE / ".gitignore").write_text("*\n", encoding="utf-8")
    done = folder / "installed.json"
    with (folder / "lock").open("w", encoding="utf-8") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if done.exists() and done.read_text(encoding="utf-8") == manifest + pins:
            return folder
        if shutil.which("npm") is None:
            raise NotInstalledError("there is no npm on this machine")
        (folder / "package.json").write_text(manifest, encoding="utf-8")
        if lock is not None:
            (folder / "package-lock.json").write_text(pins, encoding="utf-8")
        _run(["npm", *(("install", "--no-package-lock") if lock is None else ("ci",)), *_QUIETLY], folder)
        done.write_text(manifest + pins, encoding="utf-8")
    return folder


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_LONGEST_INSTALL_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said: bytes = error.stderr or f"no answer in {_LONGEST_INSTALL_S} s".encode()
        words = " / ".join(said.decode("utf-8", "replace").strip().splitlines()[:2])
        message = f"npm could not install it ({words})"
        raise NotInstalledError(message) from error
