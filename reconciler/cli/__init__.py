"""The command line: one module a command; each parses, calls the pipeline, renders and gives an exit code."""

import sys


def main() -> None:
    """Run `reconcile`; the entry point."""
    try:
        from reconciler.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # While modules are loaded, before or after a command had its say.
        sys.stderr.write("error[interrupted]: interrupted\n")
        code = 130
    sys.exit(code)
