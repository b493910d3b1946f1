"""The one rule of foreign text in Markdown: it stands in code, and nothing it holds gets out."""

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.render.escape import (
    MOST_OF_NAME,
    address_of,
    code,
    fence,
    html_code,
    in_fence,
    link,
    sentence,
    terminal,
)
from tests.render.hand_made import REFERENCE, html_of, names

anything = st.one_of(names, st.text(max_size=40), st.text("`| \\#[", max_size=60))


def _squeezed(text: str) -> str:
    return "".join(text.split())


@given(anything)
@example("`" * 300)
@example("".join("`" * length + " " for length in range(1, 22)))
@example("\\|")
@example(" ` ")
@example("##[error]|##[")
def test_a_name_is_shown_as_code_wherever_it_stands(name: str) -> None:
    """In a sentence, a heading, a cell and the words of a link: its text whole, and no tag but code."""
    shown = terminal(name) if len(terminal(name)) <= MOST_OF_NAME else terminal(name)[: MOST_OF_NAME - 1]
    table = f"| a | b |\n| --- | --- |\n| {code(name)} | x |"
    html = html_of(f"x {code(name)} x\n\n### x {code(name)}\n\n{table}\n\n[{code(name)}](/x)")
    without = [tag for tag in html.tags if tag != "code"]
    assert without == ["p", "h3", "table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td", "p", "a"]
    assert _squeezed(html.text).count(_squeezed(shown)) >= 4 or not _squeezed(shown)
    assert set("".join(html.prose)) <= set("x ab\n\0|#")


@given(anything)
def test_a_name_in_a_line_of_html_is_code(name: str) -> None:
    html = html_of(f"<details>\n<summary>{html_code(name)}</summary>\n\nx\n\n</details>")
    assert html.tags == ["details", "summary", "code", "p"]
    assert terminal(name)[: MOST_OF_NAME - 1] in html.text


@given(st.lists(anything, max_size=5))
def test_no_line_ends_its_fence(lines: list[str]) -> None:
    """Not even one that consists of nothing but back-ticks."""
    bare = [in_fence(line) for line in lines]
    html = html_of(f"{fence(bare)}\nafter\n")
    assert html.tags == ["pre", "code", "p"]
    assert html.text.startswith("".join(f"{line}\n" for line in bare))


@given(anything)
def test_a_sentence_keeps_its_words(text: str) -> None:
    """All but the back-ticks that quote; what Markdown or a host could read anything into is code."""
    html = html_of(f"x {sentence(text)}")
    assert set(html.tags) <= {"p", "code"}
    shown = terminal(text).replace("`", "")
    assert _squeezed(html.text).replace("`", "") == "x" + _squeezed(shown)
    assert not REFERENCE.search("".join(html.prose))


def test_a_sentence_of_ours_reads_as_it_was_written() -> None:
    """Quotes become code, words stay words."""
    text = "`ana@example.com` (HTTP 400), `Billing`: 40 -> 60; it's no-longer there, see --help"
    assert sentence(text) == "`ana@example.com` (HTTP 400), `Billing`: 40 -&gt; 60; it's no-longer there, see `--help`"


def test_a_word_that_may_be_a_commit_or_an_address_is_code() -> None:
    """Seven hexadecimal digits are a commit to GitHub, even in a word; `www.` alone is a link to cmark."""
    assert sentence("defaced un-defaced www. dead xwww") == "`defaced` `un-defaced` `www.` dead xwww"


def test_a_link_goes_only_where_an_address_plainly_leads() -> None:
    assert link("x", "https://e.example/a?b=1&c#L2") == "[x](https://e.example/a?b=1&amp;c#L2)"
    for address in (
        "javascript:alert(1)",
        "https://e/)[y](z",
        "https://a@b/",
        "https://e/\n",
        "//e",
        "https://e/<",
        "",
    ):
        assert link("x", address) == "x"


def test_the_address_of_a_file_stays_below_its_root() -> None:
    assert address_of("https://e/blob/", "a b/#é?.yaml") == "https://e/blob/a%20b/%23%C3%A9%3F.yaml"
    for file in ("../x", "a/../../x", "/etc/x", "a//x", "./x", "\u202ex", "\ud800", ""):
        assert not address_of("https://e/blob/", file)
    assert not address_of("", "x")
