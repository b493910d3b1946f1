"""Lets a person hear the other rooms: what they log (a long wait, with `-v` every request) goes to stderr."""

import logging
from collections.abc import Callable

from reconciler.model.redactor import Redactor

_FORMATTER = logging.Formatter()


class _WithoutSecrets(logging.Filter):
    """Makes of every record one that holds no secret: not in its message, nor in what it was made of."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; none is dropped."""
        mask = self._redactor.mask
        record.msg, record.args = mask(record.getMessage()), ()
        if record.exc_info:
            record.exc_text, record.exc_info = _FORMATTER.formatException(record.exc_info), None
        record.exc_text = record.exc_text and mask(record.exc_text)
        record.stack_info = record.stack_info and mask(record.stack_info)
        return True


class _Lines(logging.Handler):
    def __init__(self, show: Callable[[str, str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record: a line, and behind it the lines of a traceback."""
        from reconciler.render.escape import terminal, terminal_lines

        traceback = f"\n{terminal_lines(record.exc_text)}" if record.exc_text else ""
        self._show(terminal(record.getMessage()) + traceback, record.levelname.lower())


def listen(show: Callable[[str, str], None], redactor: Redactor, *, is_loud: bool) -> None:
    """Tell `show` (text, level) what our own rooms log; `is_loud` also every request.

    Libraries stay silent: their lines may hold whole addresses.
    """
    logger = logging.getLogger("reconciler")
    logger.setLevel(logging.DEBUG if is_loud else logging.INFO)
    handler = _Lines(show)
    handler.addFilter(_WithoutSecrets(redactor))
    logger.handlers = [handler]
    logger.propagate = False
