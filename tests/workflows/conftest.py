"""One emulated GitHub for all tests of a process, and a contact centre of its own for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import EmulatedGitHub, emulated_github
from tests.workflows.centre import Centre, make_centre, served


@pytest.fixture(scope="session")
def github() -> Iterator[EmulatedGitHub]:
    """Serve a GitHub."""
    with emulated_github() as server:
        yield server


@pytest.fixture
def centre(github: EmulatedGitHub, tmp_path: Path) -> Iterator[Centre]:
    """A contact centre whose tenant is as its main branch says."""
    with served() as (app, url):
        yield make_centre(github, app, url, tmp_path)
