"""The command line to type the examples into, and the tenants they speak of."""

from tests.cli.conftest import example, reconcile, served

__all__ = ["example", "reconcile", "served"]
