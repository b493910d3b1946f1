"""Applies that are killed at every point there is, and what the next one makes of it."""

import pytest

pytest.register_assert_rewrite("tests.kill.laws")
