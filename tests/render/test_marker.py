"""The marker of a comment: it comes back as it was written, is never seen, and nothing foreign makes one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.marker import Marker, marker_line, read_marker
from tests.render.hand_made import html_of, names

DIGEST = "sha256:" + "0123456789abcdef" * 4
markers = st.builds(
    Marker,
    st.one_of(names, st.text()).map(lambda name: name.encode("utf-8", "replace").decode()),
    st.sampled_from(("", "8f3c2a1b9d0e")),
    st.sampled_from(("", DIGEST)),
    st.sampled_from(("", "4711")),
)


@given(markers)
def test_a_marker_comes_back(marker: Marker) -> None:
    """With whatever follows it, and with the line ends that a host may have made of it."""
    line = marker_line(marker)
    assert read_marker(line) == marker
    assert read_marker(f"{line}\r\n### more\r\n") == marker


@given(markers)
def test_a_marker_is_not_seen(marker: Marker) -> None:
    """It is one comment of HTML in ASCII, whatever the tenant is called."""
    line = marker_line(marker)
    html = html_of(f"{line}\nafter\n")
    assert (html.tags, html.text.strip(), len(html.comments)) == (["p"], "after", 1)
    assert line.isascii()
    assert line.isprintable()
    # Nothing ends the comment, is a mention, or is a command to a runner that shows the line.
    assert not set("-<>@#`") & set(line.removeprefix("<!--").removesuffix("-->"))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "### reconcile: `acme`",
        "\n" + marker_line(Marker("acme")),
        " " + marker_line(Marker("acme")),
        "> " + marker_line(Marker("acme")),
        marker_line(Marker("acme")) + " and more",
        "<!-- reconcile {} -->",
        '<!-- reconcile {"tenant":1} -->',
        '<!-- reconcile {"tenant":"acme" -->',
        "<!-- reconcile " + '{"a":' * 5000 + "1" + "}" * 5000 + " -->",
    ],
)
def test_what_is_no_marker_is_none(body: str) -> None:
    """It stands on the first line, alone."""
    assert read_marker(body) is None


def test_a_field_that_was_tampered_with_is_empty() -> None:
    """A digest that is none cannot be expected, a run that is none cannot be asked for."""
    line = '<!-- reconcile {"tenant":"acme","commit":"$(x)","digest":"sha256:0","run":"../1"} -->'
    assert read_marker(line) == Marker("acme")
    assert read_marker('<!-- reconcile {"tenant":"acme","run":7} -->') == Marker("acme")
