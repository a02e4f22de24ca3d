"""Which process serves a unix socket path, as the kernel knows it, and what that process was started with."""

import socket
import struct
from dataclasses import dataclass

from aiohttp_fleet.common import processes

CONNECT_TIMEOUT = 1
"""Seconds; a connect waits only while the backlog is full."""

_UCRED = struct.Struct("3i")
_TIMEVAL = struct.Struct("ll")


@dataclass(frozen=True)
class Peer:
    """The process that listens on a path.

    Attributes:
        pid: its process id; 0 when it lives in another pid namespace (another container).
        bound: the name it gave to ``bind(2)``, which a later ``rename(2)`` does not change.
    """

    pid: int
    bound: str

    @property
    def parent(self) -> int:
        """The pid of its parent now, 0 when unknown (proc(5), /proc/pid/stat, field 4)."""
        return processes.parent(self.pid)


def peer(path: str, wait: bool = True) -> Peer:
    """Connect to ``path`` and return the process that called ``listen(2)`` on it (unix(7), SO_PEERCRED).

    Args:
        path: the socket.
        wait: whether to wait while the backlog is full.

    Raises:
        FileNotFoundError: nothing is at the path.
        ConnectionRefusedError: a socket is there, but nothing listens on it.
        OSError: it cannot be connected to, for instance EACCES or a full backlog.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        # Not settimeout(): that makes the socket non-blocking, and a full backlog is then an error at once.
        client.setblocking(wait)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(CONNECT_TIMEOUT, 0))
        client.connect(path)
        return peer_of(client)


def peer_of(client: socket.socket) -> Peer:
    """Return the process that listens at the other end of ``client``."""
    pid, _, _ = _UCRED.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, str(client.getpeername()))
