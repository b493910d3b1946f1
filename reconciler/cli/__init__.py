"""The command line: one module a command; each parses, calls the pipeline, renders and gives an exit code."""

import sys


def main() -> None:
    """Run `reconcile`; the entry point."""
    from reconciler.cli.app import run

    sys.exit(run(sys.argv[1:]))
