"""Waiting with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: str, look: Callable[[], T], seconds: float = 20.0) -> T:
    """Look until the answer is true and return it; fail saying what was waited for and what was seen last."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}; last seen: {seen!r}"
        time.sleep(0.01)
    return seen
