"""Waiting with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: str, look: Callable[[], T], seconds: float = 20.0) -> T:
    """Call `look` until its result is true, and return that; fail with what was waited for and the last result."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}; last seen: {seen!r}"
        time.sleep(0.04)
    return seen
