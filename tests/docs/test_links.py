"""Links lead somewhere, and nothing says on which machine it was written."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors_of, links_of, text_of


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links_of(page):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert place.exists(), f"{link} leads to nothing"
        assert not anchor or anchor in anchors_of(place), f"{link} has no heading of that name"


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nobody links to is a page that nobody reads."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        files = (link.partition("#")[0] for link in links_of(page) if not link.startswith("https://"))
        waiting += [(page.parent / file).resolve() for file in files if file.endswith(".md")]
    assert set(PAGES) <= reached


def test_the_commands_of_the_readme_are_targets_of_make() -> None:
    makefile = text_of(ROOT / "Makefile")
    asked = re.findall(r"^\$ make (\w+)", text_of(ROOT / "README.md"), re.MULTILINE)
    assert {"plan", "test"} <= set(asked)
    for name in asked:
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), f"there is no `make {name}`"


def _ignored_names() -> set[str]:
    lines = text_of(ROOT / ".gitignore").splitlines()
    return {".git"} | {line.rstrip("/") for line in lines if line and not line.startswith("#")}


def _files(folder: Path, ignored: set[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if {path.name, path.relative_to(ROOT).as_posix(), f"*{path.suffix}"} & ignored:
            continue
        if path.is_dir():
            yield from _files(path, ignored)
        else:
            yield path


# In parts, so that this file does not hold what it forbids.
FORBIDDEN = tuple(
    "".join(parts).encode()
    for parts in (
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("pypi", ".org"),
        ("files.python", "hosted"),
        ("registry.", "npmjs"),
    )
)


def test_no_file_names_a_machine_or_a_registry() -> None:
    files = list(_files(ROOT, _ignored_names()))
    assert len(files) > 100
    found = [
        f"{path.relative_to(ROOT)}: {part.decode()}"
        for path in files
        for part in FORBIDDEN
        if part in path.read_bytes()
    ]
    assert found == []
