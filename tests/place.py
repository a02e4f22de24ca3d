"""A private directory for one test: short enough for socket paths, open to the workers' user."""

import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

PROJECT = Path(__file__).parent.parent


def _everybody_may_read(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def _worker_user() -> str:
    """Who workers become in the tests: nobody, as shipped, unless this checkout is under somebody's private home."""
    reachable = all(map(_everybody_may_read, (PROJECT, Path(sys.prefix), Path(sys.base_prefix))))
    return "nobody" if reachable else "root"


ROOT = os.geteuid() == 0
USER = _worker_user()


@contextmanager
def place() -> Iterator[Path]:
    """Make the directory; remove it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="af"))
    try:
        directory.chmod(0o1777)  # as /tmp, where the sockets are by default
        yield directory
    finally:
        rmtree(directory)


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
