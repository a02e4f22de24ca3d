"""Signals that must not come between two steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, kill, and the end of the operator's connection."""


@contextmanager
def held() -> Iterator[None]:
    """Let nobody end this process before the block is done; who tried is heard then (pthread_sigmask(3)).

    Every wait in such a block needs a deadline. In a thread it changes nothing for the others.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
