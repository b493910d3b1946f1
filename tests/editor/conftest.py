"""The command line, as the tests of `cli` type into it."""

from tests.cli.conftest import reconcile

__all__ = ["reconcile"]
