"""From the bytes of one file to what it declares: from the cache, straight from events, or in full."""

import hashlib
import sys
import unicodedata
from array import array
from functools import lru_cache
from pathlib import Path

from yaml._yaml import get_version_string

from reconciler.desired.agentfile import read_file
from reconciler.desired.cache import ParseCache
from reconciler.desired.nodes import Node, compose
from reconciler.desired.parsed import ParsedFile, dump, restore
from reconciler.desired.report import Report
from reconciler.desired.stream import read_stream
from reconciler.desired.text import decode
from reconciler.model import assignments, position


def parse_tree(data: bytes, report: Report) -> Node | None:
    """Give the tree of a file; None when there is none to judge, which is noted."""
    text = decode(data, report)
    return None if text is None else compose(text, report)


class FileParser:
    """Parses the files of one load, which share a cache."""

    def __init__(self, cache: ParseCache | None) -> None:
        self._cache = cache

    def parse(self, data: bytes, report: Report) -> ParsedFile | None:
        """Parse a file of agents; what is noted as a fault is left out. None when there is nothing at all."""
        if self._cache is None:
            return self._read(data, report)
        key = _key(data)
        kept = self._cache.get(key)
        parsed = restore(kept) if kept else None
        if parsed is not None:
            return parsed
        parsed = self._read(data, report)
        if parsed is not None and not report.found:
            self._cache.put(key, dump(parsed))
        return parsed

    def _read(self, data: bytes, report: Report) -> ParsedFile | None:
        text = decode(data, report)
        if text is None:
            return None
        parsed = None if report.found else read_stream(text)
        if parsed is not None:
            return parsed
        root = compose(text, report)
        return None if root is None else read_file(root, report)


def _key(data: bytes) -> bytes:
    digest = hashlib.sha256(data)
    digest.update(b"\0" + _code_version())
    return digest.digest()


@lru_cache(maxsize=1)
def _code_version() -> bytes:
    """A digest of all that decides how a file is read: code, tables of Unicode, libyaml, this machine's integers."""
    widths = [array(code).itemsize for code in "QI"]
    digest = hashlib.sha256(f"{sys.byteorder} {widths} {unicodedata.unidata_version} {get_version_string()}".encode())
    own = Path(__file__).parent.glob("*.py")
    for source in sorted([*own, *(Path(module.__file__ or "") for module in (assignments, position))]):
        digest.update(source.read_bytes())
    return digest.digest()
