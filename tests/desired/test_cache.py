"""The cache of parsed files saves work and changes nothing, whatever happens to its file."""

import sqlite3
from pathlib import Path

import pytest

from reconciler.desired import Loaded, ParseCache, load, parsing

FILES = {
    "tenant.yaml": "version: 1\ntenant: {name: acme, api: simulator}\n",
    "a.yaml": "team: T\nagents:\n  a@x:\n    profiles: [p]\n    skills: {A: 5, B: absent}\n",
    "p.yaml": "profiles:\n  p: {skills: {B: {proficiency: 3, available: false}}}\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "acme"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "state" / "parsed.sqlite"


def cached_load(root: Path, store: Path) -> Loaded:
    cache = ParseCache.open(store)
    assert cache is not None
    with cache:
        return load(root, cache=cache)


def rows(store: Path) -> int:
    connection = sqlite3.connect(store)
    try:
        (count,) = connection.execute("SELECT count(*) FROM parsed").fetchone()
    finally:
        connection.close()
    return int(count)


def forbid_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, whoever decodes a file of agents fails; `tenant.yaml` is parsed by another way."""

    def refuse(*_: object) -> None:
        pytest.fail("a file was parsed although the cache holds it")

    monkeypatch.setattr(parsing, "parse_bytes", refuse)


def test_a_hit_equals_a_parse(root: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = load(root)
    assert cached_load(root, store) == plain
    forbid_parsing(monkeypatch)
    assert cached_load(root, store) == plain
    assert store.stat().st_mode & 0o077 == 0


def test_a_changed_file_is_parsed_again(root: Path, store: Path) -> None:
    cached_load(root, store)
    (root / "a.yaml").write_text(FILES["a.yaml"].replace("A: 5", "A: 6"), encoding="utf-8")
    assert cached_load(root, store) == load(root)


def test_files_with_faults_are_not_kept(root: Path, store: Path) -> None:
    """Their faults have to be told every time."""
    (root / "a.yaml").write_text(FILES["a.yaml"].replace("A: 5", "A: 05"), encoding="utf-8")
    first = cached_load(root, store)
    assert [diagnostic.code for diagnostic in first.diagnostics] == ["proficiency-form"]
    assert cached_load(root, store) == first
    assert rows(store) == 1


def test_a_damaged_entry_is_a_miss(root: Path, store: Path) -> None:
    cached_load(root, store)
    connection = sqlite3.connect(store)
    with connection:
        connection.execute("UPDATE parsed SET value = substr(value, 1, length(value) - 1) || x'00'")
    connection.close()
    assert cached_load(root, store) == load(root)


@pytest.mark.parametrize("keep", [0, 10, 100, 5000])
def test_a_damaged_store_is_made_anew(root: Path, store: Path, keep: int) -> None:
    cached_load(root, store)
    data = store.read_bytes()
    store.write_bytes(data[:keep] + b"\xa5" * (len(data) - keep))
    plain = load(root)
    assert cached_load(root, store) == plain
    assert cached_load(root, store) == plain
    assert cached_load(root, store) == plain
    assert rows(store) == 2


def test_a_store_that_cannot_be_had_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ParseCache.open(tmp_path / "file" / "parsed.sqlite") is None
    assert ParseCache.open(tmp_path) is None


def test_two_at_once_are_safe(root: Path, store: Path) -> None:
    one, two = ParseCache.open(store), ParseCache.open(store)
    assert one is not None
    assert two is not None
    with one, two:
        assert load(root, cache=one) == load(root, cache=two)
    assert rows(store) == 2


def test_what_was_not_used_for_long_is_forgotten(store: Path) -> None:
    """At most four times as many entries stay as the last load used; the longest unused go first."""
    for number in range(9):
        with ParseCache.open(store) or pytest.fail("no store") as cache:
            assert number == 0 or cache.get(b"kept") == b"k"
            cache.put(b"kept" if number == 0 else b"%d" % number, b"k")
    assert rows(store) == 8
    with ParseCache.open(store) or pytest.fail("no store") as cache:
        assert cache.get(b"1") is None
        assert cache.get(b"kept") == b"k"


def test_a_value_under_another_key_is_no_hit(store: Path) -> None:
    with ParseCache.open(store) or pytest.fail("no store") as cache:
        cache.put(b"one", b"value")
    connection = sqlite3.connect(store)
    with connection:
        connection.execute("UPDATE parsed SET key = x'32'")
    connection.close()
    with ParseCache.open(store) or pytest.fail("no store") as cache:
        assert cache.get(b"2") is None
