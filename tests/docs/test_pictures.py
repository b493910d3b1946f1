"""The pictures show what the commands say now."""

import json
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, links_of
from tests.pictures.make import LARGEST_BYTES, PICTURES, RECORD
from tests.pictures.page import page_of
from tests.pictures.scenes import SCENES, print_of, text_of_scene


@pytest.mark.real
@pytest.mark.parametrize("name", SCENES)
def test_a_picture_was_made_from_what_the_commands_say(name: str, tmp_path: Path) -> None:
    """Red after a change of the comment's text: `make pictures`, and look at them."""
    made_from = json.loads(RECORD.read_bytes())
    assert print_of(text_of_scene(name, tmp_path)) == made_from[name], "make pictures"


def test_there_is_a_picture_of_every_scene_and_each_stands_on_a_page() -> None:
    pictures = {path.name for path in PICTURES.glob("*.png")}
    assert pictures == {f"{name}.png" for name in SCENES}
    shown = {link.rpartition("/")[2] for page in PAGES for link in links_of(page)}
    assert pictures <= shown
    assert all((PICTURES / name).stat().st_size < LARGEST_BYTES for name in pictures)


def test_a_fingerprint_is_about_what_is_said_and_not_about_when() -> None:
    one, other = (
        f"**Applied 1 of 1 agent**\n\n- Cost: {cost}; verified\n- Run: `{run}`\n"
        for cost, run in (
            ("15 requests, 0 throttled, 1 s", "20261122T220146Z-3a2def"),
            ("1,016 requests, 2 throttled, 1 min 2 s", "20270101T000000Z-000000"),
        )
    )
    assert print_of(one) == print_of(other)
    assert print_of(one) != print_of(one.replace("Applied", "Partly applied"))


def test_a_line_of_a_diff_has_its_colour() -> None:
    page = page_of("```diff\n- Chat  <b>\n+ Fax\n```\n")
    assert '<span class="removed">- Chat  &lt;b&gt;</span>' in page
    assert '<span class="added">+ Fax</span>' in page
