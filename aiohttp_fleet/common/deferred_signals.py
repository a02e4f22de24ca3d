"""Defer signals between steps that belong together."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, kill, and the end of the operator's connection."""


@contextmanager
def deferred_signals() -> Iterator[list[int]]:
    """Defer SIGINT, SIGTERM and SIGHUP until the block ends, then raise the first of them.

    The block gets the list of those that came; what it removes from the list is not raised.

    Each wait in such a block needs a deadline. Handlers do this, not pthread_sigmask(3), with which another thread
    would get the signal. In a thread that is not the main one nothing is done: Python handles no signals there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield []
        return
    heard: list[int] = []
    handlers = {number: signal.getsignal(number) for number in ENDING}
    try:
        for number, handler in handlers.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, lambda number, _: heard.append(number))
        yield heard  # clear it where the block has handled them
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])
