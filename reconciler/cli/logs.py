"""Lets `-v` hear the other rooms: their log records become lines on stderr."""

import logging

from reconciler.cli.console import Console


class _ToConsole(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        from reconciler.render.escape import terminal

        self._console.say(terminal(record.getMessage()), record.levelname.lower())


def listen(console: Console) -> None:
    """Write what our own rooms log; libraries stay silent, for their lines may hold addresses with queries."""
    logger = logging.getLogger("reconciler")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(_ToConsole(console))
    logger.propagate = False
