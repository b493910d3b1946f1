r"""The lines of a journal: each holds a hash over itself and all lines before it, so that an edited one is noticed.

A line is one JSON object in ASCII, and `chain` its last key: the SHA-256, in hex, of the `chain` of the line before
(nothing for the first) and then the line's own text up to, and without, `,"chain":`. With other tools:

    before=
    while IFS= read -r line; do
      before=$(printf %s "$before${line%,\"chain\":*}" | sha256sum | cut -c1-64)
      test "${line##*,\"chain\":}" = "\"$before\"}" || echo "edited: $line"
    done < run.jsonl

It finds accidents and careless edits. It proves nothing against somebody who computes the chain anew, and lines cut
off at the end look like a run that was killed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

# The chain before the first line.
START = ""
_KEY = b',"chain":'
# A line holds two sets of one agent; nothing that we wrote comes near.
_LONGEST_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is as it was written: its number from 1, its chain, and where it ends, in bytes from the start."""

    number: int
    fields: Mapping[str, object]
    chain: str
    end: int


class ChainBroken(Exception):  # noqa: N818 - says what is the case, as the exceptions of `errors` do
    """Line `number` is not as it was written, or not where it was."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def seal(fields: Mapping[str, object], before: str) -> tuple[bytes, str]:
    """Make the line of `fields` (one at least) that follows the chain `before`; give it with its own chain."""
    text = json.dumps(fields, separators=(",", ":")).encode("ascii").removesuffix(b"}")
    chain = _chain(before, text)
    return text + _KEY + f'"{chain}"}}\n'.encode("ascii"), chain


def walk(file: BinaryIO) -> Iterator[Line]:
    """Give every whole line, in order; ChainBroken at the first that is not as it was written.

    A torn last line (without its line break, or not JSON) is no damage: it was being written when the machine stopped.
    """
    chain, end, number = START, 0, 0
    while raw := file.readline(_LONGEST_LINE):
        number += 1
        text, _, seen = raw.rpartition(_KEY)
        chain = _chain(chain, text)
        fields = _parse(raw)
        if fields is None or seen != f'"{chain}"}}\n'.encode("ascii"):
            is_torn = not raw.endswith(b"\n") or fields is None
            if is_torn and not file.read(1):
                return
            raise ChainBroken(number)
        end += len(raw)
        yield Line(number, fields, chain, end)


def _chain(before: str, text: bytes) -> str:
    return sha256(before.encode("ascii") + text).hexdigest()


def _parse(raw: bytes) -> dict[str, object] | None:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None
