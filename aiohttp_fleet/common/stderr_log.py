"""Lines in the log of a process, as supervisord writes its own; and /dev/null for output that no process reads."""

import contextlib
import os
import select
import sys
import time
import traceback


def log_line(line: str) -> None:
    """Write one line to stderr, with the time and the name that supervisord gave this process.

    Not through `logging`: in a worker that belongs to the application, which may format or silence it. Nothing is
    raised when the reader of stderr is gone.
    """
    name = os.environ.get("SUPERVISOR_PROCESS_NAME", "worker")
    with contextlib.suppress(OSError):
        print(time.strftime("%Y-%m-%d %H:%M:%S"), f"{name}: {line}", file=sys.stderr, flush=True)


def log_traceback(error: BaseException) -> None:
    """Write the traceback of the application's error to stderr."""
    with contextlib.suppress(OSError):
        traceback.print_exception(error)


def discard_closed_output() -> None:
    """Send stdout and stderr to /dev/null when supervisord, which reads them, is gone.

    Otherwise each ``print`` of the application would raise BrokenPipeError, and answer a request with 500.
    """
    poll = select.poll()
    for fd in (1, 2):
        poll.register(fd, 0)
    for fd, event in poll.poll(0):
        if event & select.POLLERR:
            discard(fd)


def discard(fd: int) -> None:
    """Send what is written to a descriptor to /dev/null from now on."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, fd)
    os.close(null)
