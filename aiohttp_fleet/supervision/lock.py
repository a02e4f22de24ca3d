"""One change of the fleet at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError, os_errors
from aiohttp_fleet.config.fleet import Fleet


@contextmanager
def exclusive_lock(fleet: Fleet, what: str) -> Iterator[None]:
    """Hold the fleet's lock; the kernel releases it when this process ends, however it ends.

    Args:
        fleet: the fleet to be changed.
        what: name of this command, such as ``fleet restart``, for the error of the next one.

    Raises:
        FleetError: another command holds it, or its file cannot be opened.
    """
    with os_errors(fleet.lock, "cannot be opened", "retry with sudo"):
        fd = _open(fleet.lock)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 200, 0).decode(errors="replace") or "another command"
            raise FleetError(
                str(fleet.lock), f"{holder} is changing the fleet", "wait until it has ended, then retry"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{what} (pid {os.getpid()})".encode(), 0)
        yield
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    """Open the file; root gives it to the owner of the directory, who has to open it the next time."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    owner = path.parent.stat()
    if os.geteuid() == 0 and os.fstat(fd).st_uid != owner.st_uid:
        os.fchown(fd, owner.st_uid, owner.st_gid)
    return fd
