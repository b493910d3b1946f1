"""Each fault of desired state is told with its place, cause and cure; the folder `faults` holds one file a fault.

A file is a run of sections `-- name --`: the files of a root (`(escaped)`: with escapes for bytes; `(fifo)`: a pipe;
`name -> place`: a link), and last, under `told`, everything that loading that root says.
"""

import os
import re
from pathlib import Path

import pytest

from reconciler.desired import Loaded, load
from reconciler.desired.codes import CODES

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.txt"))
_SECTION = re.compile(r"^-- (.+) --\n", re.MULTILINE)


def sections(path: Path) -> tuple[dict[str, str], str]:
    _, *parts = _SECTION.split(path.read_text(encoding="utf-8"))
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    return found, found.pop("told", "")


def lay_out(files: dict[str, str], root: Path) -> None:
    root.mkdir()
    for name, content in files.items():
        plain, _, kind = name.partition(" (")
        plain, _, place = plain.partition(" -> ")
        path = root / plain
        path.parent.mkdir(parents=True, exist_ok=True)
        if place:
            path.symlink_to(place)
        elif kind == "fifo)":
            os.mkfifo(path)
        elif kind == "escaped)":
            path.write_bytes(content.rstrip("\n").encode("ascii").decode("unicode_escape").encode("latin-1"))
        else:
            path.write_bytes(content.encode())


def told(loaded: Loaded) -> str:
    lines = []
    for diagnostic in loaded.diagnostics:
        place = f"{diagnostic.position}: " if diagnostic.position else ""
        lines.append(f"{place}{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}\n")
        if diagnostic.hint:
            lines.append(f"  hint: {diagnostic.hint}\n")
    return "".join(lines)


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_fault_is_told_with_place_cause_and_cure(path: Path, tmp_path: Path) -> None:
    """What is told is read by a person once, and then stays."""
    files, expected = sections(path)
    root = tmp_path / "acme"
    lay_out(files, root)
    loaded = load(root)
    assert told(loaded).replace(str(tmp_path), "") == expected
    if "tenant.yaml" in files:
        (found,) = loaded.tenants
        assert (found.state is None) == ("error[" in expected)


def test_every_code_is_explained_and_every_explained_code_has_its_case() -> None:
    """The table of codes is the manual: it holds what can be met, and nothing else."""
    told_codes = {code for path in FAULTS for code in re.findall(r"(?:error|warn)\[([a-z0-9-]+)\]", sections(path)[1])}
    elsewhere = {"no-folder", "not-a-folder", "too-big", "unknown-tenant", "unreadable"}  # in `test_layout`
    assert told_codes | elsewhere == set(CODES)


def test_only_sound_tenants_have_a_state(tmp_path: Path) -> None:
    """A fault in one tenant leaves the other one whole."""
    tenant = "version: 1\ntenant: {{api: simulator, name: {}}}\n"
    agents = "agents:\n  ana@x.org: {{skills: {{Billing: {}}}}}\n"
    files = {"one/tenant.yaml": tenant.format("one"), "one/a.yaml": agents.format(60)}
    files |= {"two/tenant.yaml": tenant.format("two"), "two/a.yaml": agents.format("060")}
    lay_out(files, tmp_path / "root")
    loaded = load(tmp_path / "root")
    assert [found.path.name for found in loaded.tenants if found.state] == ["one"]
    assert [str(diagnostic.position) for diagnostic in loaded.diagnostics] == ["two/a.yaml:2:33"]
