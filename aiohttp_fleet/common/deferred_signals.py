"""Signals that must not come between two steps."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, kill, and the end of the operator's connection."""


@contextmanager
def deferred_signals() -> Iterator[list[int]]:
    """Let nobody end this process before the block is done; who tried is heard then.

    Every wait in such a block needs a deadline. By handlers, not by pthread_sigmask(3): any other thread, such as that
    of a progress display, would take the signal, and Python's handlers run in the main thread all the same. In a
    thread of its own nothing has to be done: no signal is handled there.
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
