"""The command line: one module a command; each parses, calls the pipeline, renders and gives an exit code."""

import sys


def main() -> None:
    """Run `reconcile`; the entry point."""
    try:
        from reconciler.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt as error:
        # While modules were loaded, before a command could answer it; a second one has nothing left to end.
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        from reconciler.cli.exits import tell

        code = tell(error)
    sys.exit(code)
