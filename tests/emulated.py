"""A GitHub that nobody here wrote: npm's `emulate`, installed once into a folder that git ignores, served on a port.

Its limits, which other tests make up for: no GraphQL, no limit on a body's length, no `/commits/SHA/pulls`, no pull
requests among the issues, merge commits that no git repository knows, and a token it does not know counts as its first
user.
"""

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.npm import NotInstalledError, folder_of, install

# Pinned: another package stands behind the tag `latest` of the first, which needs the second at 22 or newer.
PACKAGES = {"emulate": "0.12.2", "node": "22.23.3"}
OWNER = "dev"
BOT = "reconcile-bot"
STRANGER = "mallory"
LOGINS = (OWNER, BOT, STRANGER)

_NAME = "emulate"
_FOLDER = folder_of(_NAME)
_COMMAND = (_FOLDER / "node_modules/.bin/node", _FOLDER / "node_modules/emulate/dist/index.js", "start")
_LONGEST_START_S = 20.0
_ASK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class EmulatedGitHub:
    """A running server; `url` is the root of its API, as `GITHUB_API_URL` has it."""

    url: str
    client: httpx.Client

    def token(self, login: str) -> str:
        """Give the token of one of LOGINS."""
        return f"{login}-token"

    def ask(self, method: str, path: str, login: str = OWNER, **document: object) -> httpx.Response:
        """Send a request as a person would, and fail when it is refused; what a path of lists gives is one page."""
        headers = {"Authorization": f"Bearer {self.token(login)}"}
        answer = self.client.request(method, path, json=document or None, headers=headers)
        return answer.raise_for_status()

    def new_repository(self) -> str:
        """Make a repository of OWNER with one commit on `main`, in which all of LOGINS may write: its `owner/name`."""
        name = f"centre-{secrets.token_hex(6)}"
        self.ask("POST", "/user/repos", name=name, auto_init=True)
        for login in LOGINS[1:]:
            self.ask("PUT", f"/repos/{OWNER}/{name}/collaborators/{login}", permission="push")
        return f"{OWNER}/{name}"

    def new_pull_request(self, repository: str, branch: str = "change", title: str = "Change") -> int:
        """Open a pull request of OWNER's from a new branch with one commit more than `main`: its number."""
        tip = self.ask("GET", f"/repos/{repository}/git/ref/heads/main").json()["object"]["sha"]
        self.ask("POST", f"/repos/{repository}/git/refs", ref=f"refs/heads/{branch}", sha=tip)
        self.ask(
            "PUT",
            f"/repos/{repository}/contents/{branch}.txt",
            message=title,
            content="Y2hhbmdlCg==",
            branch=branch,
        )
        opened = self.ask("POST", f"/repos/{repository}/pulls", title=title, head=branch, base="main")
        return int(opened.json()["number"])

    def merge(self, repository: str, number: int) -> str:
        """Merge a pull request: the commit that it became."""
        return str(self.ask("PUT", f"/repos/{repository}/pulls/{number}/merge", merge_method="merge").json()["sha"])


@contextmanager
def emulated_github() -> Iterator[EmulatedGitHub]:
    """Serve an empty GitHub with the users LOGINS until the end; skip the test, loudly, where that cannot be had."""
    _install()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = int(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    log, seed = _FOLDER / f"server-{port}.log", _FOLDER / f"seed-{port}.yaml"
    seed.write_text(json.dumps(_seed()), encoding="utf-8")
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [*_COMMAND, "--service", "github", "--seed", seed, "--port", str(port), "--base-url", url],
            env={"PATH": os.environ["PATH"]},
            cwd=_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_ready(server, log)
        with httpx.Client(base_url=url, timeout=_ASK_TIMEOUT_S, trust_env=False) as client:
            yield EmulatedGitHub(url, client)
    finally:
        server.terminate()
        server.wait(timeout=_LONGEST_START_S)
        log.unlink()
        seed.unlink()


def _install() -> None:
    try:
        install(_NAME, PACKAGES)
    except NotInstalledError as error:
        pytest.skip(f"NOT TESTED against an emulated GitHub: {error}")


def _seed() -> dict[str, object]:
    """Say who there is; nobody has a repository yet."""
    users = [{"login": login, "name": login, "email": f"{login}@example.com"} for login in LOGINS]
    tokens = {f"{login}-token": {"login": login, "scopes": ["repo"]} for login in LOGINS}
    return {"tokens": tokens, "github": {"users": users, "orgs": [], "repos": []}}


def _await_ready(server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _LONGEST_START_S
    while "Ready." not in log.read_text(encoding="utf-8"):
        if server.poll() is not None or time.monotonic() > until:
            message = f"the emulated GitHub did not start:\n{log.read_text(encoding='utf-8')}"
            raise AssertionError(message)
        time.sleep(0.05)
