"""The canonical layout, example by example: `layouts/NAME.yaml` becomes `layouts/expected/NAME.yaml`, byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.desired import load
from reconciler.desired.report import Report
from reconciler.desired.writing.layout import canonical, formatting
from reconciler.desired.writing.layout.formatting import format_bytes
from reconciler.desired.writing.layout.lines import write_document
from reconciler.desired.writing.layout.meaning import means_the_same
from reconciler.desired.writing.layout.order import AGENT_FILE
from reconciler.desired.writing.layout.pieces import Comment, Document
from reconciler.model.assignments import encode
from reconciler.model.desired import ProfileEntry
from reconciler.model.position import SourcePosition

LAYOUTS = Path(__file__).parent / "layouts"
EXAMPLES = sorted(path.stem for path in LAYOUTS.glob("*.yaml"))
# What the examples use without defining it.
PROFILES = ("p", "q", "r", "p q", "q r", "r,s", "t: u")


def is_tenant(name: str) -> bool:
    return name.startswith("tenant-")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_laid_out(name: str) -> None:
    report = Report(name)
    formatted = format_bytes((LAYOUTS / f"{name}.yaml").read_bytes(), report, is_tenant_file=is_tenant(name))
    assert report.found == []
    assert formatted is not None
    assert formatted.decode() == (LAYOUTS / "expected" / f"{name}.yaml").read_bytes().decode()
    assert canonical(formatted.decode(), is_tenant_file=is_tenant(name)) == formatted.decode()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_the_same_before_and_after(name: str, tmp_path: Path) -> None:
    states = []
    for folder in (LAYOUTS, LAYOUTS / "expected"):
        root = tmp_path / folder.name
        root.mkdir()
        (root / "tenant.yaml").write_text("version: 1\ntenant: {name: acme, api: simulator}\n", encoding="utf-8")
        defined = () if name == "key-order" else PROFILES
        (root / "p.yaml").write_text("profiles:\n" + "".join(f'  "{each}": {{}}\n' for each in defined) + "  z: {}\n")
        # Whom overrides and holds are about.
        (root / "b.yaml").write_text(
            "team: Billing EMEA\nagents: {bo.ito@example.com: {skills: {}}}\n", encoding="utf-8"
        )
        (root / ("tenant.yaml" if is_tenant(name) else "a.yaml")).write_bytes((folder / f"{name}.yaml").read_bytes())
        loaded = load(root, may_be_empty=True)
        assert not loaded.diagnostics
        states.append(loaded.tenants[0].state)
        assert states[-1] is not None
    assert means_the_same(*states)


def test_every_example_has_its_expectation() -> None:
    assert {path.stem for path in (LAYOUTS / "expected").glob("*.yaml")} == set(EXAMPLES)
    assert len(EXAMPLES) >= 25


def test_places_mean_nothing_and_values_everything() -> None:
    """What compares two states passes over places, also those of values that it was not made for, and nothing else."""
    here, there = SourcePosition("a.yaml", 1, 2), SourcePosition("a.yaml", 3, 4)
    entry = ProfileEntry("A", encode(5, True), 1)
    assert means_the_same((here, {"a": [entry]}), (there, {"a": [entry._replace(position=9)]}))
    for other in (entry._replace(skill="B"), entry._replace(code=encode(6, True))):
        assert not means_the_same([entry], [other])
    assert not means_the_same([entry], [entry, entry])
    assert not means_the_same({"a": 1}, {"b": 1})
    assert not means_the_same(1, True)
    assert not means_the_same((1,), [1])


@pytest.mark.parametrize(
    ("spoil", "code", "line"),
    [
        pytest.param(lambda text: text.replace("# one\n", "\n"), "fmt-comment", 4, id="lost"),
        pytest.param(lambda text: text + "# one\n", "fmt-comment", 6, id="twice"),
        pytest.param(
            lambda text: text.replace("# one", "# x").replace("# two", "# one"), "fmt-comment", 5, id="changed"
        ),
        pytest.param(
            lambda text: text.replace("# one", "#").replace("# two", "# one").replace("#\n", "# two\n"),
            "fmt-comment",
            4,
            id="exchanged",
        ),
        pytest.param(lambda text: text.replace("  B", " B"), "fmt-unstable", 1, id="no-yaml"),
        pytest.param(lambda text: text.replace("B: 2", "B:  2"), "fmt-unstable", 1, id="unstable"),
    ],
)
def test_what_cannot_be_proved_is_refused(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[str], str], code: str, line: int
) -> None:
    """Should the layout ever lose or move a comment, or change with each run, the file stays and its line is named."""
    is_first = [True]

    def spoilt(document: Document) -> str:
        text = write_document(document)
        return spoil(text) if is_first and is_first.pop() else text

    monkeypatch.setattr(formatting, "write_document", spoilt)
    report = Report("a.yaml")
    text = "agents:\n    a@x:\n        skills:\n            A: 1 # one\n            B: 2 # two\n"
    assert format_bytes(text.encode(), report, is_tenant_file=False) is None
    (found,) = report.found
    assert found.code == code
    assert found.position is not None
    assert found.position.line == line


def test_comments_are_told_apart_in_their_turn() -> None:
    """Two comments that change places are noticed, though both are still there."""
    one, two = (Comment(text, 0, 0, is_beside=False, has_gap=False) for text in ("# one", "# two"))
    assert formatting._first_lost([one, two], [two, one]) is None
    again = formatting._arranged("# two\n# one\nagents: {}\n", AGENT_FILE)
    assert formatting._first_moved([one, two], again) == one
