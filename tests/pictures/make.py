"""`make pictures`: takes a picture of every scene with Chromium, and records which text each was made from."""

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pictures.browser import browsing, command_of, find_browser
from tests.pictures.page import page_of
from tests.pictures.scenes import REPORTS, ROOT, SCENES, print_of, text_of_scene

PICTURES = ROOT / "docs" / "pictures"
# Which text each picture shows, without what differs from one run to the next.
RECORD = PICTURES / "made-from.json"
LARGEST_BYTES = 200_000
# As a reviewer would who looks at the first team.
UNFOLDED = {"plan": 1}
_WIDTH = 880
_SCALES = (2, 1.5, 1)
_TIMEOUT_S = 60
_REPORT_WIDTH = 1000
# The dark one shows only what it looks like.
_REPORT_HEIGHT = {"light": 1500, "dark": 620}


def main() -> int:
    """Make all pictures anew."""
    browser = find_browser()
    if browser is None:
        sys.stderr.write("pictures: there is no Chromium on this machine\n")
        return 1
    prints = {}
    for name in SCENES:
        with TemporaryDirectory() as folder:
            text = text_of_scene(name, Path(folder))
        if name in REPORTS:
            _photograph_report(browser, text, REPORTS[name], PICTURES / f"{name}.png")
        else:
            _photograph(browser, page_of(text, UNFOLDED.get(name, 0)), PICTURES / f"{name}.png")
        prints[name] = print_of(text)
    RECORD.write_text(json.dumps(prints, indent=2) + "\n", encoding="utf-8")
    return 0


def _photograph(browser: str, page: str, picture: Path) -> None:
    """Take the picture as high as the page is, and as sharp as it may be large."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        shown = _browse(browser, folder, "--dump-dom", file.as_uri())
        height = re.search(r"<title>(\d+)</title>", shown)
        assert height, shown
        size = f"--window-size={_WIDTH},{height[1]}"
        for scale in _SCALES:
            factor = f"--force-device-scale-factor={scale}"
            _browse(browser, folder, factor, size, f"--screenshot={picture}", file.as_uri())
            if picture.stat().st_size < LARGEST_BYTES:
                return
    message = f"{picture.name} is too large in any size: show less of it"
    raise AssertionError(message)


def _photograph_report(browser: str, report: str, scheme: str, picture: Path) -> None:
    """Take the picture of a report's first screen, as who prefers that scheme sees it."""
    with TemporaryDirectory() as folder, browsing(browser) as page:
        file = Path(folder) / "report.html"
        file.write_text(report, encoding="utf-8")
        page.look(scheme=scheme, width=_REPORT_WIDTH, height=_REPORT_HEIGHT[scheme])
        page.open(file)
        picture.write_bytes(page.photograph())
    assert picture.stat().st_size < LARGEST_BYTES


def _browse(browser: str, folder: str, *arguments: str) -> str:
    command = [*command_of(browser, Path(folder) / "profile"), *arguments]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
