"""A file is replaced whole or not at all, and a failure leaves nothing beside it."""

from pathlib import Path

import pytest

from reconciler.apply.whole_file import write_whole


def test_a_file_is_replaced_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o644)
    write_whole(path, "new é")
    assert path.read_text(encoding="utf-8") == "new é"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_replaced_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(OSError, match=r"plan\.json"):
        write_whole(tmp_path / "plan.json", "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.json"]
