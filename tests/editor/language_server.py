"""The language server behind the YAML support of VS Code, Neovim and others: installed from npm, spoken to over pipes.

What it needs is pinned by digest in `package-lock.json`. It gets no network: whoever tries is told of.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from tests.npm import NotInstalledError, install

PACKAGES = {"node": "22.23.3", "yaml-language-server": "2.0.0"}
_HERE = Path(__file__).parent
_LONGEST_ANSWER_S = 30.0
# As an editor has it that was just installed, but for the shop of schemas on the internet.
_SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
        "yamlVersion": "1.2",
        "format": {"enable": False},
    }
}
Message = dict[str, Any]


class LanguageServer:
    """A running server that has one folder open; lines and columns count from 1, as in our messages."""

    def __init__(self, process: "subprocess.Popen[bytes]", root: Path) -> None:
        self._process = process
        self._root = root
        self._heard: Queue[Message] = Queue()
        self._last = 0
        Thread(target=self._listen, daemon=True).start()
        folders = [{"uri": root.as_uri(), "name": root.name}]
        abilities = {"workspace": {"configuration": True}, "textDocument": {"hover": {"contentFormat": ["markdown"]}}}
        self.ask("initialize", processId=None, rootUri=root.as_uri(), capabilities=abilities, workspaceFolders=folders)
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings=_SETTINGS)

    def open(self, *names: str) -> dict[str, list[Message]]:
        """Open files of the folder; give what is wrong with each, as soon as the server has looked at all."""
        for name in names:
            text = (self._root / name).read_text(encoding="utf-8")
            document = {"uri": self._uri(name), "languageId": "yaml", "version": 1, "text": text}
            self._tell("textDocument/didOpen", textDocument=document)
        waiting = {self._uri(name): name for name in names}
        found: dict[str, list[Message]] = {}

        def is_last(message: Message) -> bool:
            if message.get("method") == "textDocument/publishDiagnostics":
                found[waiting[message["params"]["uri"]]] = message["params"]["diagnostics"]
            return len(found) == len(waiting)

        self._await(is_last)
        return found

    def ask_at(self, method: str, name: str, line: int, column: int) -> Any:  # noqa: ANN401 - whatever is asked for
        """Ask about a place of a file that is open."""
        place = {"line": line - 1, "character": column - 1}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self._uri(name)}, position=place)

    def ask(self, method: str, **params: object) -> Any:  # noqa: ANN401 - as above
        """Send a request, and give its answer."""
        self._last += 1
        number = self._last
        self._send({"id": number, "method": method, "params": params})
        answer = self._await(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer
        return answer["result"]

    def _uri(self, name: str) -> str:
        return (self._root / name).as_uri()

    def _tell(self, method: str, **params: object) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _await(self, is_wanted: Any) -> Message:  # noqa: ANN401 - a predicate
        """Hear messages until the wanted one; what the server asks of an editor is answered on the way."""
        while True:
            try:
                message = self._heard.get(timeout=_LONGEST_ANSWER_S)
            except Empty:
                raise AssertionError("the language server does not answer") from None
            if is_wanted(message):
                return message
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": _answer(message)})

    def _listen(self) -> None:
        out = self._process.stdout
        assert out
        while head := out.readline():
            length = int(head.partition(b":")[2])
            while out.readline().strip():
                pass  # no other header matters
            self._heard.put(json.loads(out.read(length)))


def _answer(message: Message) -> object:
    if message["method"] == "workspace/configuration":
        return [_SETTINGS.get(item.get("section", "")) for item in message["params"]["items"]]
    return None


@contextmanager
def language_server(root: Path, errors: Path) -> Iterator[LanguageServer]:
    """Start a server for a folder; what it says on stderr goes to `errors`, where nobody may have tried the network.

    In CI a server that cannot be had is a failure; elsewhere the test is skipped, loudly.
    """
    folder = _installed() / "node_modules"
    server = folder / "yaml-language-server" / "bin" / "yaml-language-server"
    command: list[str | Path] = [folder / ".bin" / "node", "--require", _HERE / "no_network.cjs", server, "--stdio"]
    with errors.open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env={"PATH": os.environ["PATH"]}
        )
    try:
        yield LanguageServer(process, root)
    finally:
        process.kill()
        process.communicate()
    assert errors.read_text(encoding="utf-8") == ""


def _installed() -> Path:
    try:
        return install("editor", PACKAGES, _HERE / "package-lock.json")
    except NotInstalledError as error:
        message = f"NOT TESTED in an editor: {error}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
