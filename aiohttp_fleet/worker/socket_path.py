"""The file of a unix socket: bound under a temporary name, published by rename, withdrawn by unlink.

A path exists only while its worker is ready. ``create_unix_server(path=...)`` cannot promise that: it unlinks
a socket that another process serves (python/cpython#121252), sets no mode or owner, and whether the file
remains depends on the version of Python (python/cpython#111246).
"""

import contextlib
import errno
import os
import socket
import stat
from enum import Enum
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.common.unix_peer import Peer, peer

LONGEST = 107
"""Bytes of a path; ``sun_path`` holds 108 with the final zero (unix(7))."""


class PathState(Enum):
    """What is at a path."""

    OURS = "our socket"
    MISSING = "nothing"
    REPLACED = "another file"


def clear(path: str) -> None:
    """Check that this process may serve ``path``; remove a dead socket there.

    Raises:
        FleetError: the path is too long, is no socket, or is served by a process that is not an orphan.
    """
    _check_length(path)
    try:
        found = Path(path).lstat()
    except OSError:  # nothing is there, or it is out of reach, which check_directory reports
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FleetError(path, "it exists and is not a socket", "move it away or choose another --path")
    _clear_socket(path)


def check_directory(path: str) -> None:
    """Check that this user can create a socket at ``path``.

    Raises:
        FleetError: the directory is missing, not writable or out of reach.
    """
    directory = Path(path).parent
    try:
        found = directory.is_dir()
    except PermissionError:
        reason = f"uid {os.geteuid()} may not enter a directory above it"
        raise FleetError(str(directory), reason, "open that one, or choose another --path") from None
    if not found:
        raise FleetError(str(directory), "there is no such directory for the socket", f"mkdir -p {directory}")
    if not os.access(directory, os.W_OK | os.X_OK):
        reason = f"uid {os.geteuid()} may not create a socket there"
        raise FleetError(str(directory), reason, "change its owner or choose another --path")


def _clear_socket(path: str) -> None:
    try:
        owner = peer(path)
    except ConnectionRefusedError:
        _remove_dead(path)
        return
    except FileNotFoundError:  # withdrawn meanwhile
        return
    except PermissionError:
        reason = "another user serves a socket there"
        raise FleetError(path, reason, "stop that user's fleet, or choose another --path") from None
    except OSError as error:
        reason = f"cannot find out which process serves it ({error.strerror})"
        raise FleetError(path, reason, "see ls -l and ss -xlp") from None
    is_gone = owner.pid and not is_running(owner.pid)  # an io_uring keeps its descriptors open for a moment
    if not (is_gone or is_orphan(path, owner)):
        who = f"pid {owner.pid}" if owner.pid else "a process in another container"
        step = "stop that process or fleet first, or choose another --path"
        raise FleetError(path, f"it is served by {who}, whose parent is alive", step)


def _remove_dead(path: str) -> None:
    try:
        Path(path).unlink(missing_ok=True)
    except PermissionError:
        raise FleetError(path, "a dead socket of another user is there", f"sudo rm {path}") from None


def is_orphan(path: str, owner: Peer) -> bool:
    """Whether the supervisord of the worker that serves ``path`` has ended.

    A worker binds a name that contains the pid of its first parent, and the kernel returns that name to each client
    (getpeername(2)). An orphan's parent is now init or a subreaper, not the first one.
    """
    name, _, pid = owner.bound.rpartition(".")
    is_worker = Path(name).parent == Path(path).parent and pid == str(owner.pid)
    return is_worker and name.rpartition(".")[2] != str(owner.parent)


def _check_length(path: str) -> None:
    if (length := len(os.fsencode(path))) > LONGEST:
        reason = f"a socket path of {length} bytes, at most {LONGEST} are possible"
        raise FleetError(path, reason, "choose a shorter --path")
    if len(os.fsencode(_temporary(path, os.getppid()))) > LONGEST:
        reason = "so long that no temporary name in it fits"
        raise FleetError(str(Path(path).parent), reason, "choose a shorter directory in --path")


def _temporary(path: str, parent: int) -> str:
    """Return a name in the same directory that ends in the pids of this process and its parent, within `LONGEST`."""
    suffix = f".{parent}.{os.getpid()}"
    name = Path(path).name
    while name and len(os.fsencode(path)) + len(suffix) > LONGEST:
        path, name = path[:-1], name[:-1]
    return path + suffix


class SocketPath:
    """One path and its socket file.

    Args:
        path: the path that clients connect to.
        mode: permission bits.
        gid: group, None to leave it.
    """

    def __init__(self, path: str, mode: int, gid: int | None) -> None:
        self.path = path
        self._mode = mode
        self._gid = gid
        self._inode: tuple[int, int] | None = None
        self._bound = _temporary(path, os.getppid())  # here: an orphan that binds again keeps its first parent's pid

    def bind(self, backlog: int) -> socket.socket:
        """Return a socket that listens under a temporary name, with its mode and group set.

        Raises:
            FleetError: the directory is missing or not writable, or the group cannot be set.
        """
        sock = None
        try:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            Path(self._bound).unlink(missing_ok=True)  # of a process with our pid, killed before it was published
            sock.bind(self._bound)
            Path(self._bound).chmod(self._mode)
            if self._gid is not None:
                os.chown(self._bound, -1, self._gid)
            sock.listen(backlog)
            sock.setblocking(False)
        except OSError as error:
            if sock:
                sock.close()
            self.remove_temporary()
            raise self._bind_error(error) from None
        return sock

    def publish(self) -> None:
        """Rename the socket onto its path (rename(2)): clients find the whole of it or nothing.

        Raises:
            FleetError: another process serves the path now, see `clear`, or another user owns it.
        """
        try:
            self._inode = _identity(self._bound)
            clear(self.path)  # again: the application's start-up may have taken long
            Path(self._bound).rename(self.path)
        except (FleetError, OSError) as error:
            self.remove_temporary()
            raise (self._bind_error(error) if isinstance(error, OSError) else error) from None

    def remove_temporary(self) -> None:
        """Remove the temporary name, if it exists."""
        with contextlib.suppress(OSError):
            Path(self._bound).unlink()

    def state(self) -> PathState:
        """Return what is at the path now."""
        try:
            found = _identity(self.path)
        except OSError:
            return PathState.MISSING
        return PathState.OURS if found == self._inode else PathState.REPLACED

    def withdraw(self) -> None:
        """Remove the path if it is still ours; connected clients stay connected."""
        if self.state() is PathState.OURS:
            with contextlib.suppress(OSError):
                Path(self.path).unlink()

    def _bind_error(self, error: OSError) -> FleetError:
        check_directory(self.path)
        if error.errno == errno.EPERM:
            reason = "the group may not be set, or another user owns a file there"
            return FleetError(self.path, reason, f"see --group and ls -l {self.path}")
        return FleetError(self.path, f"cannot listen there ({error.strerror or error})", "choose another --path")


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).lstat()
    return found.st_dev, found.st_ino
