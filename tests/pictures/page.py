"""A comment as a page of HTML that looks like one on GitHub: the same parser, and colours much like its own."""

import re
from html import escape

from cmarkgfm import github_flavored_markdown_to_html  # type: ignore[import-untyped] # it has no types
from cmarkgfm.cmark import Options  # type: ignore[import-untyped] # as above

_DIFF = re.compile(r'<pre lang="diff"><code>(.*?)</code></pre>', re.DOTALL)
_CLASSES = {"+": "added", "-": "removed", "!": "changed", "@": "place"}
_STYLE = """
* { box-sizing: border-box; }
body { margin: 0; padding: 16px; width: 880px; background: #fff; color: #1f2328;
  font: 14px/1.5 "Liberation Sans", Arial, sans-serif; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; }
.author { padding: 8px 16px; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0;
  background: #f6f8fa; color: #59636e; }
.author b { color: #1f2328; }
.author span { border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-size: 12px; }
.body { padding: 16px; overflow-wrap: break-word; }
.body > *:first-child { margin-top: 0; }
.body > *:last-child { margin-bottom: 0; }
h3 { font-size: 17.5px; margin: 24px 0 16px; }
h4 { font-size: 14px; margin: 24px 0 12px; }
p, ul, pre, table, details { margin: 0 0 16px; }
ul { padding-left: 2em; }
a { color: #0969da; text-decoration: underline; }
code { background: #818b981f; border-radius: 6px; padding: 2px 5px; font: 12px "DejaVu Sans Mono", monospace; }
pre { background: #f6f8fa; border-radius: 6px; padding: 14px 16px; overflow: hidden; line-height: 1.45; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; }
th, td { border: 1px solid #d1d9e0; padding: 5px 13px; }
tr:nth-child(2n) td { background: #f6f8fa; }
summary { cursor: default; }
.added { color: #116329; background: #dafbe1; }
.removed { color: #82071e; background: #ffebe9; }
.changed { color: #953800; background: #ffd8b5; }
.place { color: #6639ba; font-weight: bold; }
"""


def page_of(text: str, unfolded: int = 0) -> str:
    """Write the page of a comment's Markdown; its title becomes the height that it takes, in pixels.

    So many of the parts that are folded away are unfolded, the first ones.
    """
    # In a comment GitHub breaks lines where the text does.
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS
    body = github_flavored_markdown_to_html(text, options=options)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title></title><style>{_STYLE}</style></head><body>
<div class="comment"><div class="author"><b>github-actions</b> <span>bot</span> commented</div>
<div class="body">{_DIFF.sub(_coloured, body).replace("<details>", "<details open>", unfolded)}</div></div>
<script>document.title = Math.ceil(document.body.getBoundingClientRect().height)</script>
</body></html>
"""


def _coloured(found: re.Match[str]) -> str:
    lines = (_line(line) for line in found[1].splitlines())
    return f"<pre><code>{''.join(lines)}</code></pre>"


def _line(line: str) -> str:
    name = _CLASSES.get(line[:1])
    return f'<span class="{escape(name)}">{line}</span>\n' if name else f"{line}\n"
