"""The one escaper: foreign text, made harmless for the place where it is shown.

Whatever comes from YAML or a tenant may hold escape sequences, line breaks, text that runs backwards, or a CI command.
"""

import unicodedata

# Control, format (bidi, zero width), surrogate, private use, unassigned, and the line and paragraph separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def terminal(text: str) -> str:
    r"""Show what a terminal would obey as `\u{…}` instead; everything on one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{{{ord(char):x}}}" if unicodedata.category(char) in _UNSEEN else char for char in text)


def github_data(text: str) -> str:
    """Escape the message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """Escape a property (file, title) of a GitHub workflow command."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")
