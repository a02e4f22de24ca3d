"""Wait for what another process does."""

import time
from collections.abc import Callable

POLL = 0.05
"""Seconds between two calls of the condition."""


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until a condition is true.

    Args:
        condition: called again and again, at least once.
        seconds: the deadline.

    Returns:
        Whether it became true; the caller reports what it waited for.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL)
    return True
