"""The tenant's own words in a refusal, wherever it put them."""

import json

import httpx

# In the order in which they say most.
_KEYS = ("message", "error_description", "detail", "error", "title")
# More than the quoter looks at, so that it knows of a cut, which may go through a secret.
_LONGEST_BODY = 100_000


def said_in(response: httpx.Response) -> str:
    """Find the words: a JSON body's usual keys, else a plain text; a page of HTML says nothing. Not yet fit to show."""
    body = response.content[:_LONGEST_BODY].decode("utf-8", "replace").strip()
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return "" if body.startswith("<") else body
    return _found_in(document)


def _found_in(document: object) -> str:
    if isinstance(document, str):
        return document
    if not isinstance(document, dict):
        return ""
    for key in _KEYS:
        value = document.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, dict) and (words := _found_in(value)):
            return words
    return ""
