"""How the kernel is to schedule a worker."""

import contextlib
import os


def batch() -> None:
    """Do not interrupt whoever runs the moment there is a request; wait until it pauses (sched(7), SCHED_BATCH).

    Under load that is nginx, which is about to write the next request: the worker then finds several at once, and the
    two change places less often. On a quiet machine nothing changes. docs/performance.md has the figures. Processes
    and threads that the application starts inherit it. Where it is not allowed, in some containers, the worker does
    without.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
