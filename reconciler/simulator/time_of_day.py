"""The machine's clock, for a tenant that is not given another."""

import time
from collections.abc import Callable


def steady_clock() -> Callable[[], float]:
    """Make a clock that tells seconds since the epoch, and never goes back even when the machine's time is set."""
    offset_s = time.time() - time.monotonic()
    return lambda: offset_s + time.monotonic()
