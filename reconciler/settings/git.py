"""A git that is asked about one folder, and can run, write or fetch nothing for it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What git needs to find itself and its owner's configuration; the credential of the tenant is not for it.
_PASSED_ON = (
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
)
# No questions; no writing, and so no hooks; no fetching of what a partial clone lacks, by any protocol.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "none", "LC_ALL": "C"}
# What a repository's own configuration could make git run; and a bare repository is no place for files, but could come
# with them in a pull request.
_DISARMED = ("core.fsmonitor=false", "safe.bareRepository=explicit")
_ASKED = r"^(user\.email|filter\..*\.(clean|process|required))$"
_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Git:
    """The program, the little of the environment that it gets, and the folder that it is asked about."""

    program: str
    environ: Mapping[str, str]
    folder: Path

    @classmethod
    def find(cls, environ: Mapping[str, str], folder: Path) -> "Git | None":
        """Find the program, never one of the working folder; None where there is none."""
        program = shutil.which("git", path=environ.get("PATH", os.defpath))
        if program is None or not Path(program).is_absolute():
            return None
        passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
        return cls(program, passed_on | _QUIET, folder)

    def configuration(self) -> dict[str, str] | None:
        """Read the owner's address, and the names of the filters that git would run; None where git does not answer."""
        answer = self.ask({}, "config", "--null", "--get-regexp", _ASKED)
        if answer is None:
            return None
        return {name: value for name, _, value in (entry.partition("\n") for entry in answer.split("\0")) if name}

    def status(self, configured: Mapping[str, str]) -> str | None:
        """Ask how the folder stands to its commit and its upstream, in git's own lines; None where it does not answer.

        The filters that are `configured` are emptied, so that none of them runs.
        """
        question = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=all")
        return self.ask(without_filters(configured), *question, "--", ".")

    def ask(self, settings: Mapping[str, str], *question: str, timeout_s: float | None = None) -> str | None:
        """Run git; None where it is slow or fails, nothing where it found nothing (exit code 1)."""
        options = [part for setting in _DISARMED for part in ("-c", setting)]
        try:
            done = subprocess.run(  # noqa: S603 - the words are ours, and there is no shell
                [self.program, "-C", str(self.folder), *options, *question],
                env={**self.environ, **settings},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s or _TIMEOUT_S,
                check=False,
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return done.stdout.decode("utf-8", "replace") if done.returncode in {0, 1} else None


def without_filters(configured: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that empty the filters of a repository, which git runs when it looks into a file."""
    filters = [name for name in configured if name.startswith("filter.")]
    emptied = {"GIT_CONFIG_COUNT": f"{len(filters)}"}
    for number, name in enumerate(filters):
        emptied |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": ""}
    return emptied
