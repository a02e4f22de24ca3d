"""Directories, ports and processes of a private copy."""

import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.waiting import wait_until

TERM = 5.0
"""Seconds that a process gets to end after SIGTERM."""


@contextmanager
def sandbox() -> Iterator[Path]:
    """Make a private directory, short enough for socket paths and open to the workers' user; remove it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="af"))
    try:
        directory.chmod(0o1777)  # as /tmp, where the sockets are by default
        yield directory
    finally:
        shutil.rmtree(directory)


def free_port() -> int:
    """Return a TCP port that no process listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def processes(directory: Path) -> list[int]:
    """Return the pids of all processes with ``directory`` in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended since
            if os.fsencode(directory) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def end(directory: Path) -> None:
    """End all of them, with SIGTERM, and after some seconds with SIGKILL.

    Raises:
        FleetError: one cannot be ended.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes(directory):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        wait_until(lambda: not processes(directory), TERM)
    if left := processes(directory):
        raise FleetError(str(directory), f"processes that do not end: {left}", "see ps")
