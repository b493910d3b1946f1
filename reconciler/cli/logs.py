"""Lets `-v` hear the other rooms: their log records become lines on stderr."""

import logging
from collections.abc import Callable


class _Lines(logging.Handler):
    def __init__(self, say: Callable[[str, str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        from reconciler.render.escape import terminal

        self._say(terminal(record.getMessage()), record.levelname.lower())


def listen(say: Callable[[str, str], None] | None) -> None:
    """Tell `say` (text, level) what our own rooms log; libraries stay silent: their lines may hold whole addresses."""
    logger = logging.getLogger("reconciler")
    logger.setLevel(logging.WARNING if say is None else logging.DEBUG)
    logger.handlers = [] if say is None else [_Lines(say)]
    logger.propagate = False
