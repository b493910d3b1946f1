"""The fast reader and the full one agree on every file that the fast one takes, and it takes only sound ones."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.desired.agentfile import read_file
from reconciler.desired.nodes import compose
from reconciler.desired.parsed import ParsedFile
from reconciler.desired.report import Report
from reconciler.desired.stream import read_stream

COMMON = """\
# the team
---
team: Billing EMEA  # label
agents:

  ana.silva@example.com:
    profiles: [everyone, tier-1]
    skills:
      # languages
      Spanish: 90
      Fraud: {proficiency: 40, available: false}
      Claims: {available: true, proficiency: 5}
      "Sales: EU": 7
      'no': {proficiency: 1}
      Email: absent
  "4711":
    skills: {}
  bo@x.org:
    skills:
      Spanish: 90
    profiles: [tier-1]
"""
# Lines that are sound somewhere; in another order or place most are not.
LINES = [
    *COMMON.splitlines(),
    *[
        "agents:",
        "  x:",
        "    skills:",
        "      A: 1",
        "      A: 100",
        "      A: 101",
        "      B: 01",
        "     A: 1",
        "  : 1",
    ],
    *[
        "    skills: {A: 1}",
        "    profiles: []",
        "    profiles: [a, a]",
        "    profiles: [null]",
        "team: null",
        "team: ''",
    ],
    *[
        "holds: []",
        "        more",
        "...",
        "---",
        "- a",
        "\t",
        "  X:",
        "      \u0412illing: 1",
        "      A: 1 # x",
        "      A: 1# x",
    ],
    *[
        "      'A: 1",
        '      "A": 1',
        "      ' A': 1",
        "      A:1",
        "      A: &a 1",
        "      A: {proficiency: 1,available: true}",
    ],
]


def in_full(text: str) -> tuple[ParsedFile | None, Report]:
    report = Report("a.yaml")
    root = compose(text, report)
    return (None if root is None else read_file(root, report)), report


def test_the_common_shape_is_read_fast() -> None:
    parsed = read_stream(COMMON)
    assert parsed is not None
    assert parsed == in_full(COMMON)[0]
    assert parsed.refs == ["ana.silva@example.com", "4711", "bo@x.org"]


@settings(max_examples=600)
@given(st.lists(st.sampled_from(LINES), max_size=14))
@example(["agents:", "  x:", "    skills: {}", "  x:", "    skills: {}"])
@example(["agents:", "  x:", "    profiles: [null]"])
@example(["agents:"])
@example(["agents:", "  x:", "    skills:"])
@example(["agents:", "  x:", "    skills:", "      A: 1", "      A: 100"])
@example(["agents:", "  x:", "    skills:", "      A: 1", "        more"])
@example(["team: ''", "agents:", "  x:", "    skills: {}"])
def test_what_is_read_fast_is_what_the_file_says(lines: list[str]) -> None:
    """Taken means sound, and equal in every value and every place."""
    text = "\n".join(lines) + "\n"
    parsed = read_stream(text)
    if parsed is not None:
        full, report = in_full(text)
        assert report.found == []
        assert parsed == full


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(0, len(COMMON)), st.sampled_from("\n :#-{}[]'\"&*!|>%@`0x?,\té")),
        min_size=1,
        max_size=3,
    )
)
def test_a_mutated_file_is_read_alike(mutations: list[tuple[int, str]]) -> None:
    """A character in the wrong place is never overlooked by the fast reader."""
    text = COMMON
    for index, character in mutations:
        text = text[:index] + character + text[index:]
    parsed = read_stream(text)
    if parsed is not None:
        full, report = in_full(text)
        assert report.found == []
        assert parsed == full


def test_any_layout_of_the_common_shape_is_read_fast() -> None:
    """Flow or block, wide or narrow, quoted or plain: it is the shape that counts."""
    flow = "{agents: {'x': {skills: {A: 1, \"B\": {available: false, proficiency: 2}}, profiles: [p]}}}\n"
    block = "agents:\n  ? x\n  : profiles:\n    - p\n    skills:\n       A: 1\n"
    for text in (flow, block, COMMON.replace("  ", "    ")):
        parsed = read_stream(text)
        assert parsed is not None
        assert parsed == in_full(text)[0]
