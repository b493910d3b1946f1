"""The marker of a comment is read back as it was written, hides nothing else, and believes nothing odd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.marker import Marker, marker_line, read_marker

COMMITS = st.just("") | st.text("0123456789abcdef", min_size=7, max_size=40)
DIGESTS = st.just("") | st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda text: f"sha256:{text}")
RUNS = st.just("") | st.integers(0, 10**18).map(str)
TENANTS = st.text() | st.sampled_from(["-->", "--!>", "<!--", "a\nb", '"}', "\x00", "acme-prod", "`::error::"])
MARKERS = st.builds(Marker, TENANTS.filter(lambda text: text.isprintable() or text.isascii()), COMMITS, DIGESTS, RUNS)


@given(MARKERS, st.text())
def test_a_marker_is_read_back_from_the_first_line(marker: Marker, rest: str) -> None:
    line = marker_line(marker)
    assert line.isascii()
    assert "\n" not in line
    assert read_marker(f"{line}\n{rest}") == marker
    assert read_marker(f"{line}\r\n{rest}") == marker


@given(MARKERS)
def test_no_name_ends_the_comment_that_hides_it(marker: Marker) -> None:
    """P16: in HTML a comment ends at `-->`, and at `--!>`; what is inside holds neither."""
    inside = marker_line(marker).removeprefix("<!--").removesuffix("-->")
    assert not set("<>-") & set(inside)


@given(st.text())
def test_whatever_stands_there_is_read_or_is_none(body: str) -> None:
    read_marker(body)
    read_marker(f"<!-- reconcile {{{body}}} -->")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a word",
        "<!-- reconcile {} -->",
        '<!-- reconcile {"tenant":7} -->',
        "<!-- reconcile [] -->",
        "<!-- reconcile " + '{"a":' * 50_000 + "}" * 50_000 + " -->",
        '> <!-- reconcile {"tenant":"acme"} -->',
        '<!-- reconcile {"tenant":"acme"} --> and more',
        ' <!-- reconcile {"tenant":"acme"} -->',
    ],
)  # fmt: skip
def test_what_is_no_marker_is_none(line: str) -> None:
    assert read_marker(f"{line}\nbody") is None


@pytest.mark.parametrize("field", ["commit", "digest", "run"])
@pytest.mark.parametrize("value", ['"$(reboot)"', '"sha256:x"', '"a\\nb=c"', "7", "null", "[]", '"' + "f" * 65 + '"'])
def test_what_has_no_form_of_its_own_is_read_as_empty(field: str, value: str) -> None:
    """Whoever may edit a comment may edit its marker, and the values become outputs of a step."""
    assert read_marker(f'<!-- reconcile {{"tenant":"acme","{field}":{value}}} -->') == Marker("acme")
