"""An nginx that outlived its supervisord: watched over instead of fought for its port."""

import contextlib
import os
import select
import signal
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.directives import directive

FORWARDED = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
"""What supervisord and an operator send to nginx (https://nginx.org/en/docs/control.html)."""


def running_master(conf: Path) -> int | None:
    """Return the pid of a living nginx that was started with ``conf``, None when there is none.

    Raises:
        OSError: ``conf`` cannot be read.
    """
    conf = conf.resolve()  # as the launcher names it on nginx's command line
    pid_file = conf.parent / (directive("pid", conf.read_text(errors="replace")) or "nginx.pid")
    try:
        pid = int(pid_file.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if words.startswith(b"nginx: master process") and os.fsencode(f" {conf} ") in words else None


def require_orphan(pid: int) -> None:
    """Make sure that no living supervisord has the nginx ``pid``: whoever adopts it passes its own stop signal on.

    Raises:
        FleetError: one has it.
    """
    with contextlib.suppress(OSError, ValueError):  # it ended while we looked
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if b"supervisord" in Path(f"/proc/{parent}/cmdline").read_bytes():
            reason = f"it runs already as pid {pid} under supervisord, pid {parent}"
            raise FleetError("nginx", reason, "stop that fleet first, or use another nginx.conf")


def adopt(pid: int) -> int:
    """Stand for process ``pid`` towards supervisord: pass signals on, end when it ends, or when supervisord does.

    Returns:
        The exit code, 0: how it ended is told to its parent only.
    """
    try:
        nginx, supervisord = os.pidfd_open(pid), os.pidfd_open(os.getppid())
    except ProcessLookupError:
        return 0
    for signum in FORWARDED:
        signal.signal(signum, lambda number, _: signal.pidfd_send_signal(nginx, number))
    ended = select.poll()
    ended.register(nginx, select.POLLIN)
    ended.register(supervisord, select.POLLIN)
    ended.poll()
    return 0
