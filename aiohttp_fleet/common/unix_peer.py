"""Which process serves a unix socket path, as the kernel knows it, and what that process was started with."""

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return 0
        return int(stat.rpartition(")")[2].split()[1])


def peer(path: str) -> Peer:
    """Connect to ``path`` and return the process that called ``listen(2)`` on it (unix(7), SO_PEERCRED).

    Raises:
        FileNotFoundError: nothing is at the path.
        ConnectionRefusedError: a socket is there, but nothing listens on it.
        OSError: it cannot be connected to, for instance EACCES or a full backlog.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        # Not settimeout(): that makes the socket non-blocking, and a full backlog is then an error at once.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(CONNECT_TIMEOUT, 0))
        client.connect(path)
        return peer_of(client)


def peer_of(client: socket.socket) -> Peer:
    """Return the process that listens at the other end of ``client``."""
    pid, _, _ = _UCRED.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, str(client.getpeername()))


def process_environ(pid: int) -> Mapping[str, str]:
    """Return the environment that a process was started with (proc(5), /proc/pid/environ); ours if it is not readable.

    Args:
        pid: of supervisord, whose environment its programs inherit.
    """
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return os.environ
    pairs = (os.fsdecode(word).partition("=") for word in words if b"=" in word)
    return {name: value for name, _, value in pairs}


def process_directory(pid: int) -> str | None:
    """Return the working directory of a process, which its children inherit; None, for ours, if it is not readable."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115, a Path would be of no use to subprocess
    except OSError:
        return None
