"""From the bytes of one file to what it declares: from the cache, straight from events, or in full."""

import hashlib
import sys
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from yaml._yaml import get_version_string

from reconciler.desired.agentfile import read_file
from reconciler.desired.cache import ParseCache
from reconciler.desired.nodes import Node, compose
from reconciler.desired.parsed import ParsedFile, dump, restore
from reconciler.desired.report import Report
from reconciler.desired.sharing import WORTH_BYTES, can_share, in_two_processes
from reconciler.desired.stream import read_stream
from reconciler.desired.text import decode
from reconciler.desired.tree import read_bytes
from reconciler.model import assignments, position


def parse_tree(data: bytes, report: Report) -> Node | None:
    """Give the tree of a file; None when there is none to judge, which is noted."""
    text = decode(data, report)
    return None if text is None else compose(text, report)


class Source(NamedTuple):
    """A file to parse: where it is, and its path below the root."""

    path: Path
    file: str


class Parse(NamedTuple):
    """What came of a file: `parsed` is None when there is nothing at all; `key` is its content's, where asked for."""

    parsed: ParsedFile | None
    report: Report
    key: bytes | None = None


class FileParser:
    """Parses the files of one load, which share a cache."""

    def __init__(self, cache: ParseCache | None) -> None:
        self._cache = cache

    def parse_all(self, sources: Sequence[Source]) -> Iterator[Parse]:
        """Parse files of agents, in order; what is noted as a fault is left out."""
        kept = {} if self._cache is None else self._kept(sources, self._cache)
        missed = [source for source in sources if source not in kept]
        parsed = _parse_missed(missed, needs_key=self._cache is not None)
        for source in sources:
            hit = kept.pop(source, None)
            yield hit if hit is not None else self._remember(next(parsed))

    def _kept(self, sources: Iterable[Source], cache: ParseCache) -> dict[Source, Parse]:
        """Find the files whose content the cache knows."""
        kept = {}
        for source in sources:
            data = read_bytes(source.path, Report(source.file))
            value = None if data is None else cache.get(_key(data))
            parsed = restore(value) if value else None
            if parsed is not None:
                kept[source] = Parse(parsed, Report(source.file))
        return kept

    def _remember(self, parse: Parse) -> Parse:
        if self._cache is not None and parse.key is not None and parse.parsed is not None and not parse.report.found:
            self._cache.put(parse.key, dump(parse.parsed))
        return parse


def _parse_missed(sources: Sequence[Source], *, needs_key: bool) -> Iterator[Parse]:
    if can_share() and sum(_size_of(source.path) for source in sources) >= WORTH_BYTES:
        return map(_unpacked, in_two_processes(partial(_parse_packed, needs_key=needs_key), sources))
    return map(partial(_parse, needs_key=needs_key), sources)


def _parse_packed(source: Source, *, needs_key: bool) -> tuple[bytes | None, Report, bytes | None]:
    """Parse for another process: what waits there to be fetched is one string of bytes, not thousands of objects."""
    parse = _parse(source, needs_key=needs_key)
    return None if parse.parsed is None else dump(parse.parsed), parse.report, parse.key


def _unpacked(packed: tuple[bytes | None, Report, bytes | None]) -> Parse:
    data, report, key = packed
    return Parse(None if data is None else restore(data), report, key)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # what is wrong is told when it is read


def _parse(source: Source, *, needs_key: bool) -> Parse:
    report = Report(source.file)
    data = read_bytes(source.path, report)
    if data is None:
        return Parse(None, report)
    # Of the bytes that are parsed here: the file may have changed since the cache was asked.
    return Parse(parse_bytes(data, report), report, _key(data) if needs_key else None)


def parse_bytes(data: bytes, report: Report) -> ParsedFile | None:
    """Parse the content of a file of agents; None when there is nothing at all."""
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
