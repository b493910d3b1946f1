"""Lets a person hear the other rooms: what they log (a long wait, with `-v` every request) goes to stderr."""

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


def listen(say: Callable[[str, str], None], *, is_loud: bool) -> None:
    """Tell `say` (text, level) what our own rooms log; `is_loud` also every request.

    Libraries stay silent: their lines may hold whole addresses.
    """
    logger = logging.getLogger("reconciler")
    logger.setLevel(logging.DEBUG if is_loud else logging.INFO)
    logger.handlers = [_Lines(say)]
    logger.propagate = False
