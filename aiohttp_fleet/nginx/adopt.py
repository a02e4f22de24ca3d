"""An nginx that outlives its supervisord: the next supervisord adopts it, instead of competing for its port."""

import os
import select
import signal
from pathlib import Path

from aiohttp_fleet.common import processes
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.directives import directive

FORWARDED = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
"""Signals that supervisord and operators send to nginx (https://nginx.org/en/docs/control.html)."""


def running_master(conf: Path) -> int | None:
    """Return the pid of the running nginx that was started with ``conf``; None if none runs, or it is unreadable."""
    conf = conf.resolve()  # as the launcher names it on nginx's command line
    try:
        pid = int(_pid_file(conf).read_text())
    except (OSError, ValueError):
        return None
    return pid if processes.is_nginx_master(pid) and os.fsencode(f" {conf} ") in processes.title(pid) else None


def _pid_file(conf: Path) -> Path:
    return conf.parent / (directive("pid", conf.read_text(errors="replace")) or "nginx.pid")


def _birth_file(conf: Path) -> Path:
    """The file with the pids of nginx and of the parent that it was started by, next to its pid file."""
    return _pid_file(conf).with_suffix(".parent")


def record_parent(conf: Path) -> None:
    """Note which supervisord starts this process, which is about to become nginx and keeps its pid.

    Raises:
        OSError: the directory of the pid file is not writable.
    """
    file = _birth_file(conf)
    file.unlink(missing_ok=True)  # another user's file cannot be written to, but replaced
    file.write_text(f"{os.getpid()} {os.getppid()}\n")


def require_orphan(conf: Path, pid: int) -> None:
    """Check that the supervisord that started nginx is gone: an adopted nginx gets the stop signal of the adopter.

    Args:
        conf: nginx.conf.
        pid: of the running nginx.

    Raises:
        FleetError: it is still the parent of nginx.
    """
    try:
        born = _birth_file(conf).read_text().split()
    except OSError:
        born = []
    parent = processes.parent(pid)
    if parent and born == [str(pid), str(parent)]:
        reason = f"it runs already as pid {pid} under supervisord, pid {parent}"
        raise FleetError("nginx", reason, "stop that fleet first, or use another nginx.conf")


def adopt(pid: int) -> int:
    """Represent process ``pid`` to supervisord: forward signals, and end when it ends, or when supervisord does.

    Returns:
        The exit code, 0: only the parent of a process learns how it ended.
    """
    try:
        nginx, supervisord = os.pidfd_open(pid), os.pidfd_open(os.getppid())
    except ProcessLookupError:
        return 0
    for signum in FORWARDED:
        signal.signal(signum, lambda number, _: signal.pidfd_send_signal(nginx, number))
    select.select([nginx, supervisord], [], [])  # readable when it has ended (pidfd_open(2))
    return 0
