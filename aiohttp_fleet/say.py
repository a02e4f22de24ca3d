"""One line in a process's own log, written as supervisord writes its own."""

import os
import sys
import time


def say(line: str) -> None:
    """Write one line to stderr, with the time and the name that supervisord gave this process.

    Not through `logging`: in a worker that belongs to the application, which may format or silence it.
    """
    name = os.environ.get("SUPERVISOR_PROCESS_NAME", "worker")
    print(time.strftime("%Y-%m-%d %H:%M:%S"), f"{name}: {line}", file=sys.stderr, flush=True)
