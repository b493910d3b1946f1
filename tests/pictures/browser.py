"""Chromium without a display: where it is, how it is started, and a page of it that tests and pictures talk to."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("background-networking", "component-update", "default-apps", "extensions", "gpu", "sync", "dev-shm-usage")
# The two ends of its pipe, as `--remote-debugging-pipe` wants them.
_START = 'exec "$@" 3<&{} 4>&{}'
_LONGEST_END_S = 10
Event = dict[str, Any]


def find_browser() -> str | None:
    """Find Chromium on this machine."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def command_of(browser: str, profile: Path) -> list[str]:
    """Give the command that starts it, quietly and with a profile of its own; root has no sandbox."""
    switches = [f"--disable-{name}" for name in _QUIET]
    alone = ["--headless", "--no-sandbox", "--no-first-run", "--hide-scrollbars", f"--user-data-dir={profile}"]
    return [browser, *alone, *switches]


@dataclass
class Page:
    """One tab, over the DevTools protocol; `events` is everything that it told without being asked."""

    _to: int
    _from: int
    _session: str = ""
    _number: int = 0
    _rest: bytes = b""
    events: list[Event] = field(default_factory=list)

    def call(self, method: str, **parameters: object) -> Event:
        """Ask, and wait for the answer; what it tells meanwhile is kept."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._to, json.dumps(request).encode() + b"\0")
        while (message := self._next()).get("id") != self._number:
            self.events.append(message)
        assert "error" not in message, message
        result: Event = message["result"]
        return result

    def wait_for(self, method: str) -> Event:
        """Wait until it tells of something that was not told before."""
        while True:
            message = self._next()
            self.events.append(message)
            if message.get("method") == method:
                return message

    def attach(self) -> None:
        """Open the tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits", "Accessibility"):
            self.call(f"{domain}.enable")

    def open(self, file: Path) -> None:
        """Show a file, until it is all there."""
        self.events.clear()
        self.call("Page.navigate", url=file.as_uri())
        self.wait_for("Page.loadEventFired")

    def run(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page answers
        """Give the value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def look(self, *, scheme: str = "light", width: int = 1100, height: int = 900, scale: float = 1) -> None:
        """Set what the reader prefers, and how large the window is."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        size = {"width": width, "height": height, "deviceScaleFactor": scale}
        self.call("Emulation.setDeviceMetricsOverride", mobile=False, **size)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: str, number: int, text: str = "") -> None:
        """Press one key."""
        named = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", **named, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def photograph(self) -> bytes:
        """Take a picture of what the window shows."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def _next(self) -> Event:
        while b"\0" not in self._rest:
            read = os.read(self._from, 1 << 16)
            assert read, "the browser has gone"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        told: Event = json.loads(message)
        return told


@contextmanager
def browsing(browser: str) -> Iterator[Page]:
    """Start it, and end it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        hears, to = os.pipe()
        told, tells = os.pipe()
        command = [*command_of(browser, Path(folder)), "--remote-debugging-pipe"]
        process = subprocess.Popen(
            ["bash", "-c", _START.format(hears, tells), "bash", *command],
            pass_fds=(hears, tells),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(hears)
        os.close(tells)
        try:
            page = Page(to, told)
            page.attach()
            yield page
        finally:
            # Without its pipe it ends by itself.
            os.close(to)
            os.close(told)
            try:
                process.wait(_LONGEST_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
