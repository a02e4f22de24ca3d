"""Waiting for what another process does."""

import time
from collections.abc import Callable

POLL = 0.05
"""Seconds between two looks."""


def wait_until(look: Callable[[], object], seconds: float) -> bool:
    """Look until the answer is true.

    Args:
        look: asked again and again, once at least.
        seconds: the deadline.

    Returns:
        Whether it became true; the caller says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL)
    return True
