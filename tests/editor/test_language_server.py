"""In an editor, without any setting: the first line of a file leads to its schema, and faults stand where we say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.desired.modeline import Kind, modeline
from tests.cli.conftest import Reconcile
from tests.editor.language_server import LanguageServer, language_server
from tests.editor.planted import SEEN, UNSEEN, planted

EXAMPLE = Path(__file__).parents[2] / "desired-state"
_FILES = {Kind.AGENTS: "agents.yaml", Kind.TENANT: "tenant.yaml"}
# What else a tenant needs, so that one thing is wrong with it: the planted error.
_AROUND = {
    "tenant.yaml": "version: 1\ntenant: {api: simulator}\n",
    "others.yaml": "team: A\nagents: {bo@example.com: {skills: {}}}\n",
}
Place = tuple[int, int]


@pytest.fixture
def opened(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """Open the test's own folder in an editor."""
    with language_server(folder, tmp_path_factory.mktemp("editor") / "errors") as server:
        yield server


def _place(found: dict[str, dict[str, dict[str, int]]]) -> Place:
    start = found["range"]["start"]
    return start["line"] + 1, start["character"] + 1


def _lay_out(folder: Path) -> dict[str, Place]:
    """Make of every planted error a tenant of its own: its file, and where an editor should mark it."""
    expected = {}
    for number, (kind, marked) in enumerate([*SEEN.values(), *UNSEEN.values()]):
        case = planted(marked)
        place = folder / f"t{number:02}"
        place.mkdir(parents=True)
        planted_text = modeline(kind, f"{place.name}/{_FILES[kind]}") + case.text
        for name, text in (_AROUND | {_FILES[kind]: planted_text}).items():
            (place / name).write_text(text, encoding="utf-8")
        line, column = case.editor
        expected[f"{place.name}/{_FILES[kind]}"] = (line + 1, column)
    return expected


def _told(reconcile: Reconcile, files: set[str]) -> dict[str, Place]:
    """Give where `reconcile validate` finds the one fault of each of the files."""
    told: dict[str, Place] = {}
    for each in json.loads(reconcile("-C", "centre", "validate", "--format", "json").out)["diagnostics"]:
        source = each["source"]
        file = source["file"].removeprefix("centre/") if source else ""
        if file in files:
            assert file not in told, each
            told[file] = (source["line"], source["column"])
    return told


def test_an_editor_marks_what_validate_tells(opened: LanguageServer, reconcile: Reconcile, folder: Path) -> None:
    """At the same line and column, but for a few that the table names; what a schema cannot say is not marked."""
    expected = _lay_out(folder / "centre")
    assert reconcile("schema", "--out", "centre/.schema").code == 0
    seen = {file for file, _ in zip(expected, SEEN, strict=False)}
    found = opened.open(*(f"centre/{file}" for file in expected))
    marked = {file: [_place(each) for each in found[f"centre/{file}"]] for file in expected}
    assert marked == {file: [place] if file in seen else [] for file, place in expected.items()}
    cases = [planted(marked) for _, marked in SEEN.values()]
    reader = {file: (case.reader[0] + 1, case.reader[1]) for file, case in zip(expected, cases, strict=False)}
    assert _told(reconcile, seen) == reader


def test_what_init_and_pull_write_needs_no_setting(opened: LanguageServer, reconcile: Reconcile, folder: Path) -> None:
    """Nothing is marked, and a fault is, wherever below the folder a file lies."""
    flags = ("--api", "simulator", "--team", "A=a*@example.com", "--no-workflows")
    assert reconcile("-C", "centre", "init", *flags).code == 0
    assert reconcile("-C", "centre", "pull", "--team", "B=b*", "--profiles", "--out", "centre/deep/er").code == 0
    names = ("tenant.yaml", "agents/a.yaml", "deep/er/agents/b.yaml")
    for name in names:
        assert opened.open(f"centre/{name}") == {f"centre/{name}": []}
        path = folder / "centre" / name
        lines = path.read_text(encoding="utf-8") + "odd: 1\n"
        path.with_name("odd.yaml").write_text(lines, encoding="utf-8")
        ((found,),) = opened.open(path.with_name("odd.yaml").relative_to(folder).as_posix()).values()
        assert _place(found) == (lines.count("\n"), 1)


def test_the_shipped_example_has_no_marks(tmp_path: Path) -> None:
    with language_server(EXAMPLE, tmp_path / "errors") as server:
        found = server.open(*(path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*.yaml")))
        assert len(found) == len(list(EXAMPLE.rglob("*.yaml")))
        assert not any(found.values())


def test_the_skills_of_the_tenant_are_offered_and_others_marked(
    opened: LanguageServer, reconcile: Reconcile, folder: Path
) -> None:
    """As keys below `skills`, and in lists; profiles come from the files."""
    assert reconcile("-C", "centre", "init", "--api", "simulator", "--all", "--no-workflows").code == 0
    profile = "profiles: {lead: {skills: {Billing: 90}}}\n"
    (folder / "centre" / "profiles.yaml").write_text(profile, encoding="utf-8")
    assert reconcile("-C", "centre", "schema", "--online", "--out", "centre/.schema").code == 0
    (folder / "centre" / "new.yaml").write_text(
        modeline(Kind.AGENTS, "new.yaml")
        + "agents:\n  ana:\n    skills:\n      Biling: 5\n      Fax: 5\n      \n    profiles: [ ]\n"
        + "holds:\n  - skills: [ ]\n    agents: [ana]\n    until: 2026-12-01T00:00:00Z\n",
        encoding="utf-8",
    )
    (found,) = opened.open("centre/new.yaml").values()
    assert [_place(each) for each in found] == [(5, 7), (6, 7)]

    def offered(line: int, column: int) -> set[str]:
        return {each["label"] for each in opened.ask_at("completion", "centre/new.yaml", line, column)["items"]}

    assert {"Billing", "Social Media", "Spanish"} <= offered(7, 7)
    assert not {"Fax", "WFI Training"} & offered(7, 7)
    assert "lead" in offered(8, 16)
    assert "Social Media" in offered(10, 14)


def test_keys_explain_themselves(opened: LanguageServer, reconcile: Reconcile, folder: Path) -> None:
    reconcile("schema", "--out", ".schema")
    (folder / "a.yaml").write_text(modeline(Kind.AGENTS, "a.yaml") + "team: A\nagents: {ana: {skills: {B: 5}}}\n")
    assert opened.open("a.yaml") == {"a.yaml": []}
    for column, words in ((2, "exactly what is written below it"), (16, "`absent` drops what a profile gives")):
        shown = opened.ask_at("hover", "a.yaml", 3, column)["contents"]["value"]
        assert words in re.sub(r"\s+", " ", shown)
    assert "A label for the agents of this file" in opened.ask_at("hover", "a.yaml", 2, 2)["contents"]["value"]
