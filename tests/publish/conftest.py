"""What tests of publishing start from: an emulated GitHub for the session, and in it a new repository for each test."""

from collections.abc import Iterator

import pytest

from tests.emulated import EmulatedGitHub, emulated_github


@pytest.fixture(scope="session")
def github() -> Iterator[EmulatedGitHub]:
    """A GitHub that nobody here wrote; one a process."""
    with emulated_github() as server:
        yield server


@pytest.fixture
def repository(github: EmulatedGitHub) -> str:
    """A new repository, `owner/name`."""
    return github.new_repository()
