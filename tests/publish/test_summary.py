"""The summary of a step, and annotations: within GitHub's limits, and never the reason why a command fails."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.publish.annotations import at_most_ten
from reconciler.publish.summary import LIMIT_BYTES, append_summary, closing, fitted

_LINES = st.lists(
    st.sampled_from(
        ["words\n", "ä" * 70 + "\n", "```diff\n", "```\n", "````\n", "~~~\n", "<details>\n", "</details>\n", "```a`b\n"]
    ),
    max_size=60,
).map(lambda lines: [*lines, "a long line " * 30 + "\n"] * 3)


def _opened(text: str) -> str:
    """What is open still at the end of a text."""
    return closing(text.splitlines(keepends=True))


@given(_LINES, st.integers(0, 8000))
def test_a_cut_text_fits_and_ends_what_it_began(lines: list[str], room_bytes: int) -> None:
    """Whatever the text: within the room, cut at a line, fences and folds closed, and what is left out is counted."""
    text = "".join(lines)
    cut = fitted(text, room_bytes)
    assert len(cut.encode()) <= max(room_bytes, 0)
    if len(text.encode()) <= room_bytes:
        assert cut == text
    elif cut:
        whole, _, note = cut.rpartition("\n… ")
        left_out = int(note.partition(" ")[0])
        kept = "".join(lines[: len(lines) - left_out])
        assert 0 < left_out < len(lines)
        assert whole == kept + closing(lines[: len(lines) - left_out])
        assert _opened(whole) == ""


def test_a_text_that_is_cut_within_a_diff_within_a_fold_ends_both() -> None:
    cut = fitted("<details>\n```diff\n" + "+ a line\n" * 1000, 3000)
    assert cut.startswith("<details>\n```diff\n+ a line\n")
    assert "+ a line\n```\n\n</details>\n\n… " in cut


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        (["<details><summary>x</summary>\n", "<details open>\n"], "\n</details>\n\n</details>\n"),
        (["````\n", "```\n", "<details>\n"], "````\n"),
        (["```\n", "~~~\n"], "```\n"),
        (["```\n", "``` x\n"], "```\n"),
        (["```a`b\n", "<details>\n"], "\n</details>\n"),
        (["    ```\n"], ""),
        (["```\n", "`````\n"], ""),
        (["</details>\n"], ""),
    ],
)
def test_what_is_open_is_told_as_commonmark_does(lines: list[str], ends: str) -> None:
    assert closing(lines) == ends


def test_what_is_there_already_counts(tmp_path: Path) -> None:
    """GitHub throws away a whole summary that is over its limit."""
    path = tmp_path / "summary.md"
    path.write_text("x" * (LIMIT_BYTES - 3000), encoding="utf-8")
    assert append_summary(path, "a line\n" * 1000) is None
    text = path.read_text(encoding="utf-8")
    assert LIMIT_BYTES - 2000 < len(text.encode()) <= LIMIT_BYTES
    assert text.endswith("more lines are left out: the summary of a step holds 1 MiB.\n")
    assert "x\na line\n" in text


def test_a_full_summary_is_left_alone_and_told(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("x" * LIMIT_BYTES, encoding="utf-8")
    told = append_summary(path, "a line\n")
    assert told is not None
    assert (told.code, told.severity) == ("summary-lost", Severity.WARN)
    assert path.stat().st_size == LIMIT_BYTES


def test_a_summary_is_written_where_there_is_none_yet(tmp_path: Path) -> None:
    """Also what is no Unicode text, such as half a pair of surrogates out of a tenant's JSON."""
    path = tmp_path / "summary.md"
    assert append_summary(path, "a \ud800 line\n") is None
    assert path.read_bytes() == b"a \\ud800 line\n"


def test_a_summary_that_cannot_be_written_is_told_and_nothing_more(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere" / "summary.md"):
        told = append_summary(path, "a line\n")
        assert told is not None
        assert told.code == "summary-lost"


def _messages(*counts: tuple[Severity, int]) -> list[Diagnostic]:
    return [Diagnostic("x", f"{number}", severity=severity) for severity, count in counts for number in range(count)]


def test_ten_annotations_of_a_kind_and_the_last_one_says_how_many_more() -> None:
    """GitHub shows ten for a step and kind, and drops the others in silence; errors and blocks are one kind."""
    shown = at_most_ten(_messages((Severity.INFO, 11), (Severity.ERROR, 8), (Severity.WARN, 10), (Severity.BLOCK, 7)))
    assert [each.message for each in shown] == [
        *(f"{number}" for number in range(8)),
        "0",
        "6 more errors, which the log of this step has",
        *(f"{number}" for number in range(10)),
        *(f"{number}" for number in range(9)),
        "2 more notes, which the log of this step has",
    ]
    assert [each.severity for each in shown if "more" in each.message] == [Severity.ERROR, Severity.INFO]


@given(st.lists(st.sampled_from(list(Severity)), max_size=60))
def test_no_message_is_lost_without_being_counted(severities: list[Severity]) -> None:
    messages = [Diagnostic("x", f"{number}", severity=severity) for number, severity in enumerate(severities)]
    shown = at_most_ten(messages)
    told = [each for each in shown if each.code == "annotations-cut"]
    assert len(shown) - len(told) + sum(int(each.message.partition(" ")[0]) for each in told) == len(messages)
    assert {each for each in shown if each.code == "x"} <= set(messages)
