"""A fork at a moment when no thread of this process writes a line of a log."""

import logging
import os
import threading

PATIENCE = 1.0
"""Seconds for a thread to write one."""


def fork() -> int:
    """Fork as `os.fork` does.

    A library may have a thread that it starts again in each fork. There logging makes its own locks again, but Python
    not that of the file below (io.BufferedWriter), and what a thread had locked would stay so. A thread that waits for
    the lock of a handler is not in its file.
    """
    if threading.active_count() == 1:
        return os.fork()
    handlers = [handler for each in logging._handlerList if (handler := each())]  # type: ignore[attr-defined]
    held = [each.lock for each in handlers if each.lock and each.lock.acquire(timeout=PATIENCE)]
    pid = -1
    try:
        pid = os.fork()
    finally:
        for lock in held if pid else ():  # in the fork they are free
            lock.release()
    return pid
