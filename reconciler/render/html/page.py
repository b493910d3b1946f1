"""The page around the parts: templates in which every value is escaped, and a policy that lets no other script run."""

from base64 import b64encode
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reconciler.render.escape import terminal

_HASH = Markup("&#35;")


def write_page(**parts: object) -> str:
    """Write the page of these parts; a part that the templates ask for and nobody gave is an error."""
    environment = _environment()
    style, script = (_source(environment, name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src '{_fingerprint(style)}'; script-src '{_fingerprint(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page = environment.get_template("page.html")
    # The three are ours and hold no foreign text: the only ones that are not escaped.
    return page.render(policy=Markup(policy), style=Markup(style), script=Markup(script), **parts)  # noqa: S704 - see above


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reconciler.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def shown(value: object) -> object:
    r"""Make a value harmless that a template shows: as `\u{…}` what is not seen, the rest as entities.

    `#` is one too: a GitHub runner obeys `##[` wherever it stands. Whatever is neither a text nor a number is an error.
    """
    if isinstance(value, Markup) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        message = f"a template shows {type(value).__name__}"
        raise TypeError(message)
    return _HASH.join(escape(part) for part in terminal(value).split("#"))


def _source(environment: Environment, name: str) -> str:
    assert environment.loader  # noqa: S101 - it was made with one
    return environment.loader.get_source(environment, name)[0]


def _fingerprint(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
