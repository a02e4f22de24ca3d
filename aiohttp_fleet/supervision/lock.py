"""One change of the fleet at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Fleet


@contextmanager
def exclusive_lock(fleet: Fleet, what: str) -> Iterator[None]:
    """Hold the fleet's lock; the kernel lets it go when this process ends, however it ends.

    Args:
        fleet: the fleet to be changed.
        what: who holds it, to tell to the next who comes, such as ``fleet restart``.

    Raises:
        FleetError: somebody else holds it, or its file cannot be opened.
    """
    try:
        fd = _open(fleet.lock)
    except OSError as error:
        raise FleetError(str(fleet.lock), f"cannot be opened ({error.strerror})", "try again with sudo") from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 200, 0).decode(errors="replace") or "somebody"
            raise FleetError(str(fleet.lock), f"{holder} is changing the fleet", "wait until it is done") from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{what} (pid {os.getpid()})".encode(), 0)
        yield
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    """Open it; root's is given to whom the directory belongs, who has to hold it next time."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    owner = path.parent.stat()
    if os.geteuid() == 0 and os.fstat(fd).st_uid != owner.st_uid:
        os.fchown(fd, owner.st_uid, owner.st_gid)
    return fd
