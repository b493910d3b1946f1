"""The hidden first line of a comment: which tenant's it is, and which plan its reader saw."""

import json
import re
from dataclasses import asdict, dataclass

_LINE = re.compile(r"<!-- reconcile (\{[\x20-\x7e]*\}) -->")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_RUN = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Marker:
    """Whose comment it is, and what it shows.

    `digest` is that of the plan that a reviewer sees, `commit` the commit of the files it was made of, `run` the CI run
    that made it and keeps it whole; each is empty where there is none.
    """

    tenant: str
    commit: str = ""
    digest: str = ""
    run: str = ""


def marker_line(marker: Marker) -> str:
    """Write the marker as a comment of HTML on a line of its own: ASCII, and no name in it ends it or is a mention."""
    text = json.dumps(asdict(marker), separators=(",", ":"))
    for char in "-<>@#`":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return f"<!-- reconcile {text} -->"


def read_marker(body: str) -> Marker | None:
    """Read the marker of a comment back; None where its first line is none.

    Whoever may edit a comment may edit its marker: what does not have its form is read as empty.
    """
    found = _LINE.fullmatch(body.partition("\n")[0].rstrip("\r"))
    try:
        fields = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("tenant"), str):
        return None
    return Marker(
        tenant=fields["tenant"],
        commit=_in_form(_COMMIT, fields.get("commit")),
        digest=_in_form(_DIGEST, fields.get("digest")),
        run=_in_form(_RUN, fields.get("run")),
    )


def _in_form(form: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else ""
