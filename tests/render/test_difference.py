"""A difference of two texts: what changes is seen, and nothing of it is obeyed by a terminal."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.difference import difference_as_text
from reconciler.render.style import Style

TEXTS = st.text(st.sampled_from("ab \n\r\t\x1b\u202e\u2028+-@#é"), max_size=20)


def test_a_difference_is_unified() -> None:
    text = difference_as_text("a\x1b.yaml", "a\r\nb\nc", "a\nb\nd\n")
    assert text == (
        "--- a\\u{1b}.yaml (as it is)\n+++ a\\u{1b}.yaml (canonical)\n@@ -1,3 +1,3 @@\n"
        "-a\\u{d}\n+a\n b\n-c\n\\ No newline at end of file\n+d\n"
    )


def test_equal_texts_have_none() -> None:
    assert difference_as_text("a.yaml", "a\n", "a\n") == ""


@given(TEXTS, TEXTS)
def test_colours_are_all_that_a_terminal_obeys(before: str, after: str) -> None:
    plain = difference_as_text("a.yaml", before, after)
    assert all(character.isprintable() or character == "\n" for character in plain)
    coloured = difference_as_text("a.yaml", before, after, Style(has_color=True))
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
