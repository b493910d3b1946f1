"""What is hidden stays hidden, however somebody else's text writes it, and nothing else is touched."""

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.model.redactor import MASK, Redactor

SECRET = 's3cr3t/with+odd=chars&"more'
# As `settings` lets a secret be: visible ASCII.
SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=40)


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


WAYS: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: secret,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent": lambda secret: quote(secret, safe=""),
    "percent, lower case": lambda secret: quote(secret, safe="").lower(),
    "percent, but slashes": quote,
    "percent, twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "a form": quote_plus,
    "JSON": in_json,
    "JSON in JSON": lambda secret: in_json(in_json(secret)),
    "JSON with slashes escaped": lambda secret: in_json(secret).replace("/", "\\/"),
    "JSON for HTML": lambda secret: in_json(secret).replace("&", "\\u0026").replace("<", "\\u003c"),
    "HTML": html.escape,
    "HTML, by numbers": lambda secret: html.escape(secret).replace("&quot;", "&#34;").replace("/", "&#x2F;"),
    "hex": lambda secret: secret.encode().hex(),
    "hex, upper case": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: b64encode(b"id:" + secret.encode()).decode(),
    "base64, one further": lambda secret: b64encode(b"user:" + secret.encode() + b"!").decode(),
    "base64, two further": lambda secret: b64encode(b"x" + secret.encode() + b"\xff\xff").decode(),
    "base64 of addresses": lambda secret: urlsafe_b64encode(b"\xfb" + secret.encode() + b"\xff").decode(),
    "base64, percent": lambda secret: quote(b64encode(b"\xfb" + secret.encode() + b"\xff"), safe=""),
}


def hiding(*secrets: str) -> Redactor:
    redactor = Redactor()
    redactor.hide(*secrets)
    return redactor


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=25)
@given(secret=SECRETS, before=st.text(max_size=5), after=st.text(max_size=5))
def test_a_secret_is_masked_in_every_usual_encoding(way: str, secret: str, before: str, after: str) -> None:
    """P6: wherever it stands. Of base64 the characters at the edges are as much its neighbours' as its own."""
    assume("*" not in secret)
    written = WAYS[way](secret)
    masked = hiding(secret).mask(before + written + after)
    core = written[4:-8] if "base64" in way else written
    assert MASK in masked
    assert core not in masked


@given(st.text())
def test_any_other_text_stays_as_it_is(text: str) -> None:
    redactor = hiding(SECRET, "tok-abcdef.0123456789")
    assert redactor.mask(text) == text
    assert redactor.mask_words(text) == text


@given(SECRETS, st.text(max_size=10))
def test_a_masked_document_is_a_document_still(secret: str, text: str) -> None:
    """Its values are masked, its keys are ours: a tenant cannot take `email` out of a plan by a token of that name."""
    document = {secret: [text + secret, 1, None, True, {"proficiency": secret}], "email": text}
    masked = hiding(secret).mask_document(document)
    assert json.loads(json.dumps(masked)) == masked
    assert isinstance(masked, dict)
    assert [*masked] == [*document]
    assert secret not in json.dumps([*masked.values()])


def test_a_secret_within_another_does_not_show_the_rest_of_it() -> None:
    assert hiding("abcdefgh", "abcdefgh-and-more").mask("x-abcdefgh-and-more") == "x-***"
    assert hiding("abcdefgh", "--abcdefgh-and-more").mask("x--abcdefgh-and-more") == "x***"


def test_a_mask_does_not_go_through_what_holds_a_document_together() -> None:
    """A secret may end in a quote, and so does every text of JSON."""
    text = json.dumps({"a": "abcdefgh", "b": 'abcdefgh"'}) + "\n"
    masked = hiding('abcdefgh"').mask_json(text)
    assert json.loads(masked) == {"a": "abcdefgh", "b": MASK}
    assert masked.endswith("}\n")
    assert hiding("abcdefgh").mask_json("no document: abcdefgh") == "no document: ***"


@pytest.mark.parametrize("word", ["demo", "secret7"])
def test_what_may_be_an_ordinary_word_is_hidden_in_quoted_words_only(word: str) -> None:
    """A mask over it elsewhere would mangle what people read, and tell them what the secret is."""
    redactor = hiding(word)
    assert redactor.mask(f"the {word} tenant") == f"the {word} tenant"
    assert redactor.mask_words(f"client {word}?") == "client ***?"


def test_an_id_is_hidden_in_quoted_words_only() -> None:
    redactor = Redactor()
    redactor.hide_in_words("reconciler-prod")
    assert redactor.mask("reconciler-prod") == "reconciler-prod"
    assert redactor.mask_words("no client RECONCILER-prod") == "no client ***"


@pytest.mark.parametrize("text", ["\\" * 50_000, "&amp;" * 10_000, "%25" * 15_000, "s3cr3t" * 8_000])
def test_no_text_keeps_the_redactor_busy(text: str) -> None:
    """Each is near the beginning of a secret again and again; the time limit of the test is the law."""
    redactor = hiding('\\/"&' + SECRET, "&&&&" + SECRET, "%%%%" + SECRET)
    assert redactor.mask(text) == text
    assert redactor.mask(text + SECRET[::-1] + "%%%%" + SECRET).endswith(MASK)
